import type { Day } from '../domain/day.ts'
import type { Facts } from '../domain/errors.ts'
import type { PartitionKey } from '../domain/metric.ts'
import { partitionText } from '../domain/metric.ts'
import type { Session } from '../warehouse/warehouse.ts'
import type { Dimension, OnFail, Outcome, Severity } from './check.ts'
import { dataset } from './record.ts'
import type { CheckResult, ResultCount } from './result.ts'

export interface StoredRow extends Readonly<Record<string, unknown>> {
  readonly partition: string
  readonly check_id: string
  readonly dimension: Dimension
  readonly severity: Severity
  readonly blocking: boolean
  readonly on_fail: OnFail
  readonly outcome: Outcome
  readonly tested: string | number | null
  readonly failed: string | number | null
  readonly value: string | null
  readonly expected_low: string | null
  readonly expected_high: string | null
  readonly explain: Facts
  readonly error: string | null
}

/** How the checks came out over the newest audit of each of these extracts' partitions. A skipped check counts nowhere. */
export async function countResults(session: Session, extractIds: readonly string[]): Promise<ResultCount> {
  const [row] = await session.query<{ readonly pass: number; readonly warn: number; readonly fail: number }>(
    `select count(*) filter (where q.outcome = 'pass')::int as pass, count(*) filter (where q.outcome = 'warn')::int as warn,
            count(*) filter (where q.outcome in ('fail', 'error'))::int as fail
     from (select distinct on (load_version, partition) run_id from dq_run
           where dataset = $1 and stage = 'audit' and load_version = any($2) order by load_version, partition, run_seq desc) r
     join dq_result q on q.run_id = r.run_id`,
    [dataset, extractIds],
  )
  return row ?? { pass: 0, warn: 0, fail: 0 }
}

/** What the newest audit of each of these partitions said; nothing for one that was never audited. In order of check and day. */
export async function newestResults(
  session: Session,
  keys: readonly PartitionKey[],
): Promise<ReadonlyMap<PartitionKey, readonly CheckResult[]>> {
  const names = new Map(keys.map((key) => [partitionText(key).slice(dataset.length + 1), key]))
  const rows = await session.query<StoredRow>(
    `select r.partition, q.check_id, q.dimension, q.severity, q.blocking, q.on_fail, q.outcome, q.tested, q.failed, q.value,
            q.expected_low, q.expected_high, q.explain, q.error
     from (select distinct on (partition) run_id, partition from dq_run
           where dataset = $1 and stage = 'audit' and partition = any($2) order by partition, run_seq desc) r
     join dq_result q on q.run_id = r.run_id
     order by r.partition, q.check_id`,
    [dataset, [...names.keys()]],
  )
  const byName = Map.groupBy(rows, (row) => row.partition)
  return new Map(
    [...names].flatMap(([name, key]) => {
      const own = byName.get(name)
      return own ? [[key, own.map((row) => resultOf(row, key.date))] as const] : []
    }),
  )
}

export function resultOf(row: StoredRow, date: Day): CheckResult {
  return {
    checkId: row.check_id,
    date,
    dimension: row.dimension,
    severity: row.severity,
    blocking: row.blocking,
    onFail: row.on_fail,
    outcome: row.outcome,
    tested: Number(row.tested ?? 0),
    failed: Number(row.failed ?? 0),
    value: row.value,
    expectedLow: row.expected_low,
    expectedHigh: row.expected_high,
    facts: row.explain,
    error: row.error,
  }
}
