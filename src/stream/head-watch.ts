import type { Warehouse } from '../warehouse/warehouse.ts'
import type { Offset } from './log.ts'

/**
 * How often the heads are looked at while somebody waits: what another process appends is seen after half of this on average. A log to
 * which nothing comes is looked at less and less often, so that waiting costs next to nothing; the first event after a silence is then
 * seen a quarter of a second later at most.
 */
const pollMs = { busy: 25, quiet: 250 } as const

/** Pure: until the next look, when nothing has come for so long. */
export function nextLookMs(quietMs: number): number {
  return Math.min(pollMs.quiet, Math.max(pollMs.busy, quietMs / 20))
}

interface Waiter {
  readonly partition: number
  readonly beyond: Offset
  readonly done: (isBeyond: boolean) => void
}

/** Knows how far the heads of a topic have come. However many partitions are waited for, one small query at a time asks for all. */
export class HeadWatch {
  readonly #warehouse: Warehouse
  readonly #topicId: number
  readonly #next = new Map<number, Offset>()
  readonly #waiters = new Set<Waiter>()
  #timer: NodeJS.Timeout | undefined
  #movedAtMs = performance.now()
  #isStopped = false

  constructor(warehouse: Warehouse, topicId: number) {
    this.#warehouse = warehouse
    this.#topicId = topicId
  }

  /** True as soon as the head is known to be beyond the offset; false after `waitMs`, on abort, or when stopped. */
  async waitBeyond(partition: number, offset: Offset, waitMs: number, signal?: AbortSignal): Promise<boolean> {
    if ((this.#next.get(partition) ?? 0) > offset) return true
    await this.#look()
    if ((this.#next.get(partition) ?? 0) > offset) return true
    if (waitMs <= 0 || signal?.aborted || this.#isStopped) return false
    return new Promise((resolve) => {
      const done = (isBeyond: boolean): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', giveUp)
        this.#waiters.delete(waiter)
        resolve(isBeyond)
      }
      const giveUp = (): void => done(false)
      const waiter: Waiter = { partition, beyond: offset, done }
      const timer = setTimeout(giveUp, waitMs)
      signal?.addEventListener('abort', giveUp, { once: true })
      this.#waiters.add(waiter)
      this.#poll()
    })
  }

  /** Somebody in this process moved a head. */
  moved(partition: number, next: Offset): void {
    this.#know(partition, Math.max(next, this.#next.get(partition) ?? 0))
    this.#wake()
  }

  /** What was known proved wrong: the log was set back. */
  forget(partition: number): void {
    this.#next.delete(partition)
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    for (const waiter of this.#waiters) waiter.done(false)
  }

  #poll(): void {
    if (this.#timer !== undefined || this.#isStopped) return
    this.#timer = setTimeout(
      () => {
        this.#look()
          .catch(() => undefined) // A reader that was waiting finds out by itself when it reads; here there is nobody to tell.
          .finally(() => {
            this.#timer = undefined
            if (this.#waiters.size > 0) this.#poll()
          })
      },
      nextLookMs(performance.now() - this.#movedAtMs),
    )
  }

  async #look(): Promise<void> {
    const rows = await this.#warehouse.query<{ partition: number; next: string }>(
      'select partition, next from stream_head where topic_id = $1',
      [this.#topicId],
    )
    for (const { partition, next } of rows) this.#know(partition, Number(next))
    this.#wake()
  }

  #know(partition: number, next: Offset): void {
    if (this.#next.get(partition) !== next) this.#movedAtMs = performance.now()
    this.#next.set(partition, next)
  }

  #wake(): void {
    for (const waiter of this.#waiters) if ((this.#next.get(waiter.partition) ?? 0) > waiter.beyond) waiter.done(true)
  }
}
