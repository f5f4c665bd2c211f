import { performance } from 'node:perf_hooks'
import { systemClock } from '../domain/clock.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { Session, SqlRow, Warehouse } from '../warehouse/warehouse.ts'
import type { BegunRun } from './announce.ts'
import { beginRun } from './announce.ts'
import type { BodyContext, LogLevel, TaskBodies } from './body.ts'
import { performTask } from './body.ts'
import { embeddedEngine } from './embedded-engine.ts'
import { settleRun } from './embedded-settle.ts'
import type { Graph, Json } from './graph.ts'
import { canonicalJson, checkGraph, hashOf } from './graph.ts'
import { liveRun, ownerOf } from './live-run.ts'
import type { ClaimedTask, TaskQueue, TaskResult } from './queue.ts'
import { sql } from './sql.ts'
import type { LogWriter } from './task-log.ts'
import { openLogWriter } from './task-log.ts'
import { endLine } from './task-result.ts'

/** A run and its tasks are given up when their process has not been heard of for so long; on its own host, at once when it is gone. */
const leaseMs = 60_000
const beatMs = 2_000
const pollMs = 200
/** A download runs so long before it is known whether this process has time for another one beside it. */
const lookMs = 250
/**
 * The busiest that this process may be when another download begins. Two that wait for a platform are twice as fast as one. Two that
 * keep the process busy are no faster, take twice the memory, and end together, so that the database has nothing to do until then.
 */
const busyShareMax = 0.7
const finishTriesMax = 5
/** Somebody else's run of the same partition is waited for; longer than this it is told instead. */
const waitMsMax = 900_000

const serverNow = () => null

export interface ForegroundRun extends BegunRun {
  readonly graph: Graph
  readonly partitionKey: string
  readonly conf: Json
  /** By how much the program's clock is ahead of the machine's: 0 but in a demo, whose day stands still. */
  readonly clockShiftMs: number
}

/**
 * Makes a run that this process carries out itself. A run of the same partition that is under way is waited for, because two of
 * them would do the same work twice at once. Throws ORCHESTRATE_RUN_LIVE when it takes too long.
 */
export async function beginForeground(
  warehouse: Warehouse,
  run: ForegroundRun,
  signal: AbortSignal,
  onWait: (runId: string) => void,
): Promise<void> {
  checkGraph(run.graph)
  for (let waitedMs = 0; ; waitedMs += pollMs) {
    const live = await warehouse.transaction((session) => insertRun(session, run))
    if (live === null) return
    if (waitedMs >= waitMsMax)
      throw new MillraceError('ORCHESTRATE_RUN_LIVE', {
        pipeline: run.pipeline,
        partition: run.partitionKey,
        run: live,
      })
    if (waitedMs === 0) onWait(live)
    await systemClock.sleep(pollMs, signal)
  }
}

async function insertRun(session: Session, run: ForegroundRun): Promise<string | null> {
  const { graph, runId, pipeline, partitionKey, conf, clockShiftMs } = run
  const version = hashOf(graph).slice(0, 16)
  await session.query(
    `insert into engine_version (pipeline, version, graph, created_at) values ($1, $2, $3, clock_timestamp()) on conflict do nothing`,
    [pipeline, version, canonicalJson(graph)],
  )
  await session.query(
    `insert into engine_pipeline (pipeline, runs_active_max, version, updated_at) values ($1, $2, $3, clock_timestamp())
     on conflict do nothing`,
    [pipeline, graph.runsActiveMax, version],
  )
  await session.query('select 1 from engine_pipeline where pipeline = $1 for update', [pipeline])
  const live = await liveRun(session, pipeline, partitionKey)
  if (live !== null) return live
  await session.query(
    `insert into engine_run (run_id, pipeline, version, partition_key, kind, generation, state, conf, queued_at, started_at,
       attended_until, attended_by, clock_shift)
     select $1, $2, $3, $4, 'manual', 1 + coalesce(max(generation), 0), 'running', $5, clock_timestamp(), clock_timestamp(),
       clock_timestamp() + make_interval(secs => $6::float8 / 1000), $7, make_interval(secs => $8::float8 / 1000)
     from engine_run where pipeline = $2 and partition_key = $4`,
    [runId, pipeline, version, partitionKey, JSON.stringify(conf), leaseMs, ownerOf(process.pid), clockShiftMs],
  )
  await session.query('select engine_add_tasks($1, $2, null, 0, null)', [runId, JSON.stringify(graph.tasks)])
  await beginRun(session, run)
  await settleRun(session, runId, 'running', serverNow)
  return null
}

export interface ForegroundWork {
  readonly warehouse: Warehouse
  readonly runId: string
  readonly bodies: TaskBodies
  /** Tasks at the same time. */
  readonly slots: number
  readonly signal: AbortSignal
  readonly onStart: (task: ClaimedTask) => void
  readonly onEnd: (task: ClaimedTask, result: TaskResult) => void
  readonly onLog: (level: LogLevel, message: string) => void
}

/**
 * Carries out the tasks of a run of this process until it has ended. Throws the signal's reason when it was stopped, with the run
 * given up; ORCHESTRATE_TASK_STOPPED when somebody cancelled it.
 */
export async function workForeground(work: ForegroundWork): Promise<void> {
  const { queue } = embeddedEngine({ warehouse: work.warehouse, leaseMs })
  // Disposed last, so that what was said at the very end is kept too.
  await using lines = openLogWriter(work.warehouse, systemClock)
  const carrier = new Carrier(work, queue, lines)
  try {
    await carrier.carry()
  } catch (error) {
    await carrier.stop(error)
    // A person who stops a command wants it stopped: nobody shall go on with it. The database may be what is gone.
    await work.warehouse.query(sql('abandon'), [work.runId]).catch(() => undefined)
    throw error
  }
}

interface RunningTask {
  readonly kind: string
  readonly stop: AbortController
  readonly ended: Promise<void>
}

class Carrier {
  readonly #work: ForegroundWork
  readonly #queue: TaskQueue
  readonly #lines: Pick<LogWriter, 'write'>
  readonly #running = new Map<string, RunningTask>()
  #beatAtMs = performance.now()
  #downloadAt = { ms: performance.now(), use: performance.eventLoopUtilization() }

  constructor(work: ForegroundWork, queue: TaskQueue, lines: Pick<LogWriter, 'write'>) {
    this.#work = work
    this.#queue = queue
    this.#lines = lines
  }

  async carry(): Promise<void> {
    const { signal, slots } = this.#work
    for (;;) {
      const mayDownload = this.#mayDownload()
      const isFree = !signal.aborted && this.#running.size < slots
      const [task] = isFree ? await this.#claim(mayDownload) : []
      if (task) {
        this.#begin(task)
        continue
      }
      if (this.#running.size === 0) {
        signal.throwIfAborted()
        if (await this.#isOver()) return
      }
      const tick = new AbortController()
      const waitMs = this.#running.size === 0 ? pollMs : mayDownload ? beatMs : lookMs
      const ticking = systemClock.sleep(waitMs, tick.signal).catch(() => undefined)
      await Promise.race([ticking, ...[...this.#running.values()].map((one) => one.ended)])
      tick.abort()
      if (performance.now() - this.#beatAtMs >= beatMs) await this.#beat()
    }
  }

  #mayDownload(): boolean {
    if (![...this.#running.values()].some((one) => one.kind === 'extract')) return true
    if (performance.now() - this.#downloadAt.ms < lookMs) return false
    return performance.eventLoopUtilization(this.#downloadAt.use).utilization < busyShareMax
  }

  #claim(mayDownload: boolean): Promise<readonly ClaimedTask[]> {
    return this.#work.warehouse.query<ClaimedTask & SqlRow>(sql('claim-run'), [
      ownerOf(process.pid),
      1,
      leaseMs,
      this.#work.runId,
      null,
      mayDownload,
    ])
  }

  #begin(task: ClaimedTask): void {
    const stop = new AbortController()
    const signal = AbortSignal.any([stop.signal, this.#work.signal])
    const log = (level: LogLevel, message: string) => {
      this.#work.onLog(level, message)
      this.#say(task, level, message)
    }
    const ended = this.#perform(task, { task, signal, log }).finally(() => this.#running.delete(task.fence))
    this.#running.set(task.fence, { kind: task.kind, stop, ended })
    if (task.kind === 'extract') this.#downloadAt = { ms: performance.now(), use: performance.eventLoopUtilization() }
  }

  /** Keeps a line under its task, for whoever opens the run later. */
  #say({ task, attempt }: ClaimedTask, level: LogLevel, message: string): void {
    this.#lines.write({ runId: this.#work.runId, task, attempt, atMs: systemClock.nowMs(), level, message })
  }

  async #perform(task: ClaimedTask, context: BodyContext): Promise<void> {
    this.#work.onStart(task)
    this.#say(task, 'info', 'begins')
    const result = await performTask(this.#work.bodies, context)
    const end = endLine(result)
    this.#say(task, end.level, end.message)
    // Being stopped is not a failure of the data: nothing is written down, the whole run is given up.
    if (this.#work.signal.aborted) return
    await this.#finish(task, result)
    this.#work.onEnd(task, result)
  }

  /** A cut connection is tried again: what was done must not be done again for that. The fence makes a second telling harmless. */
  async #finish({ fence }: ClaimedTask, result: TaskResult): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#queue.finish(fence, result)
        return
      } catch (error) {
        if (!isMillraceError(error) || !error.retryable || tries >= finishTriesMax) throw error
        await systemClock.sleep(pollMs * tries)
      }
    }
  }

  /** Ends what runs, and waits for it. */
  async stop(reason: unknown): Promise<void> {
    for (const { stop } of this.#running.values()) stop.abort(reason)
    await Promise.allSettled([...this.#running.values()].map((one) => one.ended))
  }

  async #beat(): Promise<void> {
    this.#beatAtMs = performance.now()
    const { gone, cancelled } = await this.#queue.beat([...this.#running.keys()])
    for (const fence of [...gone, ...cancelled])
      this.#running.get(fence)?.stop.abort(new MillraceError('ORCHESTRATE_TASK_STOPPED', { why: 'cancelled' }))
    await this.#work.warehouse.query(
      `update engine_run set attended_until = clock_timestamp() + make_interval(secs => $2::float8 / 1000)
       where run_id = $1 and state in ('running', 'cancelling')`,
      [this.#work.runId, leaseMs],
    )
  }

  async #isOver(): Promise<boolean> {
    const [row] = await this.#work.warehouse.query('select state from engine_run where run_id = $1', [this.#work.runId])
    const state = String(row?.['state'])
    if (state === 'cancelled') throw new MillraceError('ORCHESTRATE_TASK_STOPPED', { why: 'cancelled' })
    return state !== 'running' && state !== 'cancelling'
  }
}
