import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { ApiError, call } from './client.ts'
import { duration } from './format.ts'
import { GraphView } from './graph-view.tsx'
import { ErrorBox } from './panel.tsx'
import { runMarks, secondsOf } from './run-marks.ts'
import { useSpeech } from './words.ts'

type Detail = Answer<'GET /api/v1/runs/:runId'>
type Task = Detail['tasks'][number]

/** The tasks and what waits for what; a task that is chosen says its tries and how it ended. */
export function RunGraph({ detail }: { readonly detail: Detail }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.runs
  const [chosen, setChosen] = useState<string>()
  const { runId } = detail.run
  const query = useQuery({
    queryKey: ['run-graph', runId],
    queryFn: ({ signal }) => call('GET /api/v1/runs/:runId/graph', { params: { runId }, signal }),
    staleTime: Infinity,
  })
  const tasks = new Map(detail.tasks.map((one) => [one.task, one]))
  const picked = chosen === undefined ? undefined : tasks.get(chosen)
  if (query.error instanceof ApiError) return <ErrorBox problem={query.error.problem} />
  if (!query.data) return <div className="skeleton" style={{ height: 240 }} />
  return (
    <>
      <GraphView
        layout={query.data.layout}
        label={said.views.graph}
        chosen={chosen}
        onChoose={setChosen}
        isLit={(from, to) => chosen === from || chosen === to}
        classOf={(id) => `node-${tasks.get(id)?.state ?? 'waiting'}`}
        box={(id) => {
          const one = tasks.get(id)
          if (!one) return id
          const [kind = id, account] = id.split(':')
          return (
            <>
              <span translate="no">{kind}</span>
              {account !== undefined && <small translate="no">{account}</small>}
              <small>
                <span aria-hidden="true">{runMarks[one.state]}</span> {said.states[one.state]} ·{' '}
                {duration(secondsOf(one), language)}
              </small>
            </>
          )
        }}
      />
      {picked && <TaskFacts task={picked} />}
    </>
  )
}

function TaskFacts({ task }: { readonly task: Task }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.runs
  return (
    <section className="facts" aria-label={task.task}>
      <h3 translate="no">{task.task}</h3>
      <dl>
        <dt>{said.state}</dt>
        <dd>{said.states[task.state]}</dd>
        <dt>{said.waitsFor}</dt>
        <dd translate="no">{task.after.join(', ') || '–'}</dd>
        <dt>{said.tries}</dt>
        <dd>
          {task.tries} / {task.triesMax}
        </dd>
        <dt>{said.took}</dt>
        <dd>{duration(secondsOf(task), language)}</dd>
      </dl>
      {task.error !== null && (
        <pre className="log" translate="no" tabIndex={0} role="group" aria-label={said.states.failed}>
          {JSON.stringify(task.error, null, 2)}
        </pre>
      )}
    </section>
  )
}
