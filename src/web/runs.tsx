import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Backfills } from './backfills.tsx'
import { Panel } from './panel.tsx'
import { RunGrid } from './run-grid.tsx'
import { gridQuery } from './run-query.ts'
import { RunDetail } from './run-detail.tsx'
import { ScheduleSwitch } from './schedule-switch.tsx'
import { useProject, useRefreshMs, useTitle, useValues } from './screen.ts'
import { useSpeech } from './words.ts'

/** Runs against their tasks in one request; the run that the address names is below. */
export function Runs(): ReactNode {
  const { say } = useSpeech()
  const refetchInterval = useRefreshMs()
  const { run } = useValues()
  const zone = useProject().data?.zone ?? 'UTC'
  useTitle(say.runs.title)
  const query = useQuery({
    ...gridQuery,
    // Somebody watches a run that goes on.
    refetchInterval: ({ state }) =>
      state.data?.runs.some(({ endedAt }) => endedAt === null) ? 2_000 : refetchInterval,
  })
  return (
    <div className="stack">
      <h1>{say.runs.title}</h1>
      <Panel
        name="runs"
        title={say.runs.grid}
        sub={say.runs.gridSub}
        query={query}
        heightPx={280}

        none={say.runs.noRuns}
        actions={<ScheduleSwitch />}
      >
        {(data) => <RunGrid grid={data} zone={zone} chosen={run} />}
      </Panel>
      {run !== undefined && <RunDetail key={run} runId={run} zone={zone} />}
      <Backfills zone={zone} />
    </div>
  )
}
