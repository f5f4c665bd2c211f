import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '../domain/errors.ts'
import type { FileRecord } from './file-record.ts'

/** Rows read at once. */
const batchRows = 10_000

const quotedName = (name: string) => `"${name.replaceAll('"', '""')}"`

async function connected(): Promise<DuckDBConnection & Disposable> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '128MB' })
  const connection = await instance.connect()
  return Object.assign(connection, {
    [Symbol.dispose]() {
      connection.closeSync()
      instance.closeSync()
    },
  })
}

async function asked<Result>(file: string, query: () => Promise<Result>): Promise<Result> {
  try {
    return await query()
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
    throw new MillraceError('FILES_PARQUET_BROKEN', { file, reason }, { cause })
  }
}

interface Column {
  readonly name: string
  readonly type: string
}

async function columnsOf(duck: DuckDBConnection, file: string): Promise<readonly Column[]> {
  const sql = 'select column_name, column_type from (describe select * from read_parquet($1))'
  const rows = await asked(file, () => duck.runAndReadAll(sql, [file]))
  return rows.getRows().map((row) => ({ name: String(row[0]), type: String(row[1]) }))
}

/** The names of a Parquet file's columns. Throws FILES_PARQUET_BROKEN for a file that is torn or none. */
export async function parquetNames(file: string): Promise<readonly string[]> {
  using duck = await connected()
  return (await columnsOf(duck, file)).map(({ name }) => name)
}

/** An instant is the day that it shows; everything else is its own text, decimals with all their digits. */
function cellOf({ name, type }: Column): string {
  const value = type.startsWith('TIMESTAMP') ? `${quotedName(name)}::date` : quotedName(name)
  return `coalesce(${value}::varchar, '')`
}

/** The rows of a Parquet file, in its order, cells in the order of its columns; `line` is the row's number. */
export async function* parquetRecords(file: string): AsyncGenerator<FileRecord, void, undefined> {
  using duck = await connected()
  const columns = await columnsOf(duck, file)
  const texts = columns.flatMap(({ type }, index) => (type === 'VARCHAR' ? [index] : []))
  const typed = texts.length === 0 ? 'all' : new Set([...columns.keys()].filter((index) => !texts.includes(index)))
  const sql = `select ${columns.map(cellOf).join(', ')} from read_parquet($1, file_row_number = true)
    where file_row_number >= $2 and file_row_number < $3 order by file_row_number`
  for (let from = 0; ; from += batchRows) {
    const found = await asked(file, () => duck.runAndReadAll(sql, [file, from, from + batchRows]))
    const rows = found.getRows() as string[][]
    for (const [index, cells] of rows.entries()) yield { cells, raw: '', line: from + index + 1, typed }
    if (rows.length < batchRows) return
  }
}
