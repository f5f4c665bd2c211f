import { metrics } from './counters.ts'

/** Values of one cell, in the order of `metrics`. */
export const width = metrics.length

const startSlots = 1 << 8

/**
 * Sums by (series, bucket): two whole numbers to `width` sums, in an open table. A cell that is known costs a hash and two
 * comparisons; nothing is allocated an event.
 */
export class Cells {
  #slots: Int32Array
  #keys: Int32Array
  #values: Float64Array
  #count = 0

  /** With room for so many cells from the start. */
  constructor(cells = 0) {
    let slots = startSlots
    while (slots < cells * 2) slots *= 2
    this.#slots = new Int32Array(slots)
    this.#keys = new Int32Array(slots * 2)
    this.#values = new Float64Array(slots * width)
  }

  get count(): number {
    return this.#count
  }

  /** Series of each cell at even places, its bucket at odd ones. */
  get keys(): Int32Array {
    return this.#keys
  }

  get values(): Float64Array {
    return this.#values
  }

  /** Where the cell's values begin in `values`; makes the cell when it is new. Valid until the next call. */
  at(series: number, bucket: number): number {
    const mask = this.#slots.length - 1
    const keys = this.#keys
    let slot = Math.imul(series ^ Math.imul(bucket, 0x85ebca6b), 0x9e3779b1)
    for (slot = (slot ^ (slot >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const cell = (this.#slots[slot] as number) - 1
      if (cell < 0) return this.#add(slot, series, bucket)
      if (keys[cell * 2] === series && keys[cell * 2 + 1] === bucket) return cell * width
    }
  }

  add(series: number, bucket: number, metric: number, amount: number): void {
    const at = this.at(series, bucket) + metric
    const values = this.#values
    values[at] = (values[at] as number) + amount
  }

  clear(): void {
    this.#slots.fill(0)
    this.#values.fill(0, 0, this.#count * width)
    this.#count = 0
  }

  #add(slot: number, series: number, bucket: number): number {
    const cell = this.#count
    this.#count += 1
    this.#slots[slot] = this.#count
    this.#keys[cell * 2] = series
    this.#keys[cell * 2 + 1] = bucket
    if (this.#count * 2 > this.#slots.length) this.#grow()
    return cell * width
  }

  #grow(): void {
    const size = this.#slots.length * 2
    const { count } = this
    const keys = new Int32Array(size * 2)
    keys.set(this.#keys)
    const values = new Float64Array(size * width)
    values.set(this.#values)
    this.#keys = keys
    this.#values = values
    this.#slots = new Int32Array(size)
    this.#count = 0
    // Places are given anew in the same order, so every cell keeps its number.
    for (let cell = 0; cell < count; cell += 1) this.#place(keys[cell * 2] as number, keys[cell * 2 + 1] as number)
  }

  #place(series: number, bucket: number): void {
    const mask = this.#slots.length - 1
    let slot = Math.imul(series ^ Math.imul(bucket, 0x85ebca6b), 0x9e3779b1)
    slot = (slot ^ (slot >>> 15)) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#count += 1
    this.#slots[slot] = this.#count
  }
}
