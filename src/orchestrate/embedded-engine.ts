import type { Clock, Random } from '../domain/clock.ts'
import { isoInstant, systemClock, systemRandom } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Session, SqlRow, Warehouse } from '../warehouse/warehouse.ts'
import { embeddedQueue } from './embedded-queue.ts'
import { engineChannel, lockRun, promote, settleRun } from './embedded-settle.ts'
import type { Now } from './embedded-settle.ts'
import type { ClearRequest, Engine, RunFilter, RunRow, RunView, TaskView, TriggerRequest } from './engine.ts'
import { canonicalJson, checkGraph, hashOf } from './graph.ts'
import type { Graph } from './graph.ts'
import { uuid } from './identity.ts'
import { abandoned, liveRun } from './live-run.ts'
import type { LiveRun } from './live-run.ts'
import type { TaskQueue } from './queue.ts'
import { isRunEnded, runTable } from './run-state.ts'
import { sql } from './sql.ts'

export interface EmbeddedOptions {
  readonly warehouse: Pick<Warehouse, 'query' | 'transaction'>
  /** A simulation's clock; left out: leases, retries and all else go by the server's. */
  readonly virtual?: Clock | undefined
  readonly random?: Random | undefined
  /** A worker that is not heard of for so long has lost its tasks; 15 s when left out. */
  readonly leaseMs?: number | undefined
}

/** How long a worker may be silent before others take over what it holds. */
export const leaseMsDefault = 15_000

export interface EmbeddedEngine extends Engine {
  readonly queue: TaskQueue
  readonly leaseMs: number
}

/** The engine over the warehouse's own Postgres. Any number of processes may open it; there is no other state than the tables. */
export function embeddedEngine(options: EmbeddedOptions): EmbeddedEngine {
  const { warehouse, virtual, random = systemRandom, leaseMs = leaseMsDefault } = options
  const now: Now = () => (virtual ? isoInstant(virtual.nowMs()) : null)
  const clock = virtual ?? systemClock
  return {
    leaseMs,
    queue: embeddedQueue({ warehouse, now, random, leaseMs }),
    deploy: (graph) => warehouse.transaction((session) => deploy(session, graph, now)),
    trigger: (request) => trigger(warehouse, request, uuid(clock.nowMs(), random), now),
    inspect: (runId) => inspect(warehouse, runId),
    runs: (filter) => listRuns(warehouse, filter),
    cancel: (runId) => warehouse.transaction((session) => cancel(session, runId, now)),
    clear: (request) => warehouse.transaction((session) => clear(session, request, now)),
    pause: (pipeline, paused) => warehouse.transaction((session) => pause(session, pipeline, paused, now)),
  }
}

async function deploy(session: Session, graph: Graph, now: Now): Promise<string> {
  checkGraph(graph)
  const version = hashOf(graph).slice(0, 16)
  await session.query(
    `insert into engine_version (pipeline, version, graph, created_at) values ($1, $2, $3, coalesce($4::timestamptz, clock_timestamp()))
     on conflict do nothing`,
    [graph.pipeline, version, canonicalJson(graph), now()],
  )
  await session.query(
    `insert into engine_pipeline (pipeline, runs_active_max, version, updated_at)
     values ($1, $2, $3, coalesce($4::timestamptz, clock_timestamp()))
     on conflict (pipeline) do update
     set runs_active_max = excluded.runs_active_max, version = excluded.version, updated_at = excluded.updated_at
     where (engine_pipeline.runs_active_max, engine_pipeline.version) is distinct from (excluded.runs_active_max, excluded.version)`,
    [graph.pipeline, graph.runsActiveMax, version, now()],
  )
  return version
}

interface Triggered {
  readonly unknown?: boolean
  readonly live?: LiveRun
  /** How many runs of the pipeline began with it; null: the rules have to be asked. */
  readonly begun?: number | null
}

/**
 * Makes a run inside the caller's transaction, so that whoever owes it is marked with it or not at all. Without one, as `session` is
 * the warehouse itself, it is there in one statement; what could not begin in it begins with the next sweep at the latest.
 */
export async function trigger(session: Asked, request: TriggerRequest, runId: string, now: Now): Promise<string> {
  const { pipeline, partitionKey, kind, priority = 0, conf = {}, backfillId = null, accounts = null } = request
  for (;;) {
    const [row] = await session.query<SqlRow & { readonly made: Triggered }>(
      'select engine_trigger($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as made',
      [runId, pipeline, partitionKey, kind, backfillId, priority, JSON.stringify(conf), accounts, engineChannel, now()],
    )
    const made = row?.made
    if (made?.unknown) throw new MillraceError('ORCHESTRATE_PIPELINE_UNKNOWN', { pipeline })
    if (!made?.live) {
      if (made?.begun === null) await within(session, (inside) => promote(inside, pipeline, now))
      return runId
    }
    if (!(await within(session, (inside) => abandoned(inside, made.live as LiveRun))))
      throw new MillraceError('ORCHESTRATE_RUN_LIVE', { pipeline, partition: partitionKey, run: made.live.runId })
  }
}

/** A session of a transaction, or a warehouse that can begin one. */
type Asked = Pick<Session, 'query'> & Partial<Pick<Warehouse, 'transaction'>>

function within<Result>(asked: Asked, work: (session: Session) => Promise<Result>): Promise<Result> {
  return asked.transaction ? asked.transaction(work) : work(asked)
}

const runColumns = `run_id as "runId", pipeline, version, partition_key as "partitionKey", kind, state, queued_at as "queuedAt",
  started_at as "startedAt", ended_at as "endedAt"`

async function inspect(warehouse: EmbeddedOptions['warehouse'], runId: string): Promise<RunView> {
  const [run] = await warehouse.query<RunRow & SqlRow>(`select ${runColumns} from engine_run where run_id = $1`, [
    runId,
  ])
  if (!run) throw new MillraceError('ORCHESTRATE_RUN_UNKNOWN', { run: runId })
  return { ...run, tasks: await warehouse.query<TaskView & SqlRow>(sql('inspect-tasks'), [runId]) }
}

function listRuns(warehouse: EmbeddedOptions['warehouse'], { pipeline, limit }: RunFilter): Promise<readonly RunRow[]> {
  return warehouse.query<RunRow & SqlRow>(
    `select ${runColumns} from engine_run where $1::text is null or pipeline = $1 order by queued_at desc, run_id desc limit $2`,
    [pipeline ?? null, limit],
  )
}

async function cancel(session: Session, runId: string, now: Now): Promise<void> {
  const state = await lockRun(session, runId)
  if (state === null) throw new MillraceError('ORCHESTRATE_RUN_UNKNOWN', { run: runId })
  if (isRunEnded(state)) return
  // One statement, so that a task that is claimed at this moment is either taken out of the queue or told to stop.
  await session.query(
    `update engine_task
     set state = case when state = 'running' then state else 'cancelled' end,
       cancel_at = case when state = 'running' then coalesce($2::timestamptz, clock_timestamp()) end,
       ended_at = case when state = 'running' then null else coalesce($2::timestamptz, clock_timestamp()) end
     where run_id = $1 and state in ('waiting', 'ready', 'running')`,
    [runId, now()],
  )
  const next = runTable[state].cancel ?? state
  await session.query(
    `update engine_run set state = $2, ended_at = case when $2 = 'cancelled' then coalesce($3::timestamptz, clock_timestamp()) end
     where run_id = $1`,
    [runId, next, now()],
  )
  if (next === 'cancelling') await settleRun(session, runId, next, now)
}

async function clear(session: Session, { runId, tasks, downstream }: ClearRequest, now: Now): Promise<number> {
  const [run] = await session.query('select pipeline, partition_key from engine_run where run_id = $1', [runId])
  if (!run) throw new MillraceError('ORCHESTRATE_RUN_UNKNOWN', { run: runId })
  const [pipeline, partition] = [String(run['pipeline']), String(run['partition_key'])]
  // Before the run's row, as the promoter takes them.
  await session.query('select 1 from engine_pipeline where pipeline = $1 for update', [pipeline])
  const state = await lockRun(session, runId)
  const rows = await session.query<{
    readonly task: string
    readonly after: readonly string[]
    readonly state: string
    readonly [column: string]: unknown
  }>('select task, after, state from engine_task where run_id = $1', [runId])
  const wanted = downstreamOf(rows, tasks.length > 0 ? tasks : rows.map((one) => one.task), downstream)
  const unknown = tasks.find((task) => !rows.some((one) => one.task === task))
  if (unknown !== undefined) throw new MillraceError('ORCHESTRATE_TASK_MISSING', { run: runId, task: unknown })
  const busy = rows.find((one) => wanted.has(one.task) && (one.state === 'running' || one.state === 'ready'))
  if (state === null || state === 'cancelling' || busy)
    throw new MillraceError('ORCHESTRATE_RUN_BUSY', { run: runId, task: busy?.task ?? 'the run' })
  // A run that is cleared lives again, and a partition has one live run at most.
  const other = isRunEnded(state) ? await liveRun(session, pipeline, partition) : null
  if (other !== null) throw new MillraceError('ORCHESTRATE_RUN_LIVE', { pipeline, partition, run: other })
  // The command that once carried it out is gone; what is done again is done by workers, by their pools.
  await session.query(
    `update engine_task set state = 'waiting', tries = 0, lost = 0, cancel_at = null, sealed = null, error = null, ended_at = null,
       pool = case when pool <> 'foreground' then pool when kind = 'extract' then 'ads_api' else 'default' end
     where run_id = $1 and task = any ($2::text[])`,
    [runId, [...wanted]],
  )
  // Done again means done anew: neither half of the old work nor the hash of what it was made from counts any more.
  await session.query('delete from engine_checkpoint where run_id = $1 and task = any ($2::text[])', [
    runId,
    [...wanted],
  ])
  await session.query('delete from engine_content where pipeline = $1 and task = any ($2::text[])', [
    pipeline,
    [...wanted],
  ])
  const next = runTable[state].clear ?? state
  await session.query(
    `update engine_run set state = $2, ended_at = null, attended_until = null, attended_by = null where run_id = $1`,
    [runId, next],
  )
  if (next === 'running') await settleRun(session, runId, next, now)
  await promote(session, pipeline, now)
  return wanted.size
}

/** The named tasks, and with `downstream` all that waits for them, by the graph. */
export function downstreamOf(
  rows: readonly { readonly task: string; readonly after: readonly string[] }[],
  tasks: readonly string[],
  downstream: boolean,
): ReadonlySet<string> {
  const found = new Set(tasks)
  if (!downstream) return found
  for (let size = -1; size !== found.size;) {
    size = found.size
    for (const row of rows) if (row.after.some((before) => found.has(before))) found.add(row.task)
  }
  return found
}

async function pause(session: Session, pipeline: string, paused: boolean, now: Now): Promise<void> {
  const rows = await session.query('update engine_pipeline set paused = $2 where pipeline = $1 returning pipeline', [
    pipeline,
    paused,
  ])
  if (rows.length === 0) throw new MillraceError('ORCHESTRATE_PIPELINE_UNKNOWN', { pipeline })
  if (!paused) await promote(session, pipeline, now)
}
