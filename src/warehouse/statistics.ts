import { isMillraceError } from '../domain/errors.ts'
import type { PostgresPool } from './postgres-pool.ts'
import type { PartitionReport } from './warehouse.ts'

/** Below this a wrong plan is fast, too. */
const rowsMin = 20_000

/**
 * A fifth of the sample that Postgres takes by itself: how many rows there are and how they spread over days is enough to keep the
 * planner from loops, and a full sample after each doubling cost a tenth of a first load. Autovacuum refines it later.
 */
const analyze = `set local default_statistics_target = 20; analyze (skip_locked) fact_ad_daily, partition_state, dim_entity, dim_account`

const rowsKnown = `select greatest(reltuples, 0)::float8 as rows from pg_class where oid = 'fact_ad_daily'::regclass`

/**
 * Keeps the planner's picture of the facts no older than a doubling. Autovacuum looks once a minute; a reader that comes in between,
 * such as the models right after a first backfill, would be given nested loops over a million rows (minutes instead of a second).
 */
export function statisticsKeeper(pool: PostgresPool): (reports: readonly PartitionReport[]) => Promise<void> {
  let rowsChanged = 0
  return async (reports) => {
    rowsChanged += reports.reduce((sum, { inserted, updated, deleted }) => sum + inserted + updated + deleted, 0)
    if (rowsChanged < rowsMin) return
    try {
      const [found] = await pool.query<{ rows: number }>(rowsKnown)
      if (rowsChanged < (found?.rows ?? 0)) return
      rowsChanged = 0
      await pool.query(analyze)
    } catch (error) {
      // The load before it is committed and must not be reported as failed; autovacuum will do this later.
      if (!isMillraceError(error)) throw error
    }
  }
}
