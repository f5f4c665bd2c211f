import assert from 'node:assert'
import type { Random } from '../domain/clock.ts'
import type { Session, SqlRow, Warehouse } from '../warehouse/warehouse.ts'
import { engineChannel, promote, settled } from './embedded-settle.ts'
import type { Now } from './embedded-settle.ts'
import type { RetryPolicy } from './graph.ts'
import type { ClaimedTask, TaskQueue, TaskResult } from './queue.ts'
import { decideRetry } from './retry.ts'
import type { ErrorClass } from './retry.ts'
import type { EngineRunState, TaskEvent, TaskState } from './run-state.ts'
import { isEnded, taskTable } from './run-state.ts'
import type { Change, SettleTask } from './settle.ts'
import { sql } from './sql.ts'

export interface QueueOptions {
  readonly warehouse: Pick<Warehouse, 'query' | 'transaction'>
  readonly now: Now
  readonly random: Random
  readonly leaseMs: number
}

interface RunningTask extends SqlRow {
  readonly runId: string
  readonly task: string
  readonly attempt: number
  readonly tries: number
  readonly triesMax: number
  readonly lost: number
  readonly retry: RetryPolicy
  readonly pool: string
  readonly fence: string
  readonly cancelled: boolean
  readonly sealed: Extract<TaskResult, { readonly kind: 'success' | 'unchanged' }> | null
  readonly runState: EngineRunState
  /** All tasks of the run, itself among them. */
  readonly tasks: readonly SettleTask[]
}

/** How a task goes on after an attempt. */
interface Ending {
  readonly event: TaskEvent
  readonly attemptState: 'success' | 'unchanged' | 'failed' | 'retry' | 'deferred' | 'skipped' | 'lost' | 'cancelled'
  /** After which it may begin again; null when it has ended. */
  readonly delayMs: number | null
  /** The try is given back: it was not the task's fault, or no failure at all. */
  readonly isFree: boolean
  readonly blocksPool: boolean
}

const ended = { delayMs: null, isFree: false, blocksPool: false } as const

/** The queue over the engine's tables. All its times are the server's, unless a simulation gives its own. */
export function embeddedQueue(options: QueueOptions): TaskQueue {
  return {
    claim: (worker, count) => claim(options, worker, count),
    beat: (fences) => beat(options, fences),
    finish: (fence, result) => finish(options, fence, result),
    sweep: () => sweep(options),
    nextDueMs: () => nextDueMs(options),
  }
}

async function claim(
  { warehouse, now, leaseMs }: QueueOptions,
  worker: string,
  count: number,
): Promise<readonly ClaimedTask[]> {
  const rows = await warehouse.query<SqlRow & { readonly task: ClaimedTask }>(
    'select engine_claim($1, $2, $3, $4) as task',
    [worker, count, leaseMs, now()],
  )
  return rows.map((one) => one.task)
}

async function beat(
  { warehouse, now, leaseMs }: QueueOptions,
  fences: readonly string[],
): Promise<{ readonly gone: readonly string[]; readonly cancelled: readonly string[] }> {
  if (fences.length === 0) return { gone: [], cancelled: [] }
  const held = await warehouse.query(
    `update engine_task
     set lease_until = coalesce($2::timestamptz, clock_timestamp()) + make_interval(secs => $3::float8 / 1000)
     where fence = any ($1::uuid[]) and state = 'running'
     returning fence, cancel_at is not null as cancelled`,
    [fences, now(), leaseMs],
  )
  const known = new Set(held.map((one) => String(one['fence'])))
  return {
    gone: fences.filter((fence) => !known.has(fence)),
    cancelled: held.filter((one) => one['cancelled'] === true).map((one) => String(one['fence'])),
  }
}

async function finish(options: QueueOptions, fence: string, result: TaskResult): Promise<'ended' | 'again' | 'fenced'> {
  const outcome = await options.warehouse.transaction((session) => end(session, options, { fence }, result))
  if (outcome.waitingRun !== null) await promoteAfter(options, outcome.waitingRun)
  return outcome.kind
}

/** Outside the transaction that ended the run; if the process dies here, the next sweep does it. */
async function promoteAfter({ warehouse, now }: QueueOptions, runId: string): Promise<void> {
  const [row] = await warehouse.query('select pipeline from engine_run where run_id = $1', [runId])
  if (row) await warehouse.transaction((session) => promote(session, String(row['pipeline']), now))
}

/** A task by the fence of who holds it, or, when its lease is over, by its name, whoever holds it. */
type Held = { readonly fence: string } | { readonly runId: string; readonly task: string }

interface Outcome {
  readonly kind: 'ended' | 'again' | 'fenced'
  /** The run, when it ended with the task and another one of its pipeline waits. */
  readonly waitingRun: string | null
}

async function end(session: Session, options: QueueOptions, held: Held, result: TaskResult | 'lost'): Promise<Outcome> {
  const running = await hold(session, options, held)
  if (!running) return { kind: 'fenced', waitingRun: null }
  // What was published in the task's own transaction has succeeded, even if its process could not say so any more, or died of something else.
  const isUntold = result === 'lost' || result.kind === 'failed' || result.kind === 'deferred'
  const known = isUntold && running.sealed !== null ? running.sealed : result
  const ending = endingOf(running, known, options.random)
  const isWaited = await writeEnding(session, options, running, ending, known)
  if (ending.delayMs !== null) return { kind: 'again', waitingRun: null }
  return { kind: 'ended', waitingRun: isWaited ? running.runId : null }
}

/** Locks the run and then the task. Undefined when nobody holds the task by that fence any more. */
async function hold(session: Session, { now }: QueueOptions, held: Held): Promise<RunningTask | undefined> {
  const byFence = 'fence' in held
  const [row] = await session.query<SqlRow & { readonly held: RunningTask | null }>(
    'select engine_hold($1, $2, $3, $4) as held',
    [byFence ? held.fence : null, byFence ? null : held.runId, byFence ? null : held.task, now()],
  )
  return row?.held ?? undefined
}

/** Pure: what an attempt's result makes of the task. */
function endingOf(running: RunningTask, result: TaskResult | 'lost', random: Random): Ending {
  const { tries, triesMax, lost, retry, cancelled } = running
  const isLost = result === 'lost'
  if (cancelled && (isLost || result.kind === 'failed' || result.kind === 'deferred'))
    return { ...ended, event: 'cancel', attemptState: 'cancelled' }
  if (!isLost && result.kind === 'success') return { ...ended, event: 'succeed', attemptState: 'success' }
  if (!isLost && result.kind === 'unchanged') return { ...ended, event: 'find_unchanged', attemptState: 'unchanged' }
  if (!isLost && result.kind === 'skipped') return { ...ended, event: 'skip', attemptState: 'skipped' }
  if (!isLost && result.kind === 'deferred')
    return { event: 'defer', attemptState: 'deferred', delayMs: result.delayMs, isFree: true, blocksPool: false }
  const errorClass: ErrorClass = isLost ? 'lost' : result.kind === 'failed' ? result.errorClass : 'permanent'
  const retryAfterMs = !isLost && result.kind === 'failed' ? result.retryAfterMs : null
  const decision = decideRetry(
    { errorClass, tries, triesMax, lost: lost + (isLost ? 1 : 0), retry, retryAfterMs },
    random,
  )
  const attemptState = isLost ? 'lost' : decision.kind === 'retry' ? 'retry' : 'failed'
  return decision.kind === 'fail'
    ? { ...ended, event: 'fail', attemptState }
    : {
        event: isLost ? 'lose' : 'retry',
        attemptState,
        delayMs: decision.delayMs,
        isFree: isLost,
        blocksPool: decision.blocksPool,
      }
}

/** Writes the attempt's end and what follows from it for the run. Returns whether a run waits for one that has ended with it. */
async function writeEnding(
  session: Session,
  { now }: QueueOptions,
  running: RunningTask,
  ending: Ending,
  result: TaskResult | 'lost',
): Promise<boolean> {
  const state = taskTable.running[ending.event]
  assert(state !== null, `a running task cannot ${ending.event}`)
  const failure = result !== 'lost' && result.kind === 'failed' ? result : null
  const lostError = { code: 'ORCHESTRATE_TASK_LOST', facts: { worker: 'gone' } }
  const written = {
    state,
    free: ending.isFree,
    lost: ending.attemptState === 'lost',
    delayMs: ending.delayMs,
    ...(result !== 'lost' && 'output' in result && result.output !== undefined && { output: result.output }),
    ...(result === 'lost' ? { error: lostError } : failure && { error: failure.error }),
    attempt: running.attempt,
    attemptState: ending.attemptState,
    exitCode: failure?.exitCode ?? null,
    errorClass: result === 'lost' ? 'lost' : (failure?.errorClass ?? null),
  }
  const { changes, runState } = followUp(running, state)
  if (ending.blocksPool)
    await session.query(
      `update engine_pool set reason = $3, blocked_until = greatest(blocked_until,
         coalesce($4::timestamptz, clock_timestamp()) + make_interval(secs => $2::float8 / 1000)) where pool = $1`,
      [running.pool, ending.delayMs, `${running.task}: quota`, now()],
    )
  const [row] = await session.query('select engine_end($1, $2, $3, $4, $5, $6, $7, $8) as waits', [
    running.runId,
    running.task,
    JSON.stringify(written),
    changes.map((one) => one.task),
    changes.map((one) => one.state),
    runState,
    engineChannel,
    now(),
  ])
  return row?.['waits'] === true
}

/** Pure: what becomes of the other tasks of the run when one has ended, and how the run ends, null when it goes on. */
function followUp(
  { task, tasks, runState }: RunningTask,
  state: TaskState,
): { readonly changes: readonly Change[]; readonly runState: EngineRunState | null } {
  if (!isEnded(state)) return { changes: [], runState: null }
  const now = tasks.map((one) => (one.task === task ? { ...one, state } : one))
  return settled(runState, now)
}

async function sweep(options: QueueOptions): Promise<{ readonly lost: number; readonly promoted: number }> {
  const { warehouse, now } = options
  let lost = 0
  for (const row of await warehouse.query(sql('reap'), [now()])) {
    const held = { runId: String(row['runId']), task: String(row['task']) }
    const outcome = await warehouse.transaction((session) => end(session, options, held, 'lost'))
    if (outcome.kind !== 'fenced') lost += 1
    if (outcome.waitingRun !== null) await promoteAfter(options, outcome.waitingRun)
  }
  let promoted = 0
  for (const row of await warehouse.query(
    `select distinct pipeline from engine_run where state = 'queued' order by pipeline`,
  ))
    promoted += await warehouse.transaction((session) => promote(session, String(row['pipeline']), now))
  return { lost, promoted }
}

async function nextDueMs({ warehouse, now }: QueueOptions): Promise<number | null> {
  const [row] = await warehouse.query(
    `select extract(epoch from min(greatest(t.not_before, p.blocked_until)) - coalesce($1::timestamptz, clock_timestamp()))::float8 * 1000 as ms
     from engine_task t join engine_pool p on p.pool = t.pool
     where t.state = 'ready' and greatest(t.not_before, p.blocked_until) > coalesce($1::timestamptz, clock_timestamp())`,
    [now()],
  )
  return typeof row?.['ms'] === 'number' ? Math.max(0, row['ms']) : null
}
