import assert from 'node:assert'
import type { Random } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import type { SqlRow, Warehouse } from '../warehouse/warehouse.ts'
import { engineChannel, promote } from './embedded-settle.ts'
import type { Now } from './embedded-settle.ts'
import { endingOf, endingRow, followUp } from './ending.ts'
import type { Ending, RunningTask } from './ending.ts'
import type { ClaimedTask, Finished, TaskQueue, TaskResult } from './queue.ts'
import type { TaskState } from './run-state.ts'
import { taskTable } from './run-state.ts'
import { sql } from './sql.ts'

export interface QueueOptions {
  readonly warehouse: Pick<Warehouse, 'query' | 'transaction'>
  readonly now: Now
  readonly random: Random
  readonly leaseMs: number
}

interface Opened extends QueueOptions {
  /** What is held here, by its fence, as it stood when it was last heard of: a guess that the database checks. */
  readonly known: Map<string, RunningTask>
}

/** The queue over the engine's tables. All its times are the server's, unless a simulation gives its own. */
export function embeddedQueue(given: QueueOptions): TaskQueue {
  const options: Opened = { ...given, known: new Map() }
  return {
    claim: (worker, count) => claim(options, worker, count),
    beat: (fences) => beat(options, fences),
    finish: async (fence, result) => (await finish(options, fence, result, null)).kind,
    async finishAndClaim(fence, result, more) {
      const { kind, claimed } = await finish(options, fence, result, more)
      return { ending: kind, claimed }
    },
    sweep: () => sweep(options),
    nextDueMs: () => nextDueMs(options),
  }
}

/** A claimed task as the database tells of it, with all that its end is decided by. */
type Claimed = ClaimedTask & { readonly held: RunningTask }

/** Who takes how many. */
interface Claimer {
  readonly worker: string
  readonly count: number
}

async function claim(
  { warehouse, now, leaseMs, known }: Opened,
  worker: string,
  count: number,
): Promise<readonly ClaimedTask[]> {
  const rows = await warehouse.query<SqlRow & { readonly task: Claimed }>(
    'select engine_claim($1, $2, $3, $4) as task',
    [worker, count, leaseMs, now()],
  )
  return rows.map(({ task }) => remembered(known, task))
}

function remembered(known: Opened['known'], { held, ...task }: Claimed): ClaimedTask {
  known.set(task.fence, held)
  return task
}

async function beat(
  { warehouse, now, leaseMs, known: looked }: Opened,
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
  const gone = fences.filter((fence) => !known.has(fence))
  for (const fence of gone) looked.delete(fence)
  return {
    gone,
    cancelled: held.filter((one) => one['cancelled'] === true).map((one) => String(one['fence'])),
  }
}

async function finish(options: Opened, fence: string, result: TaskResult, more: Claimer | null): Promise<Outcome> {
  const outcome = await end(options, { fence }, result, more)
  options.known.delete(fence)
  if (outcome.waitingRun !== null) await promoteAfter(options, outcome.waitingRun)
  return outcome
}

/** Outside the transaction that ended the run; if the process dies here, the next sweep does it. */
async function promoteAfter(options: QueueOptions, runId: string): Promise<void> {
  const [row] = await options.warehouse.query('select pipeline from engine_run where run_id = $1', [runId])
  if (row) await promoteNext(options, String(row['pipeline']))
}

/** In one statement where beginning needs no rules, else in a transaction that asks them. */
async function promoteNext({ warehouse, now }: QueueOptions, pipeline: string): Promise<number> {
  const [row] = await warehouse.query('select engine_promote($1, $2, $3) as begun', [pipeline, engineChannel, now()])
  const begun = row?.['begun']
  return typeof begun === 'number' ? begun : warehouse.transaction((session) => promote(session, pipeline, now))
}

/** A task by the fence of who holds it, or, when its lease is over, by its name, whoever holds it. */
type Held = { readonly fence: string } | { readonly runId: string; readonly task: string }

interface Outcome {
  readonly kind: Finished
  /** The run, when it ended with the task and another one of its pipeline waits. */
  readonly waitingRun: string | null
  readonly claimed: readonly ClaimedTask[]
}

const fenced: Outcome = { kind: 'fenced', waitingRun: null, claimed: [] }

/**
 * Decides by how the run was last known, and writes what was decided if everything still stands so; otherwise it decides again by what
 * the database says. One round trip where nothing else has moved, and the rules stay where they are pure.
 */
async function end(options: Opened, held: Held, result: TaskResult | 'lost', more: Claimer | null): Promise<Outcome> {
  let running = 'fence' in held ? options.known.get(held.fence) : undefined
  for (;;) {
    running ??= await look(options, held)
    if (!running) return fenced
    // What was published in the task's own transaction has succeeded, even if its process could not say so any more, or died of something else.
    const isUntold = result === 'lost' || result.kind === 'failed' || result.kind === 'deferred'
    const known = isUntold && running.sealed !== null ? running.sealed : result
    const ending = endingOf(running, known, options.random)
    const answer = await writeEnding(options, running, { ending, result: known, isLost: result === 'lost', more })
    if (answer.written === 'fenced') return fenced
    if (answer.written === 'moved') {
      // A lost task may have been heard of meanwhile, so it is looked for by its lease again.
      running = 'fence' in held ? (answer.held ?? undefined) : undefined
      continue
    }
    const claimed = (answer.claimed ?? []).map((one) => remembered(options.known, one))
    if (ending.delayMs !== null) return { kind: 'again', waitingRun: null, claimed }
    return { kind: 'ended', waitingRun: answer.written === 'waited' ? running.runId : null, claimed }
  }
}

async function look({ warehouse, now }: QueueOptions, held: Held): Promise<RunningTask | undefined> {
  const byFence = 'fence' in held
  const [row] = await warehouse.query<SqlRow & { readonly held: RunningTask | null }>(
    'select engine_held($1, $2, $3, $4) as held',
    [byFence ? held.fence : null, byFence ? null : held.runId, byFence ? null : held.task, now()],
  )
  return row?.held ?? undefined
}

/** What became of writing an end down, and how the run stands now: see `engine_finish`. */
interface Written {
  readonly written: 'done' | 'waited' | 'moved' | 'fenced'
  readonly standing: string | null
  readonly held: RunningTask | null
  readonly claimed?: readonly Claimed[] | undefined
}

interface Told {
  readonly ending: Ending
  readonly result: TaskResult | 'lost'
  readonly isLost: boolean
  readonly more: Claimer | null
}

async function writeEnding(
  { warehouse, now, known, leaseMs }: Opened,
  running: RunningTask,
  { ending, result, isLost, more }: Told,
): Promise<Written> {
  const state = taskTable.running[ending.event]
  assert(state !== null, `a running task cannot ${ending.event}`)
  const { changes, runState } = followUp(running, state)
  const claims = more !== null && !ending.blocksPool
  const [row] = await warehouse.query<SqlRow & { readonly written: Written }>(
    claims
      ? 'select engine_finish_claim($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) as written'
      : 'select engine_finish($1, $2, $3, $4, $5, $6, $7, $8, $9) as written',
    [
      running.runId,
      running.fence,
      running.standing,
      JSON.stringify(endingRow(running, { ...ending, state }, result, isLost)),
      changes.map((one) => one.task),
      changes.map((one) => one.state),
      runState,
      engineChannel,
      now(),
      ...(claims ? [more.worker, more.count, leaseMs] : []),
    ],
  )
  const written = row?.written as Written
  keepStanding(known, running, written, { state, changes, runState })
  return written
}

/**
 * Others of the run that are held here are decided by what was written now: tasks and standing are of one moment. When the run has
 * ended with it, whoever thinks to hold one of its tasks has lost it, and must look.
 */
function keepStanding(
  known: Map<string, RunningTask>,
  running: RunningTask,
  { standing }: Written,
  { state, changes, runState }: { readonly state: TaskState } & ReturnType<typeof followUp>,
): void {
  if (standing === null) return
  const states = new Map([[running.task, state], ...changes.map((one) => [one.task, one.state] as const)])
  const tasks = running.tasks.map((one) => ({ ...one, state: states.get(one.task) ?? one.state }))
  for (const [fence, one] of known) {
    if (one.runId !== running.runId) continue
    if (runState === null) known.set(fence, { ...one, standing, tasks })
    else known.delete(fence)
  }
}

async function sweep(options: Opened): Promise<{ readonly lost: number; readonly promoted: number }> {
  const { warehouse, now } = options
  let lost = 0
  for (const row of await warehouse.query(sql('reap'), [now()])) {
    const held = { runId: String(row['runId']), task: String(row['task']) }
    const outcome = await end(options, held, 'lost', null)
    if (outcome.kind === 'fenced') continue
    lost += 1
    await tellLost(options, row)
    if (outcome.waitingRun !== null) await promoteAfter(options, outcome.waitingRun)
  }
  let promoted = 0
  for (const row of await warehouse.query(
    `select distinct pipeline from engine_run where state = 'queued' order by pipeline`,
  ))
    promoted += await promoteNext(options, String(row['pipeline']))
  return { lost, promoted }
}

/** A worker that went away can write no last line: whoever notices it does, where its task's lines are read. */
async function tellLost({ warehouse, now }: QueueOptions, { runId, task, attempt, worker }: SqlRow): Promise<void> {
  const lost = new MillraceError('ORCHESTRATE_TASK_LOST', { worker: String(worker) })
  const { what, why } = lost.explain('en')
  await warehouse.query(
    `insert into engine_log (run_id, task, attempt, at, level, message)
     values ($1, $2, $3, coalesce($4::timestamptz, clock_timestamp()), 'warn', $5)`,
    [String(runId), String(task), Number(attempt), now(), `lost: ${lost.code} ${what} ${why}`],
  )
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
