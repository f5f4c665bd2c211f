import { copied, equal, hashed } from './byte-words.ts'
import type { Chunk } from './column-pages.ts'
import { ColumnPages, Presence, encodings, pageRows, physical, varint } from './column-pages.ts'

/** Text of more different values than this in a row group goes without a dictionary: ids are all different. */
const dictionaryMax = 4_096
const slotsCount = dictionaryMax * 4
const startBytes = 1 << 16
/** A page of texts ends when it has grown to this. */
const pageBytes = 1 << 20
/** Texts up to this are copied word by word: a call of the engine's costs more. */
const shortBytes = 64

/** Texts as the format's plain pages have them: four bytes of length, then the text. */
class PlainTexts {
  #bytes: Buffer = Buffer.alloc(startBytes)
  #view = viewOf(this.#bytes)
  size = 0

  get plain(): Uint8Array {
    return this.#bytes.subarray(0, this.size)
  }

  /** Returns where it begins. */
  add(source: DataView, from: number, to: number): number {
    const start = this.size
    const length = to - from
    if (start + length + 4 > this.#bytes.length) this.#grow(length + 4)
    this.#view.setInt32(start, length, true)
    if (length > shortBytes) this.#bytes.set(new Uint8Array(source.buffer, source.byteOffset + from, length), start + 4)
    else copied(source, from, this.#view, start + 4, length)
    this.size = start + 4 + length
    return start
  }

  isAt(start: number, source: DataView, from: number, to: number): boolean {
    const length = to - from
    return this.#view.getInt32(start, true) === length && equal(this.#view, start + 4, source, from, length)
  }

  #grow(needed: number): void {
    const more = Buffer.alloc(Math.max(this.#bytes.length * 2, this.size + needed))
    this.#bytes.copy(more, 0, 0, this.size)
    this.#bytes = more
    this.#view = viewOf(more)
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Texts of a row group, each once, in a table that is open and at most a quarter full. */
class Dictionary {
  readonly #slots = new Int32Array(slotsCount)
  readonly #hashes = new Int32Array(dictionaryMax)
  readonly #starts = new Int32Array(dictionaryMax)
  readonly #texts = new PlainTexts()
  /** Neighbours often say the same: a comparison is cheaper than a hash. */
  #last = 0
  entries = 0

  get plain(): Uint8Array {
    return this.#texts.plain
  }

  /** The number of a text; -1 when it is new and there is no more room. */
  number(source: DataView, from: number, to: number): number {
    const last = this.#last
    if (this.entries > 0 && this.#texts.isAt(this.#starts[last] as number, source, from, to)) return last
    return (this.#last = this.#find(source, from, to))
  }

  #find(source: DataView, from: number, to: number): number {
    const hash = hashed(source, from, to, 0x811c9dc5 ^ (to - from))
    const mask = slotsCount - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = (this.#slots[slot] as number) - 1
      if (entry < 0) return this.#add(slot, hash, source, from, to)
      if (this.#hashes[entry] === hash && this.#texts.isAt(this.#starts[entry] as number, source, from, to))
        return entry
    }
  }

  clear(): void {
    if (this.entries === 0) return
    this.#slots.fill(0)
    this.#texts.size = 0
    this.#last = 0
    this.entries = 0
  }

  #add(slot: number, hash: number, source: DataView, from: number, to: number): number {
    if (this.entries >= dictionaryMax) return -1
    this.#hashes[this.entries] = hash
    this.#starts[this.entries] = this.#texts.add(source, from, to)
    this.#slots[slot] = this.entries + 1
    this.entries += 1
    return this.entries - 1
  }
}

/** Texts, by a dictionary while there are few different ones. */
export class TextColumn {
  readonly #pages: ColumnPages
  readonly #presence = new Presence()
  readonly #dictionary = new Dictionary()
  readonly #numbers = new Uint16Array(pageRows)
  readonly #texts = new PlainTexts()
  /** False once a row group had too many different texts: the next one will too. */
  #isRepeating = true
  #first = 0

  constructor(name: string) {
    this.#pages = new ColumnPages(name, physical.bytes)
  }

  /** The text of a row of this row group, UTF-8, from its place in `source`; rows come in order, and one without a text is null. */
  put(row: number, source: DataView, from: number, to: number): void {
    if (row - this.#first >= pageRows) this.#seal(row - ((row - this.#first) % pageRows))
    if (this.#isRepeating) {
      const number = this.#dictionary.number(source, from, to)
      if (number >= 0) {
        this.#numbers[this.#presence.count] = number
        this.#presence.set(row - this.#first)
        return
      }
      // Pages of one column need not end where those of another do.
      this.#seal(row)
      this.#isRepeating = false
    }
    this.#presence.set(row - this.#first)
    this.#texts.add(source, from, to)
    if (this.#texts.size >= pageBytes) this.#seal(row + 1)
  }

  /** The column's part of a row group of so many rows. */
  take(rows: number): Chunk {
    this.#seal(rows)
    this.#first = 0
    const { entries, plain } = this.#dictionary
    if (entries > 0) this.#pages.addDictionary(entries, plain)
    this.#dictionary.clear()
    return this.#pages.take()
  }

  #seal(until: number): void {
    while (this.#first < until) {
      const rows = Math.min(pageRows, until - this.#first)
      // A page of nothing but nulls points into no dictionary: there may be none.
      const isByNumber = this.#isRepeating && this.#presence.count > 0
      if (isByNumber) this.#pages.add(rows, this.#presence, this.#indices(), encodings.dictionary)
      else this.#pages.add(rows, this.#presence, this.#texts.plain, encodings.plain)
      this.#texts.size = 0
      this.#first += rows
    }
  }

  /** One run of numbers in whole bytes: what narrower ones would save, the packing saves. */
  #indices(): Buffer {
    const { count } = this.#presence
    const groups = Math.ceil(count / 8)
    const isNarrow = this.#dictionary.entries <= 256
    const numbers = this.#numbers.subarray(0, count)
    const head = Buffer.from([isNarrow ? 8 : 16, ...varint(groups * 2 + 1)])
    const out = Buffer.alloc(head.length + groups * (isNarrow ? 8 : 16))
    out.set(head)
    if (isNarrow) out.set(numbers, head.length)
    else out.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), head.length)
    return out
  }
}
