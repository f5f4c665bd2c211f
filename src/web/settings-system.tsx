import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ApiError, call } from './client.ts'
import { DataTable } from './data-table.tsx'
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
        <DataTable
          label={said.systemSub}
          rows={query.data.lines}
          keyOf={({ area, what, detail }) => `${area} ${what} ${detail}`}
          columns={[
            {
              name: said.check,
              isHeader: true,
              cell: ({ what, area }) => (
                <>
                  {what}
                  <small translate="no">{area}</small>
                </>
              ),
            },
            {
              name: said.result,
              cell: ({ outcome, detail }) => (
                <>
                  <span className={`severity severity-${outcome}`}>
                    <span aria-hidden="true">{shapes[outcome]}</span> {said.outcomes[outcome]}
                  </span>
                  <small>{detail}</small>
                </>
              ),
            },
            { name: said.fix, cell: ({ fix }) => fix ?? '–' },
          ]}
        />
      )}
    </section>
  )
}
