import { duckConnection, quotedName, quotedText } from './parquet.ts'

/** A column of an event file: text as the event has it, but for the numbers of its place and of its reading. */
export interface EventColumn {
  readonly name: string
  readonly type: 'varchar' | 'bigint' | 'integer'
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
