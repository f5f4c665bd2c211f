import type { Chunk } from './column-pages.ts'
import { ColumnPages, Presence, encodings, pageRows, physical } from './column-pages.ts'

const high = 2 ** 32

/** Whole numbers below 2^53, of four bytes or eight. */
export class NumberColumn {
  readonly #pages: ColumnPages
  readonly #words: number
  readonly #values: Int32Array
  readonly #presence = new Presence()
  #used = 0
  #first = 0
  #smallest = Number.POSITIVE_INFINITY
  #largest = Number.NEGATIVE_INFINITY

  constructor(name: string, type: 'integer' | 'bigint') {
    this.#words = type === 'integer' ? 1 : 2
    this.#pages = new ColumnPages(name, type === 'integer' ? physical.int32 : physical.int64)
    this.#values = new Int32Array(pageRows * this.#words)
  }

  /** The value of a row of this row group; rows come in order, and one without a value is null. */
  put(row: number, value: number): void {
    if (row - this.#first >= pageRows) this.#seal(row - ((row - this.#first) % pageRows))
    this.#presence.set(row - this.#first)
    const values = this.#values
    if (this.#words === 1) values[this.#used] = value
    else {
      const top = Math.floor(value / high)
      values[this.#used] = value - top * high
      values[this.#used + 1] = top
    }
    this.#used += this.#words
    if (value < this.#smallest) this.#smallest = value
    if (value > this.#largest) this.#largest = value
  }

  /** The column's part of a row group of so many rows. */
  take(rows: number): Chunk {
    this.#seal(rows)
    this.#first = 0
    const bounds = [this.#kept(this.#smallest), this.#kept(this.#largest)] as const
    this.#smallest = Number.POSITIVE_INFINITY
    this.#largest = Number.NEGATIVE_INFINITY
    return this.#pages.take(bounds)
  }

  #kept(value: number): Uint8Array {
    const top = Math.floor(value / high)
    const words = this.#words === 1 ? [value] : [value - top * high, top]
    return new Uint8Array(Int32Array.from(words).buffer)
  }

  /** Pages up to this row. */
  #seal(until: number): void {
    while (this.#first < until) {
      const rows = Math.min(pageRows, until - this.#first)
      const values = new Uint8Array(this.#values.buffer, 0, this.#used * 4)
      this.#pages.add(rows, this.#presence, values, encodings.plain)
      this.#used = 0
      this.#first += rows
    }
  }
}
