import { MillraceError } from '../domain/errors.ts'
import type { SqlRow, Warehouse } from '../warehouse/warehouse.ts'
import { embeddedEngine } from './embedded-engine.ts'
import { sql } from './sql.ts'

/** The newest days of every pipeline with how they stand, and of how many accounts something is missing. */
export function scheduledDays(warehouse: Pick<Warehouse, 'query'>, days: number): Promise<readonly SqlRow[]> {
  return warehouse.query(sql('scheduled-days'), [days])
}

/** Paused, a pipeline makes no runs and its queued ones do not begin; its days are owed all the same. */
export async function pauseSchedule(
  warehouse: Pick<Warehouse, 'query' | 'transaction'>,
  pipeline: string,
  paused: boolean,
): Promise<void> {
  const rows = await warehouse.query('update ledger_pipeline set paused = $2 where pipeline = $1 returning pipeline', [
    pipeline,
    paused,
  ])
  if (rows.length === 0) throw new MillraceError('ORCHESTRATE_PIPELINE_UNKNOWN', { pipeline })
  await embeddedEngine({ warehouse }).pause(pipeline, paused)
}
