import type { Day } from '../domain/day.ts'
import type { Session, Stage } from '../warehouse/warehouse.ts'
import { attempt } from './attempt.ts'
import type { Check, SliceValues } from './check.ts'
import type { Fragment } from './fragment.ts'
import { identifier, joined, rendered, sql, trusted } from './fragment.ts'
import type { Asked } from './audit-query.ts'
import type { RunIds } from './record.ts'
import type { CheckResult } from './result.ts'

/** Rows that are kept of one check and one day: enough to see the pattern, too few to be a copy of the data. */
const samplesMax = 20

/** The staged columns that a sample shows; named one by one, so that a column added later is not stored by accident. */
const shown = ['entity_id', 'currency', 'cost', 'impressions', 'clicks', 'conversions', 'conversion_value'] as const

/** Checks whose rows are kept by one statement. */
const checksAtOnce = 50

/** A check, the days on which it failed, and which rows it failed. */
interface Failing {
  readonly check: Check
  readonly dates: readonly Day[]
  readonly rows: Fragment
}

export interface Sampling {
  readonly checks: readonly Check[]
  readonly results: readonly CheckResult[]
  readonly runs: RunIds
  readonly values: SliceValues
  /** Columns that are tagged as personal or secret, by the names under which people read them. */
  readonly hidden: readonly string[]
}

/**
 * Keeps up to twenty of the rows that each failing check found, a day: one statement for fifty failing checks, none for the others.
 * A sample that cannot be taken is left out; the result already stands and says that the check failed.
 */
export async function keepSamples(session: Session, stage: Stage, sampling: Sampling): Promise<void> {
  const failing = sampling.checks.flatMap((check): readonly Failing[] => {
    const dates = sampling.results
      .filter((one) => one.checkId === check.id && one.outcome === 'fail')
      .map((one) => one.date)
    const rows = failingRows(check, trusted(stage.table), sampling.values)
    return dates.length > 0 && rows ? [{ check, dates, rows }] : []
  })
  for (let at = 0; at < failing.length; at += checksAtOnce) {
    const batch = failing.slice(at, at + checksAtOnce)
    const keep = (some: readonly Failing[]) => {
      const { text, values } = rendered(sampleStatement(stage, some, sampling))
      return attempt(session, () => session.query(text, values))
    }
    const { ok } = await keep(batch)
    if (!ok) for (const one of batch) await keep([one])
  }
}

function failingRows(check: Check, stage: Fragment, values: SliceValues): Fragment | undefined {
  return check.samples?.(stage) ?? check.rows?.fails(values)
}

function sampleStatement(stage: Stage, failing: readonly Failing[], { runs, hidden }: Sampling): Fragment {
  const columns = shown
    .filter((name) => !hidden.includes(name === 'entity_id' ? 'campaign_id' : name))
    .map((name) => sql`${identifier(name)}`)
  const chosen = failing.map(({ check, dates, rows }) => {
    const ids = dates.map((date) => runs.get(date) ?? '')
    return sql`
    insert into dq_sample (run_id, check_id, place, row)
    select d.run_id, ${check.id}, f.place, to_jsonb(f) - 'place' - 'date'
    from (
      select ${joined([sql`date`, ...columns], ', ')}, row_number() over (partition by date order by entity_id) as place
      from ${trusted(stage.table)}
      where date = any(${dates}::date[]) and (${rows})
    ) f
    join unnest(${dates}::date[], ${ids}::uuid[]) as d (date, run_id) on d.date = f.date
    where f.place <= ${samplesMax}`
  })
  const [only] = chosen
  if (chosen.length === 1 && only) return only
  const named = chosen.map((one, at) => sql`${identifier(`kept ${at}`)} as (${one} returning 1)`)
  return sql`with ${joined(named, ', ')} select 1`
}

/** Keeps what queries showed of their failures, tagged columns left out, whatever else the query gave. */
export async function keepSqlSamples(
  session: Session,
  runs: RunIds,
  asked: readonly Asked[],
  hidden: readonly string[],
): Promise<void> {
  const rows = asked
    .filter(({ result }) => result.outcome === 'fail')
    .flatMap(({ result, samples }) =>
      samples.slice(0, samplesMax).map((row, place) => ({
        run_id: runs.get(result.date),
        check_id: result.checkId,
        place: place + 1,
        row: Object.fromEntries(Object.entries(row).filter(([name]) => !hidden.includes(name))),
      })),
    )
  if (rows.length === 0) return
  await session.query(
    `insert into dq_sample (run_id, check_id, place, row)
     select r.run_id, r.check_id, r.place, r.row from jsonb_to_recordset($1::jsonb) as r (run_id uuid, check_id text, place int, row jsonb)`,
    [JSON.stringify(rows)],
  )
}
