import type { Clock } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Counters, Lease } from './counters.ts'
import type { DedupeOptions } from './dedupe.ts'
import type { Folded } from './fold.ts'
import { PartitionFold } from './fold.ts'
import type { EventLog, LogBatch } from './log.ts'
import { rollUp } from './roll-up.ts'
import type { SeriesRegistry } from './series.ts'

/** When what was folded is handed to the store: whichever comes first. */
export interface FlushLimits {
  readonly flushMs: number
  readonly flushRecords: number
  /** Rows that the flush would write. */
  readonly flushRows: number
  /** Bytes read at once; twice that is in memory at most, because one read is on its way while the last is folded. */
  readonly readBytes: number
  /** How long the log waits for a first record: an idle partition renews its lease this often. */
  readonly waitMs: number
  readonly leaseMs: number
}

export const defaultLimits: FlushLimits = {
  flushMs: 1_000,
  flushRecords: 400_000,
  flushRows: 40_000,
  readBytes: 4_000_000,
  waitMs: 1_000,
  leaseMs: 5_000,
}

export interface ConsumerOptions {
  readonly limits: FlushLimits
  readonly dedupe: DedupeOptions
  /** Invalid events go to the dead letters however many they are; otherwise a broken producer stops the partition. */
  readonly acceptInvalid: boolean
}

export interface ConsumerPorts {
  readonly log: EventLog
  readonly counters: Counters
  readonly registry: SeriesRegistry
  readonly clock: Clock
}

/** Why a consumer stopped: it was asked to, or somebody else has the partition now. */
export type Ended = 'stopped' | 'fenced'

/** A run of records this long with more than half of them invalid is a broken producer. */
const breakerRecords = 100

/**
 * One partition, from its cursor on, until `signal` or until it is fenced. While one flush is on its way to the store the next range is already
 * read and folded; a second one waits for the first, which is the back-pressure. What was not committed when it ends is
 * forgotten: whoever comes next reads it again.
 * Throws STREAM_OFFSET_OUT_OF_RANGE, STREAM_CURSOR_MISSING, STREAM_SCHEMA_BREAK and what the ports throw.
 */
export class PartitionConsumer {
  readonly #ports: ConsumerPorts
  readonly #options: ConsumerOptions
  #lease: Lease
  #fold: PartitionFold
  #committing: Promise<Lease | 'fenced'> | undefined
  #flushedMs: number
  #recent = { records: 0, invalid: 0 }

  constructor(ports: ConsumerPorts, options: ConsumerOptions, lease: Lease) {
    this.#ports = ports
    this.#options = options
    this.#lease = lease
    this.#flushedMs = ports.clock.nowMs()
    this.#fold = this.#freshFold()
  }

  get lease(): Lease {
    return this.#lease
  }

  async run(signal: AbortSignal): Promise<Ended> {
    if ((await this.#refill(signal)) === 'fenced') return 'fenced'
    // Asked to stop before anything was counted: the window that was half filled is nobody's.
    if (signal.aborted) return 'stopped'
    let reading = this.#read(this.#fold.next, signal)
    // A read that is still on its way when another part fails is nobody's any more.
    const drop = (): void => void reading.catch(() => undefined)
    try {
      while (!signal.aborted) {
        const batches = await reading
        const next = batches.at(-1)?.nextOffset ?? this.#fold.next
        reading = this.#read(next, signal)
        for (const batch of batches) {
          this.#take(batch)
          if (this.#isDue() && (await this.#flush()) === 'fenced') return 'fenced'
        }
        if (this.#isDue() && (await this.#flush()) === 'fenced') return 'fenced'
      }
      return await this.#drain()
    } finally {
      drop()
    }
  }

  #freshFold(): PartitionFold {
    const { topic, partition, cursor } = this.#lease
    return new PartitionFold({
      topic,
      partition,
      next: cursor.next,
      watermarkMs: cursor.watermarkMs,
      dedupe: this.#options.dedupe,
    })
  }

  /**
   * Fills the dedupe window from its floor up to the cursor, as it was when the cursor was committed; renews the lease meanwhile. Stops in
   * between when asked to: who is to have the partition instead must not wait for a window that is thrown away.
   */
  async #refill(signal: AbortSignal): Promise<'ok' | 'fenced'> {
    const { cursor, partition } = this.#lease
    let renewedMs = this.#ports.clock.nowMs()
    for (let at = cursor.dedupeFloor; at < cursor.next && !signal.aborted;) {
      const batches = await this.#ports.log.read(partition, at, { bytesMax: this.#options.limits.readBytes, waitMs: 0 })
      const before = batches.filter(({ firstOffset }) => firstOffset < cursor.next)
      for (const batch of before) this.#fold.refill(batch)
      if (before.length === 0) break
      at = before.at(-1)?.nextOffset ?? cursor.next
      if (this.#ports.clock.nowMs() - renewedMs < this.#options.limits.leaseMs / 3) continue
      if ((await this.#renew()) === 'fenced') return 'fenced'
      renewedMs = this.#ports.clock.nowMs()
    }
    return 'ok'
  }

  /** Before anything was committed; afterwards every flush renews. Whoever counted meanwhile has moved the cursor. */
  async #renew(): Promise<'ok' | 'fenced'> {
    const { cursor, ...key } = this.#lease
    const renewed = await this.#ports.counters.acquire({ ...key, leaseMs: this.#options.limits.leaseMs })
    if (!renewed || renewed.cursor.next !== cursor.next) return 'fenced'
    this.#lease = renewed
    return 'ok'
  }

  #read(from: number, signal: AbortSignal): Promise<readonly LogBatch[]> {
    const { readBytes, waitMs } = this.#options.limits
    const waitsMs = Math.min(waitMs, this.#options.limits.flushMs)
    return this.#ports.log.read(this.#lease.partition, from, { bytesMax: readBytes, waitMs: waitsMs, signal })
  }

  #take(batch: LogBatch): void {
    const before = this.#fold.tallies.invalid
    this.#fold.take(batch)
    const invalid = this.#fold.tallies.invalid - before
    this.#recent = { records: this.#recent.records + batch.count, invalid: this.#recent.invalid + invalid }
    if (this.#recent.records < breakerRecords) return
    const { records } = this.#recent
    const isBroken = this.#recent.invalid * 2 > records
    const all = this.#recent.invalid
    this.#recent = { records: 0, invalid: 0 }
    if (isBroken && !this.#options.acceptInvalid) this.#break(batch, all, records)
  }

  #break(batch: LogBatch, invalid: number, records: number): never {
    const reasons = Map.groupBy(this.#fold.seal().deadLetters, ({ reason }) => reason)
    const [reason = 'unknown'] = [...reasons].sort(([, a], [, b]) => b.length - a.length)[0] ?? []
    const { topic, partition } = this.#lease
    throw new MillraceError('STREAM_SCHEMA_BREAK', {
      topic,
      partition,
      offset: batch.firstOffset,
      invalid,
      records,
      reason,
    })
  }

  #isDue(): boolean {
    const { flushMs, flushRecords, flushRows, leaseMs } = this.#options.limits
    const sinceMs = this.#ports.clock.nowMs() - this.#flushedMs
    const { records } = this.#fold.tallies
    // With nothing to say a flush only renews the lease, well before it ends.
    if (records === 0) return sinceMs >= leaseMs / 3
    return sinceMs >= flushMs || records >= flushRecords || this.#fold.size >= flushRows || this.#fold.isFull
  }

  /** Waits for the flush before, then sends the next on its way. */
  async #flush(): Promise<'sent' | 'fenced'> {
    if ((await this.#settle()) === 'fenced') return 'fenced'
    const folded = this.#fold.seal()
    this.#flushedMs = this.#ports.clock.nowMs()
    this.#committing = this.#commit(folded)
    // Its failure is met by the next settle; until then nobody listens, which Node would take for a crash.
    this.#committing.catch(() => undefined)
    return 'sent'
  }

  async #settle(): Promise<'ok' | 'fenced'> {
    const done = await this.#committing
    this.#committing = undefined
    if (done === 'fenced') return 'fenced'
    if (done) this.#lease = done
    return 'ok'
  }

  async #commit(folded: Folded): Promise<Lease | 'fenced'> {
    const series = await this.#ports.registry.resolve(folded.series)
    const { leaseMs } = this.#options.limits
    return this.#ports.counters.commit({ ...rollUp(folded, series), lease: this.#lease, leaseMs })
  }

  /** Asked to stop: what was folded is committed, so that nothing has to be read again. */
  async #drain(): Promise<Ended> {
    if (this.#fold.tallies.records > 0 && (await this.#flush()) === 'fenced') return 'fenced'
    return (await this.#settle()) === 'fenced' ? 'fenced' : 'stopped'
  }
}
