import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import { partitionText } from '../domain/metric.ts'
import type { Session, Stage } from '../warehouse/warehouse.ts'
import type { CheckResult } from './result.ts'

/** The run of checks that judged each day: results and samples are kept under it. */
export type RunIds = ReadonlyMap<Day, string>

/** The data set's name in results, and what stands before a partition's name in its lock's text. */
export const dataset = 'fact_ad_daily'

/** A partition's name in results: platform|account|level|breakdown|day. */
function partitionName({ extract }: Pick<Stage, 'extract'>, date: Day): string {
  const { platform, accountId, level, breakdownKey } = extract
  return partitionText({ platform, accountId, level, breakdownKey, date }).slice(dataset.length + 1)
}

const insertRuns = `
insert into dq_run (run_id, dataset, partition, load_version, stage, started_at, finished_at, status)
select gen_random_uuid(), $1, r.partition, $2, 'audit', $3, $3, r.status
from jsonb_to_recordset($4::jsonb) as r (partition text, status text)
returning run_id, partition`

const insertResults = `
insert into dq_result (run_id, check_id, series_key, outcome, severity, dimension, blocking, tested, failed, value, expected_low, expected_high, explain, error)
select r.run_id, r.check_id, '', r.outcome, r.severity, r.dimension, r.blocking, r.tested, r.failed, r.value, r.expected_low, r.expected_high, r.explain, r.error
from jsonb_to_recordset($1::jsonb) as r (run_id uuid, check_id text, outcome text, severity text, dimension text, blocking boolean, tested bigint,
     failed bigint, value numeric, expected_low numeric, expected_high numeric, explain jsonb, error text)`

/**
 * Writes one run of checks a day and all their results: two statements, however many days and checks. Results are only ever added;
 * `load_version` is the extract that was judged, so that a later load of the same day does not rewrite what was known of this one.
 */
export async function writeResults(
  session: Session,
  stage: Stage,
  results: readonly CheckResult[],
  nowMs: number,
): Promise<RunIds> {
  const byDay = Map.groupBy(results, (one) => one.date)
  const runs = stage.days.map((date) => ({
    partition: partitionName(stage, date),
    status: statusOf(byDay.get(date) ?? []),
  }))
  const inserted = await session.query<{ readonly run_id: string; readonly partition: string }>(insertRuns, [
    dataset,
    stage.extract.extractId,
    isoInstant(nowMs),
    JSON.stringify(runs),
  ])
  const named = new Map(inserted.map((row) => [row.partition, row.run_id]))
  const ids = new Map(stage.days.map((date) => [date, named.get(partitionName(stage, date)) ?? '']))
  await session.query(insertResults, [JSON.stringify(results.map((one) => asRow(one, ids)))])
  return ids
}

/** The worst outcome that counts: a refusal, then a warning. */
function statusOf(results: readonly CheckResult[]): 'refused' | 'warned' | 'passed' {
  const refused = results.some((one) => one.blocking && (one.outcome === 'fail' || one.outcome === 'error'))
  if (refused) return 'refused'
  return results.every((one) => one.outcome === 'pass' || one.outcome === 'skipped') ? 'passed' : 'warned'
}

function asRow(result: CheckResult, ids: RunIds): object {
  return {
    run_id: ids.get(result.date),
    check_id: result.checkId,
    outcome: result.outcome,
    severity: result.severity,
    dimension: result.dimension,
    blocking: result.blocking,
    tested: result.tested,
    failed: result.failed,
    value: result.value ?? null,
    expected_low: result.expectedLow ?? null,
    expected_high: result.expectedHigh ?? null,
    explain: result.facts,
    error: result.error,
  }
}
