import { isMillraceError } from '../domain/errors.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { ConsumerOptions, ConsumerPorts } from './consume.ts'
import { PartitionConsumer } from './consume.ts'
import { announce, leave } from './presence.ts'
import { shareOf } from './share.ts'

/** What a worker tells while it runs. */
export type WorkerEvent =
  | { readonly event: 'taken' | 'given' | 'fenced'; readonly partition: number; readonly offset: number }
  /** A fault that may pass: the partition is tried again. */
  | { readonly event: 'retrying'; readonly partition: number; readonly reason: string }
  /** A fault that does not pass by itself: this worker leaves the partition alone; the others are counted on. */
  | { readonly event: 'stopped'; readonly partition: number; readonly code: string; readonly reason: string }

export interface WorkerOptions extends ConsumerOptions {
  readonly job: string
  /** Unlike any other worker's, now or before. */
  readonly owner: string
  /** How often it looks for its share; one that is silent for three times as long is thought dead by the others. */
  readonly shareMs: number
  /** Ends when every partition has been counted up to where its log ended at the start, instead of never. */
  readonly once: boolean
}

/** How often one that counts once looks whether it is done: a tenth of the time so far, between these. */
const onceMsMin = 20
const onceMsMax = 250

interface Running {
  readonly stop: AbortController
  readonly done: Promise<void>
}

/**
 * Takes its share of the partitions and counts them until `signal`; then commits what it has folded and gives everything back.
 * Any number of workers, in any number of processes, on any number of machines, may do so for one job.
 */
export class Worker {
  readonly #warehouse: Warehouse
  readonly #ports: ConsumerPorts
  readonly #options: WorkerOptions
  readonly #tell: (event: WorkerEvent) => void
  readonly #running = new Map<number, Running>()
  readonly #stopped = new Set<number>()

  constructor(warehouse: Warehouse, ports: ConsumerPorts, options: WorkerOptions, tell: (event: WorkerEvent) => void) {
    this.#warehouse = warehouse
    this.#ports = ports
    this.#options = options
    this.#tell = tell
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ports
    const partitions = await log.partitions()
    const ends = this.#options.once ? await this.#ends(partitions) : []
    const startedMs = clock.nowMs()
    while (!signal.aborted) {
      await this.#rebalance(partitions)
      if (this.#options.once && (await this.#isCaughtUp(ends))) break
      const pollMs = Math.min(onceMsMax, Math.max(onceMsMin, (clock.nowMs() - startedMs) / 10))
      await clock.sleep(this.#options.once ? pollMs : this.#options.shareMs, signal).catch(() => undefined)
    }
    await this.#stopAll()
  }

  async #rebalance(partitions: number): Promise<void> {
    const { job, owner, shareMs } = this.#options
    try {
      const workers = await announce(this.#warehouse, job, owner, shareMs * 3)
      const { take, give } = shareOf(owner, workers, [...this.#running.keys()], partitions)
      await Promise.all(give.map((partition) => this.#stop(partition)))
      for (const partition of take) if (!this.#stopped.has(partition)) await this.#start(partition)
    } catch (error) {
      // The store is away for a moment: what runs goes on or ends by itself, and the next look is soon.
      if (!isMillraceError(error) || !error.retryable) throw error
      await this.#ports.clock.sleep(shareMs)
    }
  }

  async #start(partition: number): Promise<void> {
    const { job, owner, limits } = this.#options
    const { counters, log } = this.#ports
    const lease = await counters
      .acquire({ job, topic: log.topic, partition, owner, leaseMs: limits.leaseMs })
      .catch((error: unknown) => this.#fault(partition, error))
    if (!lease) return
    this.#tell({ event: 'taken', partition, offset: lease.cursor.next })
    const stop = new AbortController()
    const consumer = new PartitionConsumer(this.#ports, this.#options, lease)
    const done = this.#follow(consumer, partition, stop.signal).finally(() => this.#running.delete(partition))
    this.#running.set(partition, { stop, done })
  }

  async #follow(consumer: PartitionConsumer, partition: number, signal: AbortSignal): Promise<void> {
    try {
      const ended = await consumer.run(signal)
      const offset = consumer.lease.cursor.next
      if (ended === 'stopped') await this.#ports.counters.release(consumer.lease)
      this.#tell({ event: ended === 'stopped' ? 'given' : 'fenced', partition, offset })
    } catch (error) {
      this.#fault(partition, error)
      // Somebody else may succeed at once; when the store is away the lease ends by itself.
      await this.#ports.counters.release(consumer.lease).catch(() => undefined)
    }
  }

  #fault(partition: number, error: unknown): null {
    const reason = error instanceof Error ? error.message : String(error)
    if (isMillraceError(error) && !error.retryable) {
      this.#stopped.add(partition)
      this.#tell({ event: 'stopped', partition, code: error.code, reason })
    } else this.#tell({ event: 'retrying', partition, reason })
    return null
  }

  async #stop(partition: number): Promise<void> {
    const running = this.#running.get(partition)
    running?.stop.abort()
    await running?.done
  }

  async #stopAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((partition) => this.#stop(partition)))
    const { job, owner } = this.#options
    // The store may be what failed; the list forgets a silent worker by itself.
    await leave(this.#warehouse, job, owner).catch(() => undefined)
  }

  async #ends(partitions: number): Promise<readonly number[]> {
    const all = Array.from({ length: partitions }, (_, partition) => partition)
    return Promise.all(all.map(async (partition) => (await this.#ports.log.bounds(partition)).next))
  }

  async #isCaughtUp(ends: readonly number[]): Promise<boolean> {
    const cursors = await this.#ports.counters.cursors(this.#options.job)
    const own = cursors.filter(({ topic }) => topic === this.#ports.log.topic)
    return own.every(({ partition, next }) => this.#stopped.has(partition) || next >= (ends[partition] ?? 0))
  }
}
