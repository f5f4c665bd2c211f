import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from './client.ts'
import { AlertTable } from './overview-alerts.tsx'
import { Panel } from './panel.tsx'
import { useProject, useRefreshMs, useTitle } from './screen.ts'
import { useSpeech } from './words.ts'

/** What went wrong in thirty days: the same trouble of many days or tries is one line. */
export function Alerts(): ReactNode {
  const { say } = useSpeech()
  const refetchInterval = useRefreshMs()
  const zone = useProject().data?.zone ?? 'UTC'
  useTitle(say.nav.alerts)
  const query = useQuery({
    queryKey: ['alerts'],
    queryFn: ({ signal }) => call('GET /api/v1/alerts', { query: { days: 30 }, signal }),
    refetchInterval,
  })
  return (
    <div className="stack">
      <h1>{say.nav.alerts}</h1>
      <Panel
        name="alerts"
        title={say.alerts.inbox}
        sub={say.alerts.sub}
        query={query}
        heightPx={400}

        none={say.alerts.none}
        source={(data) => data.sources['alerts']}
      >
        {(data) => <AlertTable alerts={data.alerts} zone={zone} />}
      </Panel>
    </div>
  )
}
