import type { Offset } from './log.ts'

export interface DedupeOptions {
  /** A generation of ids ends when the log's clock has moved on by this. The window is between one and two generations. */
  readonly windowMs: number
  /** … or after this many events, so that memory is bounded: 16 bytes an id. */
  readonly windowEvents: number
}

export const defaultDedupe: DedupeOptions = { windowMs: 3_600_000, windowEvents: 2_000_000 }

const startSlots = 1 << 12
/** Each growth puts every id anew into memory that no cache holds: by four, it is done half as often as by two. */
const growth = 4

/** Ids of one generation: fingerprints in an open table at most half full. Two zeros mark an empty slot. */
class Generation {
  readonly first: Offset
  readonly startMs: number
  events = 0
  #slots = new Int32Array(startSlots * 2)
  #used = 0

  constructor(first: Offset, startMs: number) {
    this.first = first
    this.startMs = startMs
  }

  /** Loads the places of some fingerprints and does nothing with them: misses of the cache that nothing waits for overlap. */
  touch(low: Int32Array, from: number, to: number): number {
    const slots = this.#slots
    const mask = (slots.length >> 1) - 1
    let sum = 0
    for (let row = from; row < to; row += 1) sum += slots[((low[row] as number) & mask) * 2] as number
    return sum
  }

  has(low: number, high: number): boolean {
    const slots = this.#slots
    const mask = (slots.length >> 1) - 1
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const a = slots[slot * 2] as number
      const b = slots[slot * 2 + 1] as number
      if (a === low && b === high) return true
      if ((a | b) === 0) return false
    }
  }

  /** False when it was there already. */
  add(low: number, high: number): boolean {
    const slots = this.#slots
    const mask = (slots.length >> 1) - 1
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const a = slots[slot * 2] as number
      const b = slots[slot * 2 + 1] as number
      if (a === low && b === high) return false
      if ((a | b) !== 0) continue
      slots[slot * 2] = low
      slots[slot * 2 + 1] = high
      this.#used += 1
      if (this.#used * 2 > mask) this.#grow()
      return true
    }
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Int32Array(old.length * growth)
    this.#used = 0
    for (let at = 0; at < old.length; at += 2) {
      if (((old[at] as number) | (old[at + 1] as number)) !== 0) this.add(old[at] as number, old[at + 1] as number)
    }
  }
}

/**
 * The ids that were seen in one partition within the window. Everything it decides follows from the log alone: a generation begins
 * at an offset, and ends at the first batch whose append time is `windowMs` later or that begins `windowEvents` events later.
 * So filling it again from `floor` decides as it was decided before, however often and with whatever batches a consumer
 * was started again: nothing about it is stored but one offset.
 */
export class DedupeWindow {
  readonly #options: DedupeOptions
  #current: Generation | undefined
  #previous: Generation | undefined

  constructor(options: DedupeOptions) {
    this.#options = options
  }

  /** Where a fresh window has to be filled from; undefined before the first batch. */
  get floor(): Offset | undefined {
    return (this.#previous ?? this.#current)?.first
  }

  /** Announces records of one append time: `count` from `first` on. A batch may be announced in parts. */
  enter(first: Offset, count: number, appendMs: number): void {
    const { windowMs, windowEvents } = this.#options
    const now = this.#current
    if (now === undefined || appendMs - now.startMs >= windowMs || now.events >= windowEvents) {
      this.#previous = now
      this.#current = new Generation(first, appendMs)
    }
    this.#current!.events += count
  }

  /** Announces fingerprints that are about to be asked for; the result means nothing, but keeps the loads from being left out. */
  touch(low: Int32Array, from: number, to: number): number {
    return (this.#current?.touch(low, from, to) ?? 0) + (this.#previous?.touch(low, from, to) ?? 0)
  }

  /**
   * True when the fingerprint is new to the window, which then knows it. What the previous generation knows is noted in the current
   * one too: a generation holds exactly the ids of its own records, or a refill, which begins without older ones, would hold more.
   */
  isNew(low: number, high: number): boolean {
    // Two zeros mark an empty slot; the id that has them is kept as 0 and 1.
    const top = (low | high) === 0 ? 1 : high
    const isFirst = this.#current!.add(low, top)
    return isFirst && !this.#previous?.has(low, top)
  }
}
