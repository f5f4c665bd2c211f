import type { Day, DayRange } from '../domain/day.ts'
import type { Facts } from '../domain/errors.ts'
import type { Session } from '../warehouse/warehouse.ts'
import type { CheckResult } from './result.ts'
import type { StoredRow } from './stored.ts'
import { resultOf } from './stored.ts'

export interface ExplainQuestion extends DayRange {
  readonly checkId: string
  readonly platforms?: readonly string[] | undefined
  readonly accountIds?: readonly string[] | undefined
}

/** The newest word of one check on one account's day. */
export interface CheckExplanation {
  readonly account: string
  /** The extract that was judged. */
  readonly loadVersion: string
  readonly result: CheckResult
  /** Of a contract: a line a column, as a difference is written. */
  readonly difference: readonly string[]
  readonly samples: readonly Readonly<Record<string, unknown>>[]
}

type Row = StoredRow & {
  readonly platform: string
  readonly account_id: string
  readonly date: Day
  readonly load_version: string
  readonly samples: readonly Readonly<Record<string, unknown>>[]
}

const statement = `
select r.partition, r.platform, r.account_id, r.date, r.load_version, q.check_id, q.series_key, q.dimension, q.severity, q.blocking, q.on_fail, q.outcome, q.tested,
       q.failed, q.value, q.expected_low, q.expected_high, q.explain, q.error,
       coalesce((select json_agg(s.row order by s.place) from dq_sample s where s.run_id = q.run_id and s.check_id = q.check_id), '[]') as samples
from dq_newest_run r
join dq_result q on q.run_id = r.run_id and q.check_id = $1
where r.dataset = 'fact_ad_daily' and r.date between $2::date and $3::date
  and ($4::text[] is null or r.platform = any ($4)) and ($5::text[] is null or r.account_id = any ($5))
order by r.date, r.platform, r.account_id, q.series_key`

/** What a check found in a range, by account and day, with every number of it and the rows that were kept. */
export async function readExplanations(
  session: Session,
  { checkId, since, until, platforms, accountIds }: ExplainQuestion,
): Promise<readonly CheckExplanation[]> {
  const rows = await session.query<Row>(statement, [checkId, since, until, platforms ?? null, accountIds ?? null])
  return rows.map((row) => ({
    account: `${row.platform}/${row.account_id}`,
    loadVersion: row.load_version,
    result: resultOf(row, row.date),
    difference: checkId === 'ads.schema_drift' ? differenceOf(row.explain) : [],
    samples: row.samples,
  }))
}

/** The columns that came against those of the contract: gone with a minus, new with a plus, of another type with a tilde. */
export function differenceOf(facts: Facts): readonly string[] {
  const listed = (name: string) => {
    const text = facts[name]
    return typeof text === 'string' && text !== '–' ? text.split(/, (?![^(]*\))/) : []
  }
  return [
    ...listed('removed').map((name) => `- ${name}`),
    ...listed('mistyped').map((name) => `~ ${name}`),
    ...listed('added').map((name) => `+ ${name}`),
  ]
}
