import { useQuery } from '@tanstack/react-query'
import { useRef } from 'react'
import type { KeyboardEvent, ReactNode } from 'react'
import type { Answer } from './client.ts'
import { call } from './client.ts'
import { Backfills } from './backfills.tsx'
import { duration, instant } from './format.ts'
import { Panel } from './panel.tsx'
import { runMarks, secondsOf, spanOf } from './run-marks.ts'
import { RunDetail } from './run-detail.tsx'
import { ScheduleSwitch } from './schedule-switch.tsx'
import { useGo, useProject, useRefreshMs, useTitle, useValues } from './screen.ts'
import { useSpeech } from './words.ts'

type Grid = Answer<'GET /api/v1/runs/grid'>
type Run = Grid['runs'][number]

/** Runs against their tasks in one request; the run that the address names is below. */
export function Runs(): ReactNode {
  const { say } = useSpeech()
  const refetchInterval = useRefreshMs()
  const { run } = useValues()
  const zone = useProject().data?.zone ?? 'UTC'
  useTitle(say.runs.title)
  const query = useQuery({
    queryKey: ['grid'],
    queryFn: ({ signal }) => call('GET /api/v1/runs/grid', { query: { limit: 60 }, signal }),
    // Somebody watches a run that goes on.
    refetchInterval: ({ state }) =>
      state.data?.runs.some(({ endedAt }) => endedAt === null) ? 2_000 : refetchInterval,
  })
  return (
    <div className="stack">
      <h1>{say.runs.title}</h1>
      <Panel
        title={say.runs.grid}
        sub={say.runs.gridSub}
        query={query}
        heightPx={280}
        emptiness={({ runs }) => (runs.length > 0 ? null : 'zero')}
        actions={<ScheduleSwitch />}
      >
        {(data) => <RunGrid grid={data} zone={zone} chosen={run} />}
      </Panel>
      {run !== undefined && <RunDetail key={run} runId={run} zone={zone} />}
      <Backfills zone={zone} />
    </div>
  )
}

interface RunGridProps {
  readonly grid: Grid
  readonly zone: string
  readonly chosen: string | undefined
}

function RunGrid({ grid, zone, chosen }: RunGridProps): ReactNode {
  const { say, language } = useSpeech()
  const go = useGo()
  const table = useRef<HTMLTableElement>(null)
  // Oldest on the left, as time is read.
  const order = grid.runs.map((run, place) => ({ run, place })).toReversed()
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={say.runs.grid}>
      <table ref={table} className="run-grid" onKeyDown={(event) => move(event, table.current)}>
        <thead>
          <tr>
            <th scope="col">{say.runs.task}</th>
            {order.map(({ run }) => (
              <th key={run.runId} scope="col" className="cell">
                {run.until.slice(5)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{say.runs.run}</th>
            {order.map(({ run }) => (
              <td key={run.runId} className="cell">
                <button
                  type="button"
                  className={`mark mark-${run.state}`}
                  aria-pressed={run.runId === chosen}
                  aria-label={labelOf(run, say.runs.states[run.state], zone)}
                  title={`${labelOf(run, say.runs.states[run.state], zone)} · ${duration(secondsOf(run), language)}`}
                  onClick={() => go({ run: run.runId })}
                >
                  {runMarks[run.state]}
                </button>
              </td>
            ))}
          </tr>
          {grid.tasks.map((task) => {
            const states = new Map(task.runs.map((place, at) => [place, task.states[at]]))
            return (
              <tr key={task.task}>
                <th scope="row" translate="no">
                  {task.task}
                </th>
                {order.map(({ run, place }) => {
                  const state = states.get(place)
                  return (
                    <td key={run.runId} className="cell">
                      {state && (
                        <span className={`mark mark-${state}`} title={say.runs.states[state]}>
                          <span aria-hidden="true">{runMarks[state]}</span>
                          <span className="hidden">{say.runs.states[state]}</span>
                        </span>
                      )}
                    </td>
                  )
                })}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function labelOf(run: Run, state: string, zone: string): string {
  return `${spanOf(run)} · ${state} · ${instant(run.startedAt ?? run.queuedAt, zone)}`
}

/** Arrow keys, Home and End go from run to run. */
function move(event: KeyboardEvent, table: HTMLTableElement | null): void {
  const buttons = [...(table?.querySelectorAll('button') ?? [])]
  const at = buttons.findIndex((one) => one === document.activeElement)
  const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: buttons.length - 1 }[event.key]
  if (at < 0 || next === undefined) return
  event.preventDefault()
  buttons[next]?.focus()
}
