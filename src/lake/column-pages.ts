import { constants, zstdCompressSync } from 'node:zlib'
import type { Thrift } from './thrift.ts'
import { compactBytes, i32, i64, list, struct, text, writeVarint } from './thrift.ts'

/** Numbers of the format's own lists (parquet.thrift): physical types, encodings, pages, codecs. */
export const physical = { int32: 1, int64: 2, bytes: 6 } as const
export const encodings = { plain: 0, rle: 3, dictionary: 8 } as const
const pageTypes = { data: 0, dictionary: 2 } as const
const zstd = 6

/** Rows of a page at most, in whole bytes of presence. */
export const pageRows = 20_480

const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** The head of a run: seven bits a byte, the lowest first. */
export function varint(value: number): readonly number[] {
  const bytes: number[] = []
  writeVarint(bytes, value)
  return bytes
}

/** Which rows of a page have a value: the format's definition levels, of one bit. */
export class Presence {
  readonly #bits = new Uint8Array(pageRows / 8)
  count = 0

  set(row: number): void {
    const bits = this.#bits
    bits[row >> 3] = (bits[row >> 3] as number) | (1 << (row & 7))
    this.count += 1
  }

  /** The levels of `rows` rows as they go before a page's values; then nothing is set any more. */
  take(rows: number): Buffer {
    const isRun = this.count === 0 || this.count === rows
    const groups = Math.ceil(rows / 8)
    const levels = isRun
      ? Buffer.from([...varint(rows * 2), this.count === 0 ? 0 : 1])
      : Buffer.concat([Buffer.from(varint(groups * 2 + 1)), this.#bits.subarray(0, groups)])
    const length = Buffer.alloc(4)
    length.writeUInt32LE(levels.length)
    this.#bits.fill(0)
    this.count = 0
    return Buffer.concat([length, levels])
  }
}

/** A column's part of a row group, as it lies in the file. */
export interface Chunk {
  readonly bytes: readonly Buffer[]
  readonly size: number
  /** Whether any row has a value. */
  readonly isFilled: boolean
  /** Its ColumnChunk, once it is known where in the file it begins. */
  readonly metadata: (offset: number) => ReturnType<typeof struct>
}

/** Pages of one column and one row group. */
export class ColumnPages {
  readonly #name: string
  readonly #type: number
  readonly #used = new Set<number>([encodings.rle])
  #pages: Buffer[] = []
  #dictionary: readonly Buffer[] = []
  #plainBytes = 0
  #rows = 0
  #present = 0

  constructor(name: string, type: number) {
    this.#name = name
    this.#type = type
  }

  /** A page of `rows` rows, of which `presence` has as many as `values` holds. */
  add(rows: number, presence: Presence, values: Uint8Array, encoding: number): void {
    const present = presence.count
    const header = struct([1, i32(rows)], [2, i32(encoding)], [3, i32(encodings.rle)], [4, i32(encodings.rle)])
    this.#pages.push(...this.#packed(Buffer.concat([presence.take(rows), values]), pageTypes.data, [5, header]))
    this.#used.add(encoding)
    this.#rows += rows
    this.#present += present
  }

  /** The texts that dictionary pages point into: it lies before them. */
  addDictionary(entries: number, plain: Uint8Array): void {
    const header = struct([1, i32(entries)], [2, i32(encodings.plain)])
    this.#dictionary = this.#packed(plain, pageTypes.dictionary, [7, header])
    this.#used.add(encodings.plain)
  }

  /** What has been added, and then nothing. `bounds`: the smallest and the largest value, as the format keeps them. */
  take(bounds?: readonly [smallest: Uint8Array, largest: Uint8Array]): Chunk {
    const bytes = [...this.#dictionary, ...this.#pages]
    const [name, type, used, rows, present, plainBytes] = [
      this.#name,
      this.#type,
      [...this.#used],
      this.#rows,
      this.#present,
      this.#plainBytes,
    ]
    const size = sizeOf(bytes)
    const dictionary = sizeOf(this.#dictionary)
    const statistics = struct(
      [3, i64(rows - present)],
      ...(bounds && present > 0
        ? ([
            [5, text(bounds[1])],
            [6, text(bounds[0])],
          ] as const)
        : []),
    )
    this.#pages = []
    this.#dictionary = []
    this.#plainBytes = 0
    this.#rows = 0
    this.#present = 0
    this.#used.clear()
    this.#used.add(encodings.rle)
    const metadata = (offset: number) => {
      const column = struct(
        [1, i32(type)],
        [2, list('i32', used.map(i32))],
        [3, list('text', [text(name)])],
        [4, i32(zstd)],
        [5, i64(rows)],
        [6, i64(plainBytes)],
        [7, i64(size)],
        [9, i64(offset + dictionary)],
        ...(dictionary > 0 ? ([[11, i64(offset)]] as const) : []),
        [12, statistics],
      )
      return struct([2, i64(offset)], [3, column])
    }
    return { bytes, size, isFilled: present > 0, metadata }
  }

  #packed(plain: Uint8Array, type: number, detail: readonly [id: number, value: Thrift]): readonly Buffer[] {
    const packed = zstdCompressSync(plain, zstdOptions)
    const header = compactBytes(struct([1, i32(type)], [2, i32(plain.length)], [3, i32(packed.length)], detail))
    this.#plainBytes += header.length + plain.length
    return [header, packed]
  }
}

const sizeOf = (buffers: readonly Buffer[]): number => buffers.reduce((sum, { length }) => sum + length, 0)
