import { duckConnection, quotedName, quotedText } from './parquet.ts'

/** A column of an event file: text, but for the three numbers of its place. JSON numbers pass through a double: 15 digits are exact. */
export interface EventColumn {
  readonly name: string
  readonly type: 'varchar' | 'bigint' | 'integer'
}

/** Text of more different values than this in a row group is not made into a dictionary: ids are all different, and it costs a third of the writing to find out. */
const dictionaryValuesMax = 4_096

/**
 * A file of JSON lines as a Parquet file at `path`, its columns these and no others, its rows in the lines' order. Returns how many.
 * Leave out columns that no line fills: reading and writing one of nothing but nulls costs as much as one of values. `eventRows` gives it back.
 * A line that DuckDB does not read throws: whoever wrote the lines has checked them.
 */
export async function writeEventFile(path: string, lines: string, columns: readonly EventColumn[]): Promise<number> {
  using duck = await duckConnection()
  const types = columns.map(({ name, type }) => `${quotedText(name)}: ${quotedText(type)}`).join(', ')
  const result = await duck.run(
    `copy (select * from read_json(${quotedText(lines)}, format = 'newline_delimited', columns = {${types}}, maximum_object_size = 1048576))
     to ${quotedText(path)} (format parquet, compression zstd, compression_level 1, row_group_size 122880, dictionary_size_limit ${dictionaryValuesMax})`,
  )
  const rows = await result.getRows()
  return Number(rows[0]?.[0] ?? 0)
}

/** SQL for the rows of event files with all of these columns: what a file has not is null. */
export function eventRows(paths: readonly string[], columns: readonly EventColumn[]): string {
  const none = columns.map(({ name, type }) => `null::${type} as ${quotedName(name)}`).join(', ')
  return `select * from read_parquet([${paths.map(quotedText).join(', ')}], union_by_name = true)
    union all by name select ${none} where false`
}

/** Event files as one at `path`, their rows ordered by these columns. Returns how many rows. */
export async function mergeEventFiles(
  path: string,
  sources: readonly string[],
  order: readonly string[],
): Promise<number> {
  using duck = await duckConnection()
  const result = await duck.run(
    `copy (select * from read_parquet([${sources.map(quotedText).join(', ')}], union_by_name = true)
       order by ${order.map(quotedName).join(', ')})
     to ${quotedText(path)} (format parquet, compression zstd, row_group_size 122880)`,
  )
  const rows = await result.getRows()
  return Number(rows[0]?.[0] ?? 0)
}
