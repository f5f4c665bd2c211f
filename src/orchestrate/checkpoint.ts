import type { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'
import type { Session, Warehouse } from '../warehouse/warehouse.ts'
import type { Json } from './graph.ts'
import type { ClaimedTask, TaskResult } from './queue.ts'

/** As much of a task as proves who holds it. */
type Held = Pick<ClaimedTask, 'runId' | 'task' | 'attempt' | 'fence'>

/**
 * Does a part of a task's work once in all its attempts: what was made is kept under the key until the task has succeeded or is
 * cleared, and the next attempt is given it instead. Throws ORCHESTRATE_TASK_STOPPED when somebody else has the task by now.
 */
export async function checkpointed<Value>(
  warehouse: Pick<Warehouse, 'query'>,
  { task, key, schema }: { readonly task: Held; readonly key: string; readonly schema: z.ZodType<Value> },
  make: () => Promise<Value>,
): Promise<Value> {
  const known = await findCheckpoint(warehouse, task, key)
  const parsed = known === null ? null : schema.safeParse(known)
  // What another build has kept in another shape is made anew.
  if (parsed?.success) return parsed.data
  const value = await make()
  await keepCheckpoint(warehouse, task, key, value)
  return value
}

/** What an earlier attempt has kept under the key; null when none has. */
export async function findCheckpoint(
  warehouse: Pick<Warehouse, 'query'>,
  { runId, task }: Pick<Held, 'runId' | 'task'>,
  key: string,
): Promise<Json> {
  const [row] = await warehouse.query(
    'select value from engine_checkpoint where run_id = $1 and task = $2 and key = $3',
    [runId, task, key],
  )
  return (row?.['value'] ?? null) as Json
}

/** Inside the transaction that does the work, it is kept if and only if the work is. Throws as `checkpointed`. */
export async function keepCheckpoint(session: Session, held: Held, key: string, value: unknown): Promise<void> {
  const kept = await session.query(
    `insert into engine_checkpoint (run_id, task, key, value, attempt, updated_at)
     select t.run_id, t.task, $4, $5, t.attempt, clock_timestamp() from engine_task t
     where t.run_id = $1 and t.task = $2 and t.fence = $3 and t.state = 'running'
     on conflict (run_id, task, key) do update set value = excluded.value, attempt = excluded.attempt, updated_at = excluded.updated_at
     returning key`,
    [held.runId, held.task, held.fence, key, JSON.stringify(value)],
  )
  if (kept.length === 0) throw takenOver()
}

/**
 * Writes down that the task has succeeded, inside the transaction that makes its work visible: who dies behind that commit has still
 * succeeded, and who has lost the task by then makes nothing visible. Throws ORCHESTRATE_TASK_STOPPED then.
 */
export async function sealTask(
  session: Session,
  { fence }: Pick<Held, 'fence'>,
  result: Extract<TaskResult, { readonly kind: 'success' | 'unchanged' }>,
): Promise<void> {
  const sealed = await session.query(
    `update engine_task set sealed = $2 where fence = $1 and state = 'running' returning task`,
    [fence, JSON.stringify({ kind: result.kind, output: result.output })],
  )
  if (sealed.length === 0) throw takenOver()
}

function takenOver(): MillraceError {
  return new MillraceError('ORCHESTRATE_TASK_STOPPED', { why: 'taken over' })
}
