import type { Day } from '../domain/day.ts'
import type { Session, Stage } from '../warehouse/warehouse.ts'
import { attempt } from './attempt.ts'
import type { Check, SliceValues } from './check.ts'
import type { Fragment } from './fragment.ts'
import { identifier, joined, rendered, sql, trusted } from './fragment.ts'
import type { RunIds } from './record.ts'
import type { CheckResult } from './result.ts'

/** Rows that are kept of one check and one day: enough to see the pattern, too few to be a copy of the data. */
const samplesMax = 20

/** The staged columns that a sample shows; named one by one, so that a column added later is not stored by accident. */
const shown = ['entity_id', 'currency', 'cost', 'impressions', 'clicks', 'conversions', 'conversion_value'] as const

export interface Sampling {
  readonly checks: readonly Check[]
  readonly results: readonly CheckResult[]
  readonly runs: RunIds
  readonly values: SliceValues
}

/**
 * Keeps up to twenty of the rows that each failing check found, a day: one statement for a failing check, none for the others.
 * A sample that cannot be taken is left out; the result already stands and says that the check failed.
 */
export async function keepSamples(session: Session, stage: Stage, sampling: Sampling): Promise<void> {
  for (const check of sampling.checks) {
    const dates = sampling.results
      .filter((one) => one.checkId === check.id && one.outcome === 'fail')
      .map((one) => one.date)
    const failing = failingRows(check, trusted(stage.table), sampling.values)
    if (dates.length === 0 || !failing) continue
    const { text, values } = rendered(sampleStatement(stage, { check, dates, failing }, sampling.runs))
    await attempt(session, () => session.query(text, values))
  }
}

function failingRows(check: Check, stage: Fragment, values: SliceValues): Fragment | undefined {
  return check.samples?.(stage) ?? check.rows?.fails(values)
}

function sampleStatement(
  stage: Stage,
  { check, dates, failing }: { readonly check: Check; readonly dates: readonly Day[]; readonly failing: Fragment },
  runs: RunIds,
): Fragment {
  const columns = joined(
    shown.map((name) => sql`${identifier(name)}`),
    ', ',
  )
  const ids = dates.map((date) => runs.get(date) ?? '')
  return sql`
    with failing as (
      select date, ${columns}, row_number() over (partition by date order by entity_id) as place
      from ${trusted(stage.table)}
      where date = any(${dates}::date[]) and (${failing})
    )
    insert into dq_sample (run_id, check_id, place, row)
    select d.run_id, ${check.id}, f.place, to_jsonb(f) - 'place' - 'date'
    from failing f
    join unnest(${dates}::date[], ${ids}::uuid[]) as d (date, run_id) on d.date = f.date
    where f.place <= ${samplesMax}`
}
