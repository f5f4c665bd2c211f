import type { Day } from '../domain/day.ts'
import type { Session, Stage } from '../warehouse/warehouse.ts'
import type { Check, PartitionFacts, SliceValues } from './check.ts'
import type { Fragment } from './fragment.ts'
import { joined, rendered, sql, trusted } from './fragment.ts'
import type { RunIds } from './record.ts'
import type { CheckResult } from './result.ts'

/** A check with onFail: quarantine, and the days on which it failed. */
interface Quarantining {
  readonly check: Check
  readonly fails: Fragment
  readonly dates: readonly Day[]
}

/**
 * A day of which nothing would be left is no day with some bad rows: what was to be kept aside is then refused whole. Returns the
 * results with those turned into blocking ones.
 */
export function refuseWhole(
  results: readonly CheckResult[],
  partitions: ReadonlyMap<Day, PartitionFacts>,
): readonly CheckResult[] {
  return results.map((one) => {
    const isWhole = one.failed >= (partitions.get(one.date)?.rows ?? 0)
    return one.onFail === 'quarantine' && one.outcome === 'fail' && isWhole ? { ...one, blocking: true } : one
  })
}

/**
 * Takes the rows out of the stage that a check with onFail: quarantine failed, keeps them whole beside the run that found them, and
 * says how many each day lost. Days that are refused keep their rows: nothing of them is published anyway.
 */
export async function quarantineRows(
  session: Session,
  stage: Stage,
  {
    checks,
    results,
    runs,
    values,
    refused,
  }: {
    readonly checks: readonly Check[]
    readonly results: readonly CheckResult[]
    readonly runs: RunIds
    readonly values: SliceValues
    readonly refused: ReadonlySet<Day>
  },
): Promise<ReadonlyMap<Day, number>> {
  const taken = new Map<Day, number>()
  for (const one of quarantining(checks, results, values, refused)) {
    const { text, values: bound } = rendered(statementOf(stage, one, runs))
    const rows = await session.query<{ readonly date: Day; readonly rows: number }>(text, bound)
    for (const { date, rows: count } of rows) taken.set(date, (taken.get(date) ?? 0) + count)
  }
  return taken
}

function quarantining(
  checks: readonly Check[],
  results: readonly CheckResult[],
  values: SliceValues,
  refused: ReadonlySet<Day>,
): readonly Quarantining[] {
  return checks.flatMap((check) => {
    const fails = check.onFail === 'quarantine' ? check.rows?.fails(values) : undefined
    const dates = results
      .filter((one) => one.checkId === check.id && one.outcome === 'fail' && !refused.has(one.date))
      .map((one) => one.date)
    return fails && dates.length > 0 ? [{ check, fails, dates }] : []
  })
}

function statementOf(stage: Stage, { check, fails, dates }: Quarantining, runs: RunIds): Fragment {
  const ids = dates.map((date) => runs.get(date) ?? '')
  const day = joined([sql`date`], ', ')
  return sql`
    with gone as (
      delete from ${trusted(stage.table)} s where s.date = any(${dates}::date[]) and (${fails}) returning *
    ), kept as (
      insert into dq_quarantine (run_id, check_id, place, row)
      select d.run_id, ${check.id}, row_number() over (partition by g.date order by g.entity_id), to_jsonb(g)
      from gone g join unnest(${dates}::date[], ${ids}::uuid[]) as d (date, run_id) on d.date = g.date
    )
    select ${day}, count(*)::int as rows from gone group by date`
}
