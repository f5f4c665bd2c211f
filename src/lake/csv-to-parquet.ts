import { MillraceError } from '../domain/errors.ts'
import { duckConnection, quotedName, quotedText } from './parquet.ts'

/** A column by the name of its DuckDB type: `BIGINT`, `DECIMAL(38,18)`, `VARCHAR`. */
export interface TypedColumn {
  readonly name: string
  readonly type: string
}

/**
 * Turns a CSV with a heading into one Parquet file, zstd. An empty field is null, a quoted empty one the empty text; a value that does
 * not fit its column is an error, never a null. Throws LAKE_PARQUET_REFUSED.
 */
export async function csvToParquet(csvPath: string, path: string, columns: readonly TypedColumn[]): Promise<void> {
  using duck = await duckConnection()
  const types = columns.map(({ name, type }) => `${quotedText(name)}: ${quotedText(type)}`).join(', ')
  const reading = `read_csv(${quotedText(csvPath)}, header = true, auto_detect = false, columns = {${types}}, delim = ',', quote = '"', escape = '"', new_line = '\\n', nullstr = '', allow_quoted_nulls = false, max_line_size = 2097152)`
  const names = columns.map(({ name }) => quotedName(name)).join(', ')
  try {
    await duck.run(`copy (select ${names} from ${reading}) to ${quotedText(path)} (format parquet, compression zstd)`)
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
    throw new MillraceError('LAKE_PARQUET_REFUSED', { path, reason }, { cause })
  }
}
