import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from './client.ts'
import { count, instant, platformName } from './format.ts'
import { IncidentDetail } from './incident-detail.tsx'
import type { Incident } from './incident-mark.tsx'
import { SeverityMark, daysOf } from './incident-mark.tsx'
import { Panel } from './panel.tsx'
import { useGo, useProject, useRefreshMs, useValues } from './screen.ts'
import { useSpeech } from './words.ts'

/** What is wrong and who has it; the one that the address names is below, with what can be done to it. */
export function Incidents(): ReactNode {
  const { say } = useSpeech()
  const said = say.incidents
  const { incident, over } = useValues()
  const go = useGo()
  const refetchInterval = useRefreshMs()
  const zone = useProject().data?.zone ?? 'UTC'
  const all = over === 'yes'
  const query = useQuery({
    queryKey: ['incidents', all],
    queryFn: ({ signal }) => call('GET /api/v1/incidents', { query: { all: all ? 'true' : 'false' }, signal }),
    refetchInterval,
  })
  return (
    <>
      <Panel
        name="incidents"
        title={said.title}
        sub={said.sub}
        query={query}
        heightPx={120}

        none={all ? said.none : said.noneOpen}
        actions={
          <label className="inline">
            <input
              type="checkbox"
              checked={all}
              onChange={({ target }) => go({ over: target.checked ? 'yes' : undefined })}
            />{' '}
            {said.all}
          </label>
        }
      >
        {(data) => <IncidentTable rows={data.incidents} zone={zone} chosen={incident} />}
      </Panel>
      {incident !== undefined && <IncidentDetail key={incident} incidentId={incident} zone={zone} />}
    </>
  )
}

interface IncidentTableProps {
  readonly rows: readonly Incident[]
  readonly zone: string
  readonly chosen: string | undefined
}

function IncidentTable({ rows, zone, chosen }: IncidentTableProps): ReactNode {
  const { say, language } = useSpeech()
  const said = say.incidents
  const go = useGo()
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={said.title}>
      <table className="incidents">
        <thead>
          <tr>
            {[said.incident, said.state, said.since, said.owner, said.opened].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <th scope="col" className="number">
              {said.members}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <tr key={one.incidentId}>
              <th scope="row">
                <button
                  type="button"
                  className="link"
                  aria-pressed={one.incidentId === chosen}
                  aria-label={said.open(one.checkId)}
                  onClick={() => go({ incident: one.incidentId })}
                >
                  <span translate="no">{one.checkId}</span>
                </button>
                <small>
                  {platformName(one.platform)} <span translate="no">{one.accountId ?? ''}</span>
                </small>
              </th>
              <td>
                {said.states[one.state]}
                <small>
                  <SeverityMark severity={one.severity} />
                </small>
              </td>
              <td className="nowrap">{daysOf(one)}</td>
              <td>{one.owner ?? said.nobody}</td>
              <td className="nowrap">{instant(one.openedAt, zone, 'minute')}</td>
              <td className="number">{count(one.members, language)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
