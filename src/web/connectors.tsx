import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { stringifySearch } from './address.ts'
import type { Answer } from './client.ts'
import { call } from './client.ts'
import { Connections } from './connections.tsx'
import { count, instant, platformName, shiftDay } from './format.ts'
import { ImportFile } from './import-file.tsx'
import { useMe } from './me.ts'
import { Panel } from './panel.tsx'
import { useAddress, useProject, useRefreshMs, useTitle } from './screen.ts'
import { useSpeech } from './words.ts'

type Data = Answer<'GET /api/v1/connectors'>

/** Every account: what of its thirty days is there, and its newest download. */
export function Connectors(): ReactNode {
  const { say, language } = useSpeech()
  const { date } = useAddress()
  const refetchInterval = useRefreshMs()
  const said = say.connectors
  const zone = useProject().data?.zone ?? 'UTC'
  // Connections are the project's, not a client's.
  const isForAll = useMe().data?.who?.clients === null
  useTitle(say.nav.connectors)
  const query = useQuery({
    queryKey: ['connectors', date ?? 'yesterday', language],
    queryFn: ({ signal }) => call('GET /api/v1/connectors', { query: { date }, lang: language, signal }),
    refetchInterval,
  })
  return (
    <div className="stack">
      <h1>{say.nav.connectors}</h1>
      <Panel
        name="connectors"
        title={said.coverage}
        sub={said.sub}
        query={query}
        heightPx={360}

        source={(data) => data.sources['connector-days']}
      >
        {(data) => <Coverage data={data} zone={zone} />}
      </Panel>
      {isForAll && <Connections zone={zone} />}
      {isForAll && <ImportFile />}
    </div>
  )
}

function Coverage({ data, zone }: { readonly data: Data; readonly zone: string }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.connectors
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={said.coverage}>
      <table className="accounts">
        <thead>
          <tr>
            {[said.account, `${data.from} – ${data.date}`].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <th scope="col" className="number">
              {said.rows}
            </th>
            {[said.last, said.api].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.accounts.map((one) => {
            const published = one.states.filter((state) => state === 'published').length
            return (
              <tr key={`${one.platform} ${one.accountId}`}>
                <th scope="row">
                  <span translate="no">{one.name}</span>
                  <small>
                    {platformName(one.platform)} · <span translate="no">{one.accountId}</span> · {one.currency} ·{' '}
                    <span translate="no">{one.zone}</span>
                  </small>
                </th>
                <td>
                  <span className="strip" aria-hidden="true">
                    {one.states.map((state, at) => (
                      <span
                        key={shiftDay(data.from, at)}
                        className={`tick tick-${state}`}
                        title={`${shiftDay(data.from, at)} · ${say.overview.partitionStates[state]}`}
                      />
                    ))}
                  </span>
                  <small>
                    {said.days(count(published, language), count(one.states.length, language))} ·{' '}
                    <a
                      href={`/api/v1/campaigns/days/export${stringifySearch({ platform: one.platform, account: one.accountId, from: data.from, to: data.date })}`}
                      aria-label={say.connections.exportOf(one.name)}
                      download
                    >
                      {say.connections.exportDays}
                    </a>
                  </small>
                </td>
                <td className="number">{count(one.rows, language)}</td>
                <td className="nowrap">
                  {instant(one.lastAt, zone)}
                  <small>{said.requests(count(one.lastRows, language), count(one.lastRequests, language))}</small>
                </td>
                <td translate="no">{one.apiVersion ?? '–'}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
