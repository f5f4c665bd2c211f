import { addDays } from '../domain/day.ts'
import type { Day } from '../domain/day.ts'
import type { Session, Stage } from '../warehouse/warehouse.ts'
import type { PublishedPast } from './check.ts'

/** How many days a median is taken over. */
const pastDays = 28

/** Days before the slice's first one whose row counts matter. */
const countedDays = 7

/**
 * Rows that a median is taken over at most, the newest first. A median of five thousand says the order of magnitude as well as one
 * of three million, which would cost more than the whole audit.
 */
const medianRowsMax = 5_000

const medianStatement = `
select percentile_cont(0.5) within group (order by (cost / clicks)::float8) as median
from (
  select cost, clicks from fact_ad_daily
  where platform = $1 and account_id = $2 and level = $3 and breakdown_key = $4 and date between $5 and $6 and clicks > 0 and cost > 0
  order by date desc
  limit ${medianRowsMax}
) newest`

const countStatement = `
select date, count(*)::int as rows
from fact_ad_daily
where platform = $1 and account_id = $2 and level = $3 and breakdown_key = $4 and date between $5 and $6
group by date`

/**
 * What is published of the account that the slice is of, along the partitions' own index. Row counts are read only when a staged
 * day is empty, because only then does anybody ask: on every other night they would be the dearest part of the audit.
 */
export async function publishedPast(session: Session, stage: Stage, anyEmpty: boolean): Promise<PublishedPast> {
  return {
    rows: anyEmpty ? await rowCounts(session, stage) : new Map(),
    medianCostPerClick: await median(session, stage),
  }
}

async function rowCounts(session: Session, { extract }: Stage): Promise<ReadonlyMap<Day, number>> {
  const { platform, accountId, level, breakdownKey, since, until } = extract
  const values = [platform, accountId, level, breakdownKey, addDays(since, -countedDays), until]
  const counts = await session.query<{ readonly date: Day; readonly rows: number }>(countStatement, values)
  return new Map(counts.map((row) => [row.date, row.rows]))
}

/**
 * Of the 28 days before the slice; when nothing is published there, of the newest 28 days of the slice that were published before,
 * so that the second load of an account's whole history is judged too.
 */
async function median(session: Session, { extract }: Stage): Promise<number | null> {
  const { platform, accountId, level, breakdownKey, since, until } = extract
  const between = async (first: Day, last: Day): Promise<number | null> => {
    const values = [platform, accountId, level, breakdownKey, first, last]
    const [row] = await session.query<{ readonly median: number | null }>(medianStatement, values)
    return row?.median ?? null
  }
  const before = await between(addDays(since, -pastDays), addDays(since, -1))
  if (before !== null) return before
  const newest = addDays(until, -pastDays)
  return between(newest > since ? newest : since, until)
}
