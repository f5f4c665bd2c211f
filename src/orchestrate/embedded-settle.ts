import assert from 'node:assert'
import type { Session } from '../warehouse/warehouse.ts'
import type { EngineRunState } from './run-state.ts'
import { runTable } from './run-state.ts'
import { runEnd, settle } from './settle.ts'
import type { Change, SettleTask } from './settle.ts'
import { sql } from './sql.ts'

/** The instant for a statement: null is the server's own clock, text is a simulation's. */
export type Now = () => string | null

/** Those who wait for something to do are woken by it; whoever misses it looks again within a second. */
export const engineChannel = 'millrace_engine'

/** Locks the run for the rest of the transaction. Everything that ends a task does so first, and tasks after it. */
export async function lockRun(session: Session, runId: string): Promise<EngineRunState | null> {
  const [row] = await session.query<{ readonly state: EngineRunState; readonly [column: string]: unknown }>(
    'select state from engine_run where run_id = $1 for update',
    [runId],
  )
  return row?.state ?? null
}

async function tasksOf(session: Session, runId: string): Promise<readonly SettleTask[]> {
  return session.query<SettleTask & Readonly<Record<string, unknown>>>(
    'select task, account, state, after, trigger_rule as "when" from engine_task where run_id = $1 order by task',
    [runId],
  )
}

/** Pure: what becomes of waiting tasks of a run, and its next state when nothing is left of it; null while something is. */
export function settled(
  state: EngineRunState,
  tasks: readonly SettleTask[],
): { readonly changes: readonly Change[]; readonly runState: EngineRunState | null } {
  const changes = state === 'running' ? settle(tasks) : []
  const states = new Map(changes.map((one) => [one.task, one.state]))
  const event = runEnd(
    state,
    tasks.map((one) => ({ ...one, state: states.get(one.task) ?? one.state })),
  )
  if (event === null) return { changes, runState: null }
  const runState = runTable[state][event]
  assert(runState !== null, `a ${state} run cannot ${event}`)
  return { changes, runState }
}

/**
 * Lets waiting tasks of a locked run go, or ends them, and ends the run when nothing is left. Returns whether it ended.
 */
export async function settleRun(session: Session, runId: string, state: EngineRunState, now: Now): Promise<boolean> {
  const tasks = await tasksOf(session, runId)
  const { changes, runState: ended } = settled(state, tasks)
  if (changes.length > 0)
    await session.query(
      `with changed as (
         update engine_task t
         set state = c.state, not_before = coalesce($4::timestamptz, clock_timestamp()),
           ended_at = case when c.state = 'ready' then null else coalesce($4::timestamptz, clock_timestamp()) end
         from unnest($2::text[], $3::text[]) as c (task, state)
         where t.run_id = $1 and t.task = c.task and t.state = 'waiting'
         returning t.state)
       select pg_notify($5, '') from changed where state = 'ready' limit 1`,
      [runId, changes.map((one) => one.task), changes.map((one) => one.state), now(), engineChannel],
    )
  if (ended === null) return false
  await session.query(
    `update engine_run set state = $2, ended_at = coalesce($3::timestamptz, clock_timestamp()) where run_id = $1`,
    [runId, ended, now()],
  )
  return true
}

/** Lets queued runs of a pipeline begin, as many as its budget and its backfills' allow. Returns how many began. */
export async function promote(session: Session, pipeline: string, now: Now): Promise<number> {
  const [found] = await session.query(
    'select runs_active_max, paused from engine_pipeline where pipeline = $1 for update',
    [pipeline],
  )
  if (!found) return 0
  const begun = await session.query<{ readonly runId: string; readonly [column: string]: unknown }>(sql('promote'), [
    pipeline,
    found['runs_active_max'] as number,
    found['paused'] as boolean,
    now(),
  ])
  for (const { runId } of begun) await settleRun(session, runId, 'running', now)
  return begun.length
}
