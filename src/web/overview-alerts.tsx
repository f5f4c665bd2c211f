import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { count, instant } from './format.ts'
import type { OverviewData } from './overview.tsx'
import { Panel } from './panel.tsx'
import { useSpeech } from './words.ts'

export function AlertsPanel({ query }: { readonly query: UseQueryResult<OverviewData> }): ReactNode {
  const { say } = useSpeech()
  return (
    <Panel
      name="overviewAlerts"
      title={say.overview.alerts}
      sub={say.overview.alertsSub}
      query={query}
      heightPx={260}
      className="wide"

      none={say.alerts.none}
      source={(data) => data.sources['alerts']}
    >
      {(data) => <AlertTable alerts={data.alerts} zone={data.zone} />}
    </Panel>
  )
}

const severityMarks = { INFO: 'ℹ', WARNING: '▲', ERROR: '■' } as const

export function AlertTable({
  alerts,
  zone,
}: {
  readonly alerts: OverviewData['alerts']
  readonly zone: string
}): ReactNode {
  const { say, language } = useSpeech()
  const said = say.overview
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={said.alerts}>
      <table className="alerts">
        <thead>
          <tr>
            <th scope="col">{said.at}</th>
            <th scope="col">{said.component}</th>
            <th scope="col">{said.severity}</th>
            <th scope="col">{said.message}</th>
          </tr>
        </thead>
        <tbody>
          {alerts.map((one) => (
            <tr key={`${one.at} ${one.component} ${one.code} ${one.message}`}>
              <td className="nowrap">{instant(one.at, zone)}</td>
              <td translate="no">{one.component}</td>
              <td>
                <span className={`severity severity-${one.severity}`}>
                  <span aria-hidden="true">{severityMarks[one.severity]}</span> {one.severity}
                </span>
              </td>
              <td>
                <code translate="no">{one.code}</code> <bdi translate="no">{one.message}</bdi>{' '}
                {one.count > 1 && <span className="chip">{said.times(count(one.count, language))}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
