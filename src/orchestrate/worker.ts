import { hostname } from 'node:os'
import type { Clock } from '../domain/clock.ts'
import { isMillraceError } from '../domain/errors.ts'
import { listen } from '../warehouse/listen.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { EmbeddedEngine } from './embedded-engine.ts'
import { engineChannel } from './embedded-settle.ts'
import type { ClaimedTask, Finished, TaskResult } from './queue.ts'
import { openLogWriter } from './task-log.ts'
import { endLine } from './task-result.ts'
import type { LogWriter } from './task-log.ts'
import { TaskProcess } from './task-process.ts'
import type { StopReason } from './task-process.ts'

export interface WorkerOptions {
  readonly warehouse: Pick<Warehouse, 'query' | 'connection'>
  readonly engine: Pick<EmbeddedEngine, 'queue' | 'leaseMs'>
  /** Unique among all workers of the database. */
  readonly name: string
  /** Tasks at the same time. */
  readonly slots: number
  /** Address of the module with the bodies of tasks. */
  readonly bodies: string
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  /** Between asking a task to stop, SIGTERM and SIGKILL; 5 s when left out. */
  readonly graceMs?: number | undefined
  /** How long tasks may go on when the worker is told to stop; 30 s when left out. */
  readonly drainMs?: number | undefined
  readonly onEvent?: ((event: WorkerEvent) => void) | undefined
}

export type WorkerEvent =
  | { readonly event: 'task_started'; readonly runId: string; readonly task: string; readonly attempt: number }
  | {
      readonly event: 'task_finished'
      readonly runId: string
      readonly task: string
      readonly attempt: number
      readonly outcome: TaskResult['kind'] | 'fenced'
    }
  | { readonly event: 'trouble'; readonly code: string; readonly message: string }

const fenced: { readonly ending: Finished; readonly claimed: readonly ClaimedTask[] } = {
  ending: 'fenced',
  claimed: [],
}

/** Who missed a notice looks again after this. */
const pollMs = 1_000

/**
 * Works until the signal, then drains: takes nothing new, lets what runs come to its end, and gives back what does not in time.
 * A database that goes away is waited for; what ran meanwhile is told when it is back, and refused where somebody else took over.
 */
export async function runWorker(options: WorkerOptions, signal: AbortSignal): Promise<void> {
  const worker = new Worker(options)
  try {
    await worker.work(signal)
    await worker.drain()
  } finally {
    await worker.close()
  }
}

interface Held {
  readonly task: ClaimedTask
  readonly process: TaskProcess
  /** Somebody else has it by now; what comes of it here is told to nobody. */
  isGone: boolean
  /** Its process is free again; only the queue has not been told yet. */
  isDone: boolean
}

class Worker {
  readonly #options: WorkerOptions
  readonly #log: LogWriter
  readonly #held = new Map<string, Held>()
  readonly #endings = new Set<Promise<void>>()
  readonly #idle: TaskProcess[] = []
  /** By a clock that nobody sets: one that is put back an hour must not silence the heart for an hour. */
  #beatAtMs = Number.NEGATIVE_INFINITY
  #sweepAtMs = Number.NEGATIVE_INFINITY
  #isTroubled = false
  #isWoken = false
  #isDraining = false
  #resting: AbortController | undefined

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#log = openLogWriter(options.warehouse, options.clock)
  }

  async work(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => (this.#isDraining = true))
    await using _ = listen(this.#options.warehouse, engineChannel, () => this.#wake())
    while (!signal.aborted) {
      const waitMs = await this.#turn().catch((error: unknown) => this.#trouble(error))
      await this.#rest(waitMs, signal)
    }
  }

  async drain(): Promise<void> {
    const { drainMs = 30_000 } = this.#options
    const endMs = performance.now() + drainMs
    while (this.#held.size > 0 && performance.now() < endMs) {
      await this.#beat().catch((error: unknown) => this.#trouble(error))
      await this.#rest(200, new AbortController().signal)
    }
    // Again, because one that was just being told of may have brought the next with it.
    while (this.#endings.size > 0) {
      for (const held of this.#held.values()) this.#stop(held, 'drain')
      await Promise.all(this.#endings)
    }
  }

  async close(): Promise<void> {
    for (const process of this.#idle) process.kill()
    for (const { process } of this.#held.values()) process.kill()
    await this.#log[Symbol.asyncDispose]()
    // The row only tells people; a database that is away does not keep the worker from going.
    await this.#register(true).catch(() => undefined)
  }

  /** One look: leases first, so that a worker that was cut off keeps what nobody has taken; then everything that may begin. */
  async #turn(): Promise<number> {
    const { engine, name, slots } = this.#options
    const nowMs = performance.now()
    if (nowMs - this.#beatAtMs >= engine.leaseMs / 3) await this.#beat()
    if (nowMs - this.#sweepAtMs >= Math.min(pollMs, engine.leaseMs / 4)) {
      await engine.queue.sweep()
      this.#sweepAtMs = performance.now()
    }
    for (let free = slots - this.#held.size; free > 0; free = slots - this.#held.size) {
      const tasks = await engine.queue.claim(name, free)
      for (const task of tasks) this.#begin(task)
      if (tasks.length < free) break
    }
    this.#isTroubled = false
    const dueMs = this.#held.size < slots ? await engine.queue.nextDueMs() : null
    return Math.max(1, Math.min(pollMs, engine.leaseMs / 4, dueMs ?? pollMs))
  }

  async #beat(): Promise<void> {
    const { engine } = this.#options
    const { gone, cancelled } = await engine.queue.beat([...this.#held.keys()])
    for (const fence of gone) this.#lose(fence)
    for (const fence of cancelled) this.#stop(this.#held.get(fence), 'cancelled')
    await this.#register(false)
    this.#beatAtMs = performance.now()
  }

  async #register(isStopped: boolean): Promise<void> {
    const { warehouse, name, slots } = this.#options
    await warehouse.query(
      `insert into engine_worker (worker, host, pid, slots, started_at, heartbeat_at)
       values ($1, $2, $3, $4, clock_timestamp(), clock_timestamp())
       on conflict (worker) do update set heartbeat_at = clock_timestamp(), stopped_at = case when $5::boolean then clock_timestamp() end`,
      [name, hostname(), process.pid, slots, isStopped],
    )
  }

  #stop(held: Held | undefined, why: StopReason): void {
    if (held && !held.isDone) void held.process.stop(why)
  }

  #lose(fence: string): void {
    const held = this.#held.get(fence)
    // A task that is being ended at this moment is no longer held either; its process may have the next one already.
    if (!held || held.isDone) return
    held.isGone = true
    held.process.kill()
  }

  #begin(task: ClaimedTask): void {
    const process = this.#free()
    const held: Held = { task, process, isGone: false, isDone: false }
    this.#held.set(task.fence, held)
    const { runId, attempt } = task
    this.#options.onEvent?.({ event: 'task_started', runId, task: task.task, attempt })
    const ending = this.#carry(held)
      .catch((error: unknown) => void this.#trouble(error))
      .finally(() => {
        this.#held.delete(task.fence)
        this.#endings.delete(ending)
        this.#wake()
      })
    this.#endings.add(ending)
  }

  async #carry(held: Held): Promise<void> {
    const { task, process } = held
    const result = await process.run(task)
    held.isDone = true
    // Only a process whose task ended well is asked again; nobody knows what a failure has left behind in it.
    if (process.isUsable && result.kind === 'success') this.#idle.push(process)
    else process.kill()
    const { runId, attempt } = task
    this.#log.write({ runId, task: task.task, attempt, atMs: this.#options.clock.nowMs(), ...endLine(result) })
    const { ending, claimed } = held.isGone ? fenced : await this.#finish(task, result)
    const outcome = ending === 'fenced' ? ending : result.kind
    this.#options.onEvent?.({ event: 'task_finished', runId, task: task.task, attempt, outcome })
    // In the place of this one, so that no turn in between finds a slot free.
    this.#held.delete(task.fence)
    for (const next of claimed) this.#begin(next)
  }

  /** Tells until it has been heard, and takes the next with it: when the database is away, what was done must not be done again for that. */
  async #finish({ fence }: ClaimedTask, result: TaskResult): Promise<typeof fenced> {
    const { engine, name } = this.#options
    for (;;) {
      try {
        if (!this.#isDraining) return await engine.queue.finishAndClaim(fence, result, { worker: name, count: 1 })
        return { ending: await engine.queue.finish(fence, result), claimed: [] }
      } catch (error) {
        this.#trouble(error)
        if (!isMillraceError(error) || !error.retryable) throw error
        await this.#options.clock.sleep(pollMs)
      }
    }
  }

  /** One that waits, or a new one; what has died while it waited (the kernel was short of memory) must not fail the next task. */
  #free(): TaskProcess {
    for (let waiting = this.#idle.pop(); waiting; waiting = this.#idle.pop()) if (waiting.isUsable) return waiting
    return this.#start()
  }

  #start(): TaskProcess {
    const { bodies, clock, env, graceMs = 5_000 } = this.#options
    return new TaskProcess({
      bodies,
      clock,
      graceMs,
      env,
      onLine: ({ runId, task, attempt }, level, message) =>
        this.#log.write({ runId, task, attempt, atMs: clock.nowMs(), level, message }),
      drained: () => this.#log.drained(),
    })
  }

  /** Said once, until it works again. */
  #trouble(error: unknown): number {
    if (!this.#isTroubled) {
      const code = isMillraceError(error) ? error.code : 'ORCHESTRATE_UNEXPECTED'
      this.#options.onEvent?.({
        event: 'trouble',
        code,
        message: error instanceof Error ? error.message : String(error),
      })
    }
    this.#isTroubled = true
    return pollMs
  }

  #wake(): void {
    this.#isWoken = true
    this.#resting?.abort()
  }

  /** Until the time is over, a notice comes, a task ends, or the signal. A notice that came before is not slept over. */
  async #rest(durationMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#isWoken) {
      this.#resting = new AbortController()
      const either = AbortSignal.any([this.#resting.signal, signal])
      await this.#options.clock.sleep(durationMs, either).catch(() => undefined)
    }
    this.#isWoken = false
  }
}
