import { constants, zstdCompressSync } from 'node:zlib'
import { compactBytes, i32, i64, list, struct, text, writeVarint } from './thrift.ts'
import type { Thrift } from './thrift.ts'

/** How a column lies in the file: its physical type and what that means. */
export interface ParquetType {
  readonly physical: keyof typeof physicalTypes
  readonly meaning: keyof typeof convertedTypes
  /** Bytes of a `fixed` value. */
  readonly bytes?: number
  /** Of a decimal. */
  readonly digits?: { readonly precision: number; readonly scale: number }
}

/** A column of one row group. */
export interface ParquetColumn {
  readonly name: string
  readonly type: ParquetType
  /** Lengths of runs of present and absent values by turns, beginning with present ones. */
  readonly runs: readonly number[]
  /** The present values in Parquet's plain encoding, one after the other; of a column that has one value only, that value once. */
  readonly values: Uint8Array
  /** Whether all present values are the one in `values`. */
  readonly isConstant: boolean
}

const physicalTypes = { int32: 1, int64: 2, bytes: 6, fixed: 7 } as const
const convertedTypes = { text: 0, decimal: 5, day: 6, integer: 18 } as const
const optional = 1
const encodings = { plain: 0, runs: 3, dictionary: 8 } as const
const pageKinds = { data: 0, dictionary: 2 } as const
const zstd = 6
const magic = Buffer.from('PAR1')

/** The fastest of zstd: the levels above it make these pages a tenth smaller and take twice as long. */
const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/**
 * A Parquet file of one row group, a page a column, zstd (https://parquet.apache.org/docs/file-format/). DuckDB writes the same from
 * a CSV in three times the time, and the CSV is to be made before; so what lands every night is written here, and all else by DuckDB.
 */
export function parquetFile(columns: readonly ParquetColumn[], rows: number): Buffer {
  const parts: Buffer[] = [magic]
  let offset = magic.length
  const chunks = columns.map((column) => {
    const pages = pagesOf(column, rows)
    const chunk = chunkOf(column, pages, { rows, offset })
    for (const { header, body } of pages) {
      parts.push(header, body)
      offset += header.length + body.length
    }
    return chunk
  })
  const footer = compactBytes(
    struct(
      [1, i32(1)],
      [2, list('struct', [rootOf(columns), ...columns.map(schemaOf)])],
      [3, i64(rows)],
      [
        4,
        list('struct', [
          struct([1, list('struct', chunks)], [2, i64(offset - magic.length)], [3, i64(rows)], [5, i64(magic.length)]),
        ]),
      ],
      [6, text('millrace')],
    ),
  )
  const length = Buffer.alloc(4)
  length.writeUInt32LE(footer.length)
  return Buffer.concat([...parts, footer, length, magic])
}

/** A page below it is stored; its length fits the frame's one byte. */
const storedBytes = 128

interface Page {
  readonly kind: keyof typeof pageKinds
  readonly header: Buffer
  readonly body: Buffer
  readonly bytesPlain: number
}

function pagesOf(column: ParquetColumn, rows: number): readonly Page[] {
  const levels = levelsOf(column.runs)
  if (!column.isConstant) return [dataPage(Buffer.concat([levels, column.values]), rows, encodings.plain)]
  const dictionary = page('dictionary', Buffer.from(column.values), [7, struct([1, i32(1)], [2, i32(encodings.plain)])])
  const present = column.runs.reduce((sum, length, index) => (index % 2 === 0 ? sum + length : sum), 0)
  // Indices of one bit, all of them zero: one run.
  const indices = [1]
  writeVarint(indices, present * 2)
  indices.push(0)
  return [dictionary, dataPage(Buffer.concat([levels, Buffer.from(indices)]), rows, encodings.dictionary)]
}

function dataPage(plain: Buffer, rows: number, encoding: number): Page {
  return page('data', plain, [
    5,
    struct([1, i32(rows)], [2, i32(encoding)], [3, i32(encodings.runs)], [4, i32(encodings.runs)]),
  ])
}

function page(kind: Page['kind'], plain: Buffer, detail: readonly [number, Thrift]): Page {
  const body = plain.length < storedBytes ? stored(plain) : zstdCompressSync(plain, zstdOptions)
  const header = compactBytes(struct([1, i32(pageKinds[kind])], [2, i32(plain.length)], [3, i32(body.length)], detail))
  return { kind, header, body, bytesPlain: plain.length + header.length }
}

/**
 * Zstd of few bytes as they are: one frame of one raw block (RFC 8878). The page of a column that says the same in each row has a
 * handful, and a compressor costs a hundred times as much as copying them.
 */
function stored(plain: Buffer): Buffer {
  const block = (plain.length << 3) | 1
  return Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, plain.length, block & 0xff, block >> 8, 0, ...plain])
}

/** Definition levels: which values are there, as runs; their own length stands before them. */
function levelsOf(runs: readonly number[]): Buffer {
  const bytes = [0, 0, 0, 0]
  for (const [index, length] of runs.entries()) {
    if (length === 0) continue
    writeVarint(bytes, length * 2)
    bytes.push(index % 2 === 0 ? 1 : 0)
  }
  const levels = Buffer.from(bytes)
  levels.writeUInt32LE(levels.length - 4)
  return levels
}

function chunkOf(
  column: ParquetColumn,
  pages: readonly Page[],
  { rows, offset }: { readonly rows: number; readonly offset: number },
): Thrift {
  const sizes = pages.map(({ header, body }) => header.length + body.length)
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  const dataOffset = offset + bytes - (sizes.at(-1) ?? 0)
  const used = column.isConstant
    ? [encodings.plain, encodings.runs, encodings.dictionary]
    : [encodings.plain, encodings.runs]
  return struct(
    [2, i64(offset)],
    [
      3,
      struct(
        [1, i32(physicalTypes[column.type.physical])],
        [2, list('i32', used.map(i32))],
        [3, list('text', [text(column.name)])],
        [4, i32(zstd)],
        [5, i64(rows)],
        [6, i64(pages.reduce((sum, one) => sum + one.bytesPlain, 0))],
        [7, i64(bytes)],
        [9, i64(dataOffset)],
        ...(column.isConstant ? [[11, i64(offset)] as const] : []),
      ),
    ],
  )
}

function rootOf(columns: readonly ParquetColumn[]): Thrift {
  return struct([4, text('schema')], [5, i32(columns.length)])
}

function schemaOf({ name, type }: ParquetColumn): Thrift {
  const { physical, meaning, bytes, digits } = type
  return struct(
    [1, i32(physicalTypes[physical])],
    ...(bytes === undefined ? [] : [[2, i32(bytes)] as const]),
    [3, i32(optional)],
    [4, text(name)],
    [6, i32(convertedTypes[meaning])],
    ...(digits ? [[7, i32(digits.scale)] as const, [8, i32(digits.precision)] as const] : []),
  )
}
