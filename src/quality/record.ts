import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import type { PartitionKey } from '../domain/metric.ts'
import { partitionText } from '../domain/metric.ts'
import type { Session, Stage } from '../warehouse/warehouse.ts'
import type { CheckResult } from './result.ts'
import { refuses } from './result.ts'
import type { AxisScore } from './score.ts'
import { axes, resultScore, scorecard } from './score.ts'

/** The run of checks that judged each day: results and samples are kept under it. */
export type RunIds = ReadonlyMap<Day, string>

/** The data set's name in results, and what stands before a partition's name in its lock's text. */
export const dataset = 'fact_ad_daily'

/** A partition's name in results: platform|account|level|breakdown|day. */
export function partitionName(key: PartitionKey): string {
  return partitionText(key).slice(dataset.length + 1)
}

const insertRuns = `
insert into dq_run (run_id, dataset, partition, platform, account_id, level, date, load_version, stage, started_at, finished_at, status, contract_hash)
select gen_random_uuid(), $1, r.partition, r.platform, r."accountId", r.level, r.date, r."loadVersion", $2, $3, $3, r.status, $5
from jsonb_to_recordset($4::jsonb) as r (partition text, platform text, "accountId" text, level text, date date, "loadVersion" text, status text)
order by r.partition
returning run_id, partition`

const insertResults = `
insert into dq_result (run_id, check_id, series_key, outcome, severity, dimension, blocking, on_fail, tested, failed, value, expected_low, expected_high,
       score, explain, error)
select r.run_id, r.check_id, r.series_key, r.outcome, r.severity, r.dimension, r.blocking, r.on_fail, r.tested, r.failed, r.value, r.expected_low,
       r.expected_high, r.score, r.explain, r.error
from jsonb_to_recordset($1::jsonb) as r (run_id uuid, check_id text, series_key text, outcome text, severity text, dimension text, blocking boolean,
     on_fail text, tested bigint, failed bigint, value numeric, expected_low numeric, expected_high numeric, score double precision, explain jsonb, error text)
order by r.run_id, r.check_id, r.series_key`

const insertScores = `
insert into dq_score (run_id, axis, score, measured, defined, capped_by)
select r.run_id, r.axis, r.score, r.measured, r.defined, r.capped_by
from jsonb_to_recordset($1::jsonb) as r (run_id uuid, axis text, score double precision, measured int, defined int, capped_by text)`

/** One partition's run of checks, as it is to be written. */
export interface RunRecord {
  readonly key: PartitionKey
  /** The extract that was judged; empty for a partition that nothing was loaded for. */
  readonly loadVersion: string
  readonly results: readonly CheckResult[]
  /** What else is known of the partition and counts in its scores: the results of its audit, for a later check. */
  readonly known?: readonly CheckResult[]
}

/** When and in which moment of a partition's life its checks ran. */
export interface RunMoment {
  /** `audit`: before it is published; `post`: of what readers see; `scheduled`: of a series over days. */
  readonly stage: 'audit' | 'post' | 'scheduled'
  readonly nowMs: number
  /** Hash of the checks as they were configured; null for the built-in ones alone. */
  readonly contractHash?: string | null
}

/**
 * Writes runs of checks with all their results and the scores that these leave: three statements, however many partitions and
 * checks. Results are only ever added; `loadVersion` is the extract that was judged, so that a later load of the same day does not
 * rewrite what was known of this one. Returns the runs' ids in the order of the records.
 */
export async function writeRuns(
  session: Session,
  records: readonly RunRecord[],
  { stage, nowMs, contractHash = null }: RunMoment,
): Promise<readonly string[]> {
  if (records.length === 0) return []
  const runs = records.map(({ key, loadVersion, results }) => ({
    ...key,
    partition: partitionName(key),
    loadVersion,
    status: statusOf(results),
  }))
  const inserted = await session.query<{ readonly run_id: string; readonly partition: string }>(insertRuns, [
    dataset,
    stage,
    isoInstant(nowMs),
    JSON.stringify(runs),
    contractHash,
  ])
  const named = new Map(inserted.map((row) => [row.partition, row.run_id]))
  const ids = runs.map(({ partition }) => named.get(partition) ?? '')
  await session.query(insertResults, [
    JSON.stringify(records.flatMap(({ results }, at) => results.map((one) => asRow(one, ids[at] ?? '')))),
  ])
  await session.query(insertScores, [
    JSON.stringify(records.flatMap(({ results, known = [] }, at) => scoreRows(ids[at] ?? '', [...known, ...results]))),
  ])
  return ids
}

/** The runs of one load's audit: one a day. */
export async function writeResults(
  session: Session,
  stage: Pick<Stage, 'extract' | 'days'>,
  results: readonly CheckResult[],
  moment: Omit<RunMoment, 'stage'>,
): Promise<RunIds> {
  const { platform, accountId, level, breakdownKey, extractId } = stage.extract
  const byDay = Map.groupBy(results, (one) => one.date)
  const records = stage.days.map((date): RunRecord => ({
    key: { platform, accountId, level, breakdownKey, date },
    loadVersion: extractId,
    results: byDay.get(date) ?? [],
  }))
  const ids = await writeRuns(session, records, { ...moment, stage: 'audit' })
  return new Map(stage.days.map((date, at) => [date, ids[at] ?? '']))
}

/** The worst outcome that counts: a refusal, then a warning. */
function statusOf(results: readonly CheckResult[]): 'refused' | 'warned' | 'passed' {
  if (results.some(refuses)) return 'refused'
  return results.some((one) => one.outcome === 'warn' || one.outcome === 'fail' || one.outcome === 'error')
    ? 'warned'
    : 'passed'
}

function asRow(result: CheckResult, runId: string): object {
  return {
    run_id: runId,
    check_id: result.checkId,
    series_key: result.seriesKey ?? '',
    outcome: result.outcome,
    severity: result.severity,
    dimension: result.dimension,
    blocking: result.blocking,
    on_fail: result.onFail,
    tested: result.tested,
    failed: result.failed,
    value: result.value ?? null,
    expected_low: result.expectedLow ?? null,
    expected_high: result.expectedHigh ?? null,
    score: resultScore(result),
    explain: result.facts,
    error: result.error,
  }
}

function scoreRows(runId: string, results: readonly CheckResult[]): readonly object[] {
  const card = scorecard(results)
  const row = (axis: string, { score, measured, defined }: AxisScore, cappedBy: string | null) => ({
    run_id: runId,
    axis,
    score,
    measured,
    defined,
    capped_by: cappedBy,
  })
  return [...axes.map((axis) => row(axis, card.axes[axis], null)), row('overall', card.overall, card.overall.cappedBy)]
}
