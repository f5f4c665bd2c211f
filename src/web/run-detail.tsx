import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { ApiError, call } from './client.ts'
import { duration, instant } from './format.ts'
import { useMay } from './me.ts'
import { ErrorBox, Panel } from './panel.tsx'
import { RerunDialog } from './rerun-dialog.tsx'
import { RunData } from './run-data.tsx'
import { RunGraph } from './run-graph.tsx'
import { RunLog } from './run-log.tsx'
import { spanOf } from './run-marks.ts'
import { runQuery } from './run-query.ts'
import { useGo, useValues } from './screen.ts'
import { Tabs } from './tabs.tsx'
import { useSpeech } from './words.ts'

type Detail = Answer<'GET /api/v1/runs/:runId'>
type Task = Detail['tasks'][number]

interface RunDetailProps {
  readonly runId: string
  readonly zone: string
}

/** One run: when each task worked, what it wrote, and doing it again. */
export function RunDetail({ runId, zone }: RunDetailProps): ReactNode {
  const { say, language } = useSpeech()
  const query = useQuery({
    ...runQuery(runId, language),
    refetchInterval: ({ state }) => (state.data?.run.endedAt === null ? 1_000 : 30_000),
  })
  return (
    <Panel name="run" title={`${say.runs.run} ${runId.slice(0, 8)}`} query={query} heightPx={300}>
      {(detail) => (
        <div className="stack" data-shown={runId}>
          <p>
            {spanOf(detail.run)} · <strong>{say.runs.states[detail.run.state]}</strong> ·{' '}
            {instant(detail.run.startedAt, zone)} – {instant(detail.run.endedAt, zone, 'clock')}
          </p>
          {detail.run.source === 'engine' ? <Views detail={detail} zone={zone} /> : <Summary detail={detail} />}
        </div>
      )}
    </Panel>
  )
}

const views = ['gantt', 'log', 'graph', 'data'] as const

/** What there is to see of a run; the lines first while it works or when it failed, for that is what is looked for then. */
function Views({ detail, zone }: { readonly detail: Detail; readonly zone: string }): ReactNode {
  const { say } = useSpeech()
  const { view } = useValues()
  const go = useGo()
  const { runId, state } = detail.run
  const mayRun = useMay('operator')
  const usual = state === 'success' || state === 'partial' ? 'gantt' : 'log'
  const shown = views.find((one) => one === view) ?? usual
  const choose = (next: string) => go({ view: next, ...(next !== 'log' && { line: undefined, grep: undefined }) })
  return (
    <>
      {mayRun && <Again detail={detail} />}
      <Tabs label={say.runs.view} names={views} words={say.runs.views} shown={shown} onChoose={choose}>
        {shown === 'gantt' && <Gantt tasks={detail.tasks} />}
        {shown === 'log' && <RunLog runId={runId} zone={zone} tasks={detail.tasks.map(({ task }) => task)} />}
        {shown === 'graph' && <RunGraph detail={detail} />}
        {shown === 'data' && <RunData runId={runId} isOver={detail.run.endedAt !== null} />}
      </Tabs>
    </>
  )
}

/** Bars on one line of time; the whole row says its figures as text. */
function Gantt({ tasks }: { readonly tasks: readonly Task[] }): ReactNode {
  const { say, language } = useSpeech()
  const begun = tasks.flatMap(({ startedAt }) => (startedAt === null ? [] : [Date.parse(startedAt)]))
  const ended = tasks.flatMap(({ endedAt }) => (endedAt === null ? [] : [Date.parse(endedAt)]))
  const from = Math.min(...begun)
  const length = Math.max(1, Math.max(...ended, from + 1) - from)
  const sorted = tasks.toSorted((one, other) => (one.startedAt ?? '~').localeCompare(other.startedAt ?? '~'))
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={say.runs.gantt}>
      <table className="gantt">
        <thead>
          <tr>
            <th scope="col">{say.runs.task}</th>
            <th scope="col">{say.runs.state}</th>
            <th scope="col" className="number">
              {say.runs.took}
            </th>
            <th scope="col">{say.runs.gantt}</th>
          </tr>
        </thead>
        <tbody>
          {sorted.map(({ task, state, startedAt, endedAt }) => {
            const at = startedAt === null ? null : Date.parse(startedAt)
            const until = endedAt === null ? null : Date.parse(endedAt)
            return (
              <tr key={task}>
                <th scope="row" translate="no">
                  {task}
                </th>
                <td>{say.runs.states[state]}</td>
                <td className="number">
                  {duration(at === null || until === null ? null : (until - at) / 1_000, language)}
                </td>
                <td className="lane">
                  {at !== null && (
                    <span
                      className={`span span-${state}`}
                      style={{
                        marginInlineStart: `${((at - from) / length) * 100}%`,
                        width: `${(((until ?? from + length) - at) / length) * 100}%`,
                      }}
                    />
                  )}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

/** A run of the foreground has no tasks; what it told of itself at its end is all there is. */
function Summary({ detail }: { readonly detail: Detail }): ReactNode {
  const { say } = useSpeech()
  return (
    <>
      <p className="sub">{say.runs.direct}</p>
      <pre className="log" translate="no" tabIndex={0} role="group" aria-label={say.runs.summary}>
        {JSON.stringify(detail.summary, null, 2)}
      </pre>
    </>
  )
}

function Again({ detail }: { readonly detail: Detail }): ReactNode {
  const { say, language } = useSpeech()
  const client = useQueryClient()
  const [isOpen, setOpen] = useState(false)
  const { runId, endedAt } = detail.run
  const cancel = useMutation({
    mutationFn: () => call('POST /api/v1/runs/:runId/cancel', { params: { runId }, lang: language }),
    onSettled: () => client.invalidateQueries(),
  })
  return (
    <div className="row">
      <button type="button" disabled={endedAt === null} onClick={() => setOpen(true)}>
        {say.runs.rerunOpen}
      </button>
      {endedAt === null && (
        <button type="button" disabled={cancel.isPending} onClick={() => cancel.mutate()}>
          {say.runs.cancelRun}
        </button>
      )}
      {cancel.error instanceof ApiError && <ErrorBox problem={cancel.error.problem} />}
      {isOpen && <RerunDialog detail={detail} onClose={() => setOpen(false)} />}
    </div>
  )
}
