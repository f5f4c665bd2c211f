import type { Chunk } from './column-pages.ts'
import { ColumnPages, Presence, encodings, pageRows, physical, varint } from './column-pages.ts'

/** Text of more different values than this in a row group goes without a dictionary: ids are all different. */
const dictionaryMax = 4_096
const slotsCount = dictionaryMax * 4
const startBytes = 1 << 16
/** A page of texts ends when it has grown to this. */
const pageBytes = 1 << 20

/** Texts of a row group, each once, in a table that is open and at most a quarter full. */
class Dictionary {
  readonly #slots = new Int32Array(slotsCount)
  readonly #hashes = new Int32Array(dictionaryMax)
  readonly #starts = new Int32Array(dictionaryMax)
  /** As the format's dictionary page has them: four bytes of length, then the text. */
  #bytes: Buffer = Buffer.alloc(startBytes)
  #size = 0
  entries = 0

  get plain(): Uint8Array {
    return this.#bytes.subarray(0, this.#size)
  }

  /** The number of a text; -1 when it is new and there is no more room. */
  number(source: Uint8Array, from: number, to: number): number {
    let hash = 0x811c9dc5 ^ (to - from)
    for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (source[at] as number), 0x01000193)
    hash ^= hash >>> 15
    const mask = slotsCount - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = (this.#slots[slot] as number) - 1
      if (entry < 0) return this.#add(slot, hash, source, from, to)
      if (this.#hashes[entry] === hash && this.#isEqual(this.#starts[entry] as number, source, from, to)) return entry
    }
  }

  clear(): void {
    if (this.entries === 0) return
    this.#slots.fill(0)
    this.#size = 0
    this.entries = 0
  }

  #isEqual(start: number, source: Uint8Array, from: number, to: number): boolean {
    const bytes = this.#bytes
    if (bytes.readInt32LE(start) !== to - from) return false
    for (let at = from, other = start + 4; at < to; at += 1, other += 1) if (bytes[other] !== source[at]) return false
    return true
  }

  #add(slot: number, hash: number, source: Uint8Array, from: number, to: number): number {
    if (this.entries >= dictionaryMax) return -1
    this.#bytes = withRoom(this.#bytes, this.#size, to - from + 4)
    this.#hashes[this.entries] = hash
    this.#starts[this.entries] = this.#size
    this.#size = putText(this.#bytes, this.#size, source, from, to)
    this.#slots[slot] = this.entries + 1
    this.entries += 1
    return this.entries - 1
  }
}

function withRoom(bytes: Buffer, used: number, needed: number): Buffer {
  if (used + needed <= bytes.length) return bytes
  const more = Buffer.alloc(Math.max(bytes.length * 2, used + needed))
  bytes.copy(more, 0, 0, used)
  return more
}

/** Texts up to this are copied byte by byte: a call of the engine's costs more. */
const shortBytes = 48

function putText(out: Buffer, at: number, source: Uint8Array, from: number, to: number): number {
  const length = to - from
  out[at] = length
  out[at + 1] = length >> 8
  out[at + 2] = length >> 16
  out[at + 3] = length >> 24
  const start = at + 4
  if (length > shortBytes) out.set(source.subarray(from, to), start)
  else for (let byte = 0; byte < length; byte += 1) out[start + byte] = source[from + byte] as number
  return start + length
}

/** Texts, by a dictionary while there are few different ones. */
export class TextColumn {
  readonly #pages: ColumnPages
  readonly #presence = new Presence()
  readonly #dictionary = new Dictionary()
  readonly #numbers = new Uint16Array(pageRows)
  #plain: Buffer = Buffer.alloc(startBytes)
  #plainSize = 0
  /** False once a row group had too many different texts: the next one will too. */
  #isRepeating = true
  #first = 0

  constructor(name: string) {
    this.#pages = new ColumnPages(name, physical.bytes)
  }

  /** The text of a row of this row group, UTF-8; rows come in order, and one without a text is null. */
  put(row: number, source: Uint8Array, from: number, to: number): void {
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
    this.#plain = withRoom(this.#plain, this.#plainSize, to - from + 4)
    this.#plainSize = putText(this.#plain, this.#plainSize, source, from, to)
    if (this.#plainSize >= pageBytes) this.#seal(row + 1)
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
      else this.#pages.add(rows, this.#presence, this.#plain.subarray(0, this.#plainSize), encodings.plain)
      this.#plainSize = 0
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
