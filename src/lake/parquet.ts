import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { MillraceError } from '../domain/errors.ts'
import type { RawColumn, RawRow } from '../domain/mapping.ts'
import { ahead } from './ahead.ts'

/** Rows of one row group: small enough that a group of wide JSON rows fits into DuckDB's memory, large enough to compress well. */
export const rowGroupRows = 20_480

/** DuckDB spills to disk above it; the pipeline's bar is 300 MB for everything together. */
const memoryLimit = '128MB'

let shared: Promise<DuckDBInstance> | undefined

/**
 * A connection to the process's one in-memory DuckDB. One thread a query: two accounts at once already fill two cores, and a second
 * thread would only double the buffers. Extensions are never fetched from the internet.
 */
export async function duckConnection(): Promise<DuckDBConnection & Disposable> {
  shared ??= import('@duckdb/node-api').then(({ DuckDBInstance }) =>
    DuckDBInstance.create(':memory:', {
      threads: '1',
      memory_limit: memoryLimit,
      temp_directory: join(tmpdir(), `millrace-duckdb-${process.pid}`),
      autoinstall_known_extensions: 'false',
    }),
  )
  const connection = await (await shared).connect()
  return Object.assign(connection, { [Symbol.dispose]: () => connection.closeSync() })
}

/** A name as SQL identifier. Every identifier of the lake's SQL passes through here. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Text as SQL literal, for the few places where DuckDB takes no parameter (the target of a copy, the keys of a struct). */
export function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

const separator = '\x1f'
const nullMark = '\x1d'

/**
 * The rows of a raw file, in the order they were written, as exact text: numbers without trailing zeros, days as `YYYY-MM-DD`.
 * A column that the file does not have reads as null, unless it is required.
 * Throws LAKE_FILE_UNREADABLE for a file that is torn or none of ours, LAKE_COLUMN_MISSING.
 */
export async function* readRawRows(
  path: string,
  columns: readonly RawColumn[],
  batchRows: number = rowGroupRows,
): AsyncGenerator<readonly RawRow[], void, undefined> {
  using duck = await duckConnection()
  const file = await describe(duck, path)
  const lost = columns.find((column) => column.required && !file.names.has(column.name))
  if (lost)
    throw new MillraceError('LAKE_COLUMN_MISSING', { path, column: lost.name, found: [...file.names].join(', ') })
  const present = columns.filter((column) => file.names.has(column.name))
  const absent = columns.filter((column) => !file.names.has(column.name)).map((column) => column.name)
  yield* ahead(Math.ceil(file.rows / batchRows), (index) =>
    readRange(duck, { path, columns: present, absent, from: index * batchRows, until: (index + 1) * batchRows }),
  )
}

/** The columns of a raw file as it has them, for showing it: what a mapping required of them is not in the file. */
export async function readColumns(path: string): Promise<readonly RawColumn[]> {
  using duck = await duckConnection()
  const rows = await asked(path, () =>
    duck.runAndReadAll('select column_name, column_type from (describe select * from read_parquet($1))', [path]),
  )
  return rows.getRows().map((row) => ({ name: String(row[0]), type: rawTypeOf(String(row[1])), required: false }))
}

function rawTypeOf(duckType: string): RawColumn['type'] {
  if (duckType.startsWith('DECIMAL')) return 'decimal'
  return duckType === 'DATE' ? 'day' : duckType === 'BIGINT' ? 'bigint' : 'text'
}

interface Range {
  readonly path: string
  readonly columns: readonly RawColumn[]
  readonly absent: readonly string[]
  readonly from: number
  readonly until: number
}

async function describe(duck: DuckDBConnection, path: string): Promise<{ names: ReadonlySet<string>; rows: number }> {
  const sql =
    'select s.name, f.num_rows from parquet_schema($1) s, parquet_file_metadata($1) f where s.type is not null'
  const rows = await asked(path, () => duck.runAndReadAll(sql, [path]))
  const found = rows.getRows()
  return { names: new Set(found.map((row) => String(row[0]))), rows: Number(found[0]?.[1] ?? 0) }
}

async function asked<Result>(path: string, query: () => Promise<Result>): Promise<Result> {
  try {
    return await query()
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
    throw new MillraceError('LAKE_FILE_UNREADABLE', { path, reason }, { cause })
  }
}

/**
 * A range of rows. Handing over one value after the other costs more than reading them (90 k rows/s); so DuckDB joins each column
 * of the range into one text and JavaScript splits it (530 k rows/s). Where a value contains the separator itself, or a day column
 * holds several days, the range is read value by value.
 */
async function readRange(duck: DuckDBConnection, range: Range): Promise<readonly RawRow[]> {
  const { path, columns, absent, from, until } = range
  const parts = columns.map(({ name, type }) =>
    type === 'day'
      ? `min(${quotedName(name)})::varchar, max(${quotedName(name)})::varchar, count(${quotedName(name)})`
      : `string_agg(coalesce(${quotedName(name)}::varchar, chr(29)), chr(31)), null, count(${quotedName(name)})`,
  )
  const sql = `select ${['count(*)', ...parts].join(', ')} from read_parquet($1, file_row_number = true) where file_row_number >= $2 and file_row_number < $3`
  const reader = await asked(path, () => duck.runAndReadAll(sql, [path, from, until]))
  const answer = reader.getRows()[0] ?? []
  const rows = Number(answer[0])
  const lists = columns.map((column, index) =>
    valuesOf(column, rows, {
      joined: answer[index * 3 + 1] as string | null,
      last: answer[index * 3 + 2] as string | null,
      present: Number(answer[index * 3 + 3]),
    }),
  )
  if (!lists.every((list) => list !== undefined)) return readSlowly(duck, range)
  return rowsOf(
    columns.map((column) => column.name),
    lists,
    absent,
    rows,
  )
}

interface Joined {
  readonly joined: string | null
  readonly last: string | null
  /** How many of the values are not null. */
  readonly present: number
}

/** The values of one column of a range, or undefined when they cannot be told apart in the joined text. */
function valuesOf(column: RawColumn, rows: number, { joined, last, present }: Joined): (string | null)[] | undefined {
  if (column.type === 'day') return joined === last && present === rows ? Array(rows).fill(joined) : undefined
  const values: (string | null)[] = (joined ?? '').split(separator)
  if (values.length !== rows) return undefined
  if (present < rows && unmarked(values) !== rows - present) return undefined
  if (column.type === 'decimal') trimAll(values)
  return values
}

/** Turns null marks into nulls and says how many there were; more than there are nulls means that a value looks like the mark. */
function unmarked(values: (string | null)[]): number {
  let count = 0
  for (let index = 0; index < values.length; index += 1) {
    if (values[index] !== nullMark) continue
    values[index] = null
    count += 1
  }
  return count
}

function trimAll(values: (string | null)[]): void {
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index]
    if (value !== null && value !== undefined) values[index] = withoutTrailingZeros(value)
  }
}

/** `1.500000` is `1.5` and `2.000000` is `2`: DuckDB prints a decimal with all digits of its type. */
function withoutTrailingZeros(text: string): string {
  if (!text.includes('.')) return text
  let end = text.length
  while (text.charCodeAt(end - 1) === 48) end -= 1
  if (text.charCodeAt(end - 1) === 46) end -= 1
  return text.slice(0, end)
}

function rowsOf(
  names: readonly string[],
  lists: readonly (readonly (string | null)[])[],
  absent: readonly string[],
  count: number,
): RawRow[] {
  const rows: RawRow[] = []
  for (let index = 0; index < count; index += 1) {
    const row: Record<string, string | null> = {}
    for (let at = 0; at < names.length; at += 1) row[names[at] as string] = lists[at]?.[index] ?? null
    for (const name of absent) row[name] = null
    rows.push(row)
  }
  return rows
}

async function readSlowly(duck: DuckDBConnection, { path, columns, absent, from, until }: Range): Promise<RawRow[]> {
  const list = columns.map(({ name }) => `${quotedName(name)}::varchar`).join(', ')
  const sql = `select ${list} from read_parquet($1, file_row_number = true) where file_row_number >= $2 and file_row_number < $3`
  const reader = await asked(path, () => duck.runAndReadAll(sql, [path, from, until]))
  const lists = reader.getColumns() as (string | null)[][]
  for (const [index, column] of columns.entries()) if (column.type === 'decimal') trimAll(lists[index] ?? [])
  return rowsOf(
    columns.map((column) => column.name),
    lists,
    absent,
    reader.currentRowCount,
  )
}
