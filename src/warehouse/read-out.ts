import type { SqlRow, Warehouse } from './warehouse.ts'

/** A column of a query, by Postgres's own name of its type: `numeric`, `date`. */
export interface ReadColumn {
  readonly name: string
  readonly type: string
}

/** Told first what the columns are, then the rows, a batch at a time. */
export interface ReadOut {
  columns(columns: readonly ReadColumn[]): Promise<void>
  rows(batch: readonly SqlRow[]): Promise<void>
}

const batchRows = 5_000

/**
 * Reads the answer of one query of any size through a cursor, in a transaction that cannot write, all rows of one moment. Returns how
 * many there were. Throws what the query costs; two columns of one name are refused.
 */
export function readOut(warehouse: Warehouse, query: string, to: ReadOut): Promise<number> {
  return warehouse.transaction(async (session) => {
    await session.query('set transaction isolation level repeatable read')
    // Only what Postgres has parsed knows its columns: a view says them without running the query. It goes before the first row.
    await session.query(`create temporary view read_out as select * from (${query}\n) as asked`)
    const columns = await session.query<{ name: string; type: string }>(
      `select attname as name, format_type(atttypid, null) as type from pg_attribute
       where attrelid = 'pg_temp.read_out'::regclass and attnum > 0 order by attnum`,
    )
    await session.query('drop view pg_temp.read_out')
    await session.query('set transaction read only')
    await to.columns(columns)
    await session.query(`declare read_out no scroll cursor for select * from (${query}\n) as asked`)
    for (let count = 0; ;) {
      const batch = await session.query(`fetch ${batchRows} from read_out`)
      if (batch.length === 0) return count
      count += batch.length
      await to.rows(batch)
    }
  })
}
