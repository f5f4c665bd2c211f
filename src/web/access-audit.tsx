import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from './client.ts'
import { instant } from './format.ts'
import { Panel } from './panel.tsx'
import { useProject } from './screen.ts'
import { useSpeech } from './words.ts'

const linesShown = 100

/** Who did what. A deed that is under way or whose process died is `begun` and nothing else. */
export function AccessAudit(): ReactNode {
  const { say, language } = useSpeech()
  const zone = useProject().data?.zone ?? 'UTC'
  const query = useQuery({
    queryKey: ['audit', language],
    queryFn: ({ signal }) => call('GET /api/v1/audit', { query: { limit: linesShown }, lang: language, signal }),
    refetchInterval: 30_000,
  })
  return (
    <Panel name="audit" title={say.access.audit} sub={say.access.auditSub} query={query} heightPx={320}>
      {({ lines }) => (
        <div className="scroll" tabIndex={0} role="group" aria-label={say.access.audit}>
          <table>
            <thead>
              <tr>
                <th scope="col">{say.access.at}</th>
                <th scope="col">{say.access.who}</th>
                <th scope="col">{say.access.did}</th>
                <th scope="col">{say.access.subject}</th>
                <th scope="col">{say.access.outcome}</th>
                <th scope="col">{say.access.origin}</th>
              </tr>
            </thead>
            <tbody>
              {lines.map((one) => (
                <tr key={one.auditId}>
                  <td>{instant(one.at, zone)}</td>
                  <td translate="no">
                    <bdi>{one.who}</bdi>
                  </td>
                  <td translate="no">{one.action}</td>
                  <td translate="no">
                    <bdi>{one.subject}</bdi>
                  </td>
                  <td>{say.access.outcomes[one.outcome]}</td>
                  <td translate="no">{one.origin}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}
