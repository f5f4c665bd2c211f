import { isoInstant } from '../domain/clock.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { sql } from './sql.ts'

export interface Retired {
  readonly runs: number
  readonly lines: number
}

/**
 * Removes runs that ended before the instant, with their tasks, attempts and lines; the ledger and what was published stay for ever.
 * With `isDry` it only counts. The newest run of a partition stays, so that a day always shows how it came about.
 */
export async function retireRuns(
  warehouse: Pick<Warehouse, 'transaction'>,
  beforeMs: number,
  isDry: boolean,
): Promise<Retired> {
  return warehouse.transaction(async (session) => {
    const old = await session.query(sql('old-runs'), [isoInstant(beforeMs)])
    const ids = old.map((row) => String(row['run_id']))
    const [counted] = await session.query(
      'select count(*)::int as lines from engine_log where run_id = any ($1::uuid[]) or at < $2',
      [ids, isoInstant(beforeMs)],
    )
    if (!isDry) {
      await session.query('delete from engine_log where run_id = any ($1::uuid[]) or at < $2', [
        ids,
        isoInstant(beforeMs),
      ])
      await session.query('delete from engine_run where run_id = any ($1::uuid[])', [ids])
    }
    return { runs: ids.length, lines: Number(counted?.['lines']) }
  })
}
