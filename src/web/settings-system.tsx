import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ApiError, call } from './client.ts'
import { ErrorBox } from './panel.tsx'
import { useSpeech } from './words.ts'

const shapes = { ok: '✓', warn: '▲', fail: '■' } as const

/** The doctor's report; it starts things and asks platforms, so it is made when somebody wants it. */
export function SettingsSystem(): ReactNode {
  const { say, language } = useSpeech()
  const said = say.settings
  const query = useQuery({
    queryKey: ['doctor', language],
    queryFn: ({ signal }) => call('GET /api/v1/doctor', { lang: language, signal }),
    enabled: false,
    placeholderData: () => undefined,
  })
  return (
    <section className="panel" aria-label={said.system} aria-busy={query.isFetching}>
      <header className="panel-head">
        <div>
          <h2>{said.system}</h2>
          <p className="sub">{said.systemSub}</p>
        </div>
        <button type="button" disabled={query.isFetching} onClick={() => void query.refetch()}>
          {said.examine}
        </button>
      </header>
      {query.isFetching && <p role="status">{said.examining}</p>}
      {query.error instanceof ApiError && <ErrorBox problem={query.error.problem} />}
      {query.data && (
        <div className="scroll" tabIndex={0} role="group" aria-label={said.systemSub}>
          <table>
            <thead>
              <tr>
                {[said.check, said.result, said.fix].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {query.data.lines.map((one) => (
                <tr key={`${one.area} ${one.what} ${one.detail}`}>
                  <th scope="row">
                    {one.what}
                    <small translate="no">{one.area}</small>
                  </th>
                  <td>
                    <span className={`severity severity-${one.outcome}`}>
                      <span aria-hidden="true">{shapes[one.outcome]}</span> {said.outcomes[one.outcome]}
                    </span>
                    <small>{one.detail}</small>
                  </td>
                  <td>{one.fix ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
