import type { Lake } from '../lake/lake.ts'
import { eventRows } from '../lake/event-parquet.ts'
import { duckConnection } from '../lake/parquet.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { listEventFiles } from './land-care.ts'
import { landedColumns } from './land-lines.ts'
import { statement } from './statements.ts'

/** A DuckDB with two views over what has landed: `ad_events_raw`, every record; `ad_events`, each event once. */
export interface EventViews extends AsyncDisposable {
  /** Column names and rows of one query; DuckDB's own error when it refuses it. */
  ask(sql: string): Promise<{ readonly columns: readonly string[]; readonly rows: readonly (readonly unknown[])[] }>
}

/** Opens the views over the topic's files as they are listed now; files that a compaction replaces meanwhile stay readable for an hour. */
export async function openEventViews(lake: Lake, warehouse: Warehouse, topic: string): Promise<EventViews> {
  await using opening = new AsyncDisposableStack()
  const paths: string[] = []
  for (const { key } of await listEventFiles(warehouse, topic)) paths.push(opening.use(await lake.open(key)).path)
  const duck = opening.use(await duckConnection())
  const rows = paths.length > 0 ? eventRows(paths, landedColumns) : emptyRows()
  await duck.run(`create or replace temp view ad_events_raw as ${rows}`)
  await duck.run(`create or replace temp view ad_events as ${statement('events-clean')}`)
  const opened = opening.move()
  return {
    async ask(sql) {
      const answer = await duck.runAndReadAll(sql)
      return { columns: answer.columnNames(), rows: answer.getRowsJson() }
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

const emptyRows = (): string =>
  `select ${landedColumns.map(({ name, type }) => `null::${type} as "${name}"`).join(', ')} where false`
