import { useQueryClient } from '@tanstack/react-query'
import { memo, useEffect, useMemo, useRef } from 'react'
import type { KeyboardEvent, ReactNode, RefObject } from 'react'
import type { Answer } from './client.ts'
import { duration, instant } from './format.ts'
import { runMarks, secondsOf, spanOf } from './run-marks.ts'
import { runQuery } from './run-query.ts'
import { useGo } from './screen.ts'
import { useSpeech } from './words.ts'

type Grid = Answer<'GET /api/v1/runs/grid'>
type Run = Grid['runs'][number]
type Task = Grid['tasks'][number]
type State = Task['states'][number]

/** Of a run's column, in the units in which a row is drawn; as wide as the column in style.css. */
const cell = 44
const rowHigh = 30
const mark = 26

interface RunGridProps {
  readonly grid: Grid
  readonly zone: string
  readonly chosen: string | undefined
}

/**
 * Runs as columns, tasks as rows. A run is a button; the states of a task are one picture a row, not an element a cell, so that fifty tasks of
 * ninety runs are drawn at once, and what they say is a sentence beside it. Which cell is meant is told by where the pointer is.
 */
export function RunGrid({ grid, zone, chosen }: RunGridProps): ReactNode {
  const { say } = useSpeech()
  const table = useRef<HTMLTableElement>(null)
  // Oldest on the left, as time is read.
  const order = useMemo(() => grid.runs.toReversed(), [grid.runs])
  usePointing(table, order, grid.tasks)
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={say.runs.grid}>
      <table
        ref={table}
        className="run-grid"
        // Fixed, so that no cell has to be measured to know the columns.
        style={{ width: `calc(var(--first) + ${order.length} * var(--cell))` }}
        onKeyDown={(event) => move(event, table.current)}
      >
        <Dates runs={order} />
        <tbody>
          <RunButtons runs={order} zone={zone} chosen={chosen} />
          <TaskRows tasks={grid.tasks} runs={order} />
        </tbody>
      </table>
    </div>
  )
}

const Dates = memo(function Dates({ runs }: { readonly runs: readonly Run[] }): ReactNode {
  const { say } = useSpeech()
  return (
    <thead>
      <tr>
        <th scope="col">{say.runs.task}</th>
        {runs.map((run) => (
          <th key={run.runId} scope="col" className="cell">
            {run.until.slice(5)}
          </th>
        ))}
      </tr>
    </thead>
  )
})

interface RunButtonsProps {
  readonly runs: readonly Run[]
  readonly zone: string
  readonly chosen: string | undefined
}

function RunButtons({ runs, zone, chosen }: RunButtonsProps): ReactNode {
  const { say } = useSpeech()
  return (
    <tr>
      <th scope="row">{say.runs.run}</th>
      {runs.map((run) => (
        <RunButton key={run.runId} run={run} zone={zone} isChosen={run.runId === chosen} />
      ))}
    </tr>
  )
}

interface RunButtonProps {
  readonly run: Run
  readonly zone: string
  readonly isChosen: boolean
}

const RunButton = memo(function RunButton({ run, zone, isChosen }: RunButtonProps): ReactNode {
  const { say, language } = useSpeech()
  const label = `${spanOf(run)} · ${say.runs.states[run.state]} · ${instant(run.startedAt ?? run.queuedAt, zone)}`
  return (
    <td className="cell">
      <button
        type="button"
        className={`mark mark-${run.state}`}
        data-run={run.runId}
        aria-pressed={isChosen}
        aria-label={label}
        title={`${label} · ${duration(secondsOf(run), language)}`}
      >
        {runMarks[run.state]}
      </button>
    </td>
  )
})

interface TaskRowsProps {
  readonly tasks: readonly Task[]
  readonly runs: readonly Run[]
}

const TaskRows = memo(function TaskRows({ tasks, runs }: TaskRowsProps): ReactNode {
  const { say } = useSpeech()
  return tasks.map((task) => {
    const columns = columnsOf(task, runs.length)
    return (
      <tr key={task.task} data-task={task.task}>
        <th scope="row" translate="no">
          {task.task}
        </th>
        <td colSpan={runs.length} className="cells">
          <svg
            aria-hidden="true"
            viewBox={`0 0 ${runs.length * cell} ${rowHigh}`}
            style={{ width: `calc(${runs.length} * var(--cell))` }}
          >
            {[...columns].map(([state, places]) => (
              <g key={state} className={`mark-${state}`}>
                <path d={places.map(squareAt).join('')} />
                <text y={rowHigh / 2} x={places.map((place) => place * cell + cell / 2).join(' ')}>
                  {(runMarks[state] ?? '').repeat(places.length)}
                </text>
              </g>
            ))}
          </svg>
          <span className="hidden">{spoken(columns, runs, say.runs.states)}</span>
        </td>
      </tr>
    )
  })
})

const round = 5

function squareAt(place: number): string {
  const [x, y, side] = [place * cell + (cell - mark) / 2 + round, (rowHigh - mark) / 2, mark - 2 * round]
  const turn = (h: number, v: number) => `a${round} ${round} 0 0 1 ${h} ${v}`
  return `M${x} ${y}h${side}${turn(round, round)}v${side}${turn(-round, round)}h${-side}${turn(-round, -round)}v${-side}${turn(round, -round)}z`
}

/** Where each state of a task stands, counted from the left. */
function columnsOf({ runs, states }: Task, count: number): ReadonlyMap<State, readonly number[]> {
  const columns = new Map<State, number[]>()
  runs.forEach((place, at) => {
    const state = states[at]
    if (state === undefined) return
    columns.set(state, [...(columns.get(state) ?? []), count - 1 - place])
  })
  return columns
}

/** What is usual as a number, and what is not with its days, for whoever cannot see the row. */
function spoken(
  columns: ReadonlyMap<State, readonly number[]>,
  runs: readonly Run[],
  words: Readonly<Record<string, string>>,
): string {
  const isUsual = (state: State) => state === 'success' || state === 'unchanged' || state === 'skipped'
  return [...columns]
    .map(([state, places]) => {
      const days = isUsual(state) ? '' : `: ${places.map((place) => runs[place]?.until ?? '').join(', ')}`
      return `${words[state] ?? state} ${places.length}${days}`
    })
    .join(' · ')
}

/** A run is fetched when the pointer rests on it or the focus comes to it, so that it is there when it is asked for. */
const restMs = 60

/** One listener for all cells: the hint of the cell under the pointer, its run when it is clicked, and the run's detail ahead of that. */
function usePointing(table: RefObject<HTMLTableElement | null>, runs: readonly Run[], tasks: readonly Task[]): void {
  const { say, language } = useSpeech()
  const client = useQueryClient()
  const go = useGo()
  useEffect(() => {
    const element = table.current
    if (!element) return undefined
    const ending = new AbortController()
    const { signal } = ending
    let rest: ReturnType<typeof setTimeout> | undefined
    const fetchAhead = (runId: string) => void client.prefetchQuery(runQuery(runId, language))
    const on = (name: keyof HTMLElementEventMap, act: (cell: Pointed) => void) =>
      element.addEventListener(name, (event) => act(pointed(event, runs)), { signal })
    on('pointerover', ({ run }) => {
      clearTimeout(rest)
      if (run) rest = setTimeout(() => fetchAhead(run.runId), restMs)
    })
    on('pointerdown', ({ run }) => run && fetchAhead(run.runId))
    on('focusin', ({ run }) => run && fetchAhead(run.runId))
    on('pointermove', ({ row, run }) => {
      if (!row) return
      const task = tasks.find((one) => one.task === row.dataset['task'])
      const state = run && task && task.states[task.runs.indexOf(runs.length - 1 - runs.indexOf(run))]
      row.title = run && state ? `${task?.task ?? ''} · ${spanOf(run)} · ${say.runs.states[state]}` : ''
    })
    on('click', ({ row, run }) => {
      if (run) go({ run: run.runId, ...(row && { view: 'log', task: row.dataset['task'] }) })
    })
    return () => {
      ending.abort()
      clearTimeout(rest)
    }
  }, [table, runs, tasks, client, go, say, language])
}

interface Pointed {
  readonly run: Run | undefined
  /** Of a task; none on the row of the runs themselves. */
  readonly row: HTMLTableRowElement | undefined
}

/** What an event of the table is about: a run's button, or a place in a task's row. */
function pointed(event: Event, runs: readonly Run[]): Pointed {
  const target = event.target instanceof Element ? event.target : undefined
  const button = target?.closest<HTMLElement>('[data-run]')
  if (button) return { run: runs.find((one) => one.runId === button.dataset['run']), row: undefined }
  const cells = target?.closest<HTMLElement>('.cells')
  if (!cells || !(event instanceof MouseEvent)) return { run: undefined, row: undefined }
  const { left, width } = cells.getBoundingClientRect()
  const place = Math.floor(((event.clientX - left) / width) * runs.length)
  return { run: runs[place], row: cells.closest('tr') ?? undefined }
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
