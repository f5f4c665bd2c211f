import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { NumberColumn } from './column-number.ts'
import type { Chunk } from './column-pages.ts'
import { physical } from './column-pages.ts'
import { TextColumn } from './column-text.ts'
import type { EventColumn } from './event-parquet.ts'
import type { Thrift } from './thrift.ts'
import { compactBytes, i32, i64, list, struct, text } from './thrift.ts'

/** Rows of a row group: what DuckDB makes one of, so that a merged file looks the same. */
const groupRows = 122_880
const magic = Buffer.from('PAR1')
const optional = 1
const utf8 = 0

interface RowGroup {
  readonly rows: number
  readonly offset: number
  readonly chunks: readonly Chunk[]
}

/**
 * Writes a Parquet file row by row, its pages made from bytes where they lie: no text is made, nothing is parsed. Format:
 * https://github.com/apache/parquet-format, version 1 pages, zstd. A column that no row fills is left out. Rows are put into the columns by
 * the number `row`, and each ends with `endRow`.
 */
export class EventFile {
  readonly #file: FileHandle
  readonly #columns: readonly EventColumn[]
  readonly #writers: readonly (NumberColumn | TextColumn)[]
  readonly #groups: RowGroup[] = []
  #offset = magic.length
  /** Of the row group that is being written. */
  row = 0

  private constructor(file: FileHandle, columns: readonly EventColumn[]) {
    this.#file = file
    this.#columns = columns
    this.#writers = columns.map(({ name, type }) =>
      type === 'varchar' ? new TextColumn(name) : new NumberColumn(name, type),
    )
  }

  static async open(path: string, columns: readonly EventColumn[]): Promise<EventFile> {
    const file = await open(path, 'w')
    await file.write(magic)
    return new EventFile(file, columns)
  }

  text(name: string): TextColumn {
    const found = this.#writers[this.#columns.findIndex((one) => one.name === name)]
    if (!(found instanceof TextColumn)) throw new TypeError(`${name} is no column of texts`)
    return found
  }

  number(name: string): NumberColumn {
    const found = this.#writers[this.#columns.findIndex((one) => one.name === name)]
    if (!(found instanceof NumberColumn)) throw new TypeError(`${name} is no column of numbers`)
    return found
  }

  /** True when `flush` has to be awaited before the next row. */
  endRow(): boolean {
    this.row += 1
    return this.row === groupRows
  }

  /** Writes the rows that are waiting, as a row group. */
  async flush(): Promise<void> {
    if (this.row === 0) return
    const chunks = this.#writers.map((one) => one.take(this.row))
    this.#groups.push({ rows: this.row, offset: this.#offset, chunks: chunks.map((one) => ({ ...one, bytes: [] })) })
    const bytes = Buffer.concat(chunks.flatMap((one) => one.bytes))
    await this.#file.write(bytes)
    this.#offset += bytes.length
    this.row = 0
  }

  /** Ends the file. */
  async close(): Promise<void> {
    try {
      await this.flush()
      const footer = compactBytes(this.#metadata())
      const length = Buffer.alloc(4)
      length.writeUInt32LE(footer.length)
      await this.#file.write(Buffer.concat([footer, length, magic]))
    } finally {
      await this.#file.close()
    }
  }

  /** Lets go of a file that is not wanted. */
  abandon(): Promise<void> {
    return this.#file.close()
  }

  #metadata(): Thrift {
    const filled = this.#columns.map((_, index) => this.#groups.some(({ chunks }) => chunks[index]?.isFilled))
    const columns = this.#columns.filter((_, index) => filled[index])
    const root = struct([4, text('schema')], [5, i32(columns.length)])
    const rows = this.#groups.reduce((sum, group) => sum + group.rows, 0)
    return struct(
      [1, i32(1)],
      [2, list('struct', [root, ...columns.map(schemaOf)])],
      [3, i64(rows)],
      [
        4,
        list(
          'struct',
          this.#groups.map((group) => groupOf(group, filled)),
        ),
      ],
      [6, text('millrace')],
      // Bounds of numbers are those of numbers: without it readers may not believe them.
      [
        7,
        list(
          'struct',
          columns.map(() => struct([1, struct()])),
        ),
      ],
    )
  }
}

function schemaOf({ name, type }: EventColumn): Thrift {
  const own = { varchar: physical.bytes, integer: physical.int32, bigint: physical.int64 }[type]
  return struct(
    [1, i32(own)],
    [3, i32(optional)],
    [4, text(name)],
    ...(type === 'varchar' ? ([[6, i32(utf8)]] as const) : []),
  )
}

function groupOf({ rows, offset, chunks }: RowGroup, filled: readonly (boolean | undefined)[]): Thrift {
  let at = offset
  const placed = chunks.map(({ size, metadata }) => {
    const one = metadata(at)
    at += size
    return one
  })
  return struct(
    [
      1,
      list(
        'struct',
        placed.filter((_, index) => filled[index]),
      ),
    ],
    [2, i64(at - offset)],
    [3, i64(rows)],
  )
}
