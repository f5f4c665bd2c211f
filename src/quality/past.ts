import { addDays } from '../domain/day.ts'
import type { Day } from '../domain/day.ts'
import type { Session, Stage } from '../warehouse/warehouse.ts'
import type { PublishedPast } from './check.ts'

/** How many days before the slice are looked at. */
const pastDays = 28

/**
 * Rows that a median is taken over at most, the newest first. A median of five thousand says the order of magnitude as well as one
 * of three million, which would cost more than the whole audit.
 */
const medianRowsMax = 5_000

/** A partition that readers see, with how many rows they see; published empty is 0. */
interface PublishedPartition extends Readonly<Record<string, unknown>> {
  readonly partition_id: number
  readonly date: Day
  readonly rows: number
}

const partitionStatement = `
select partition_id, date, rows
from partition_state
where platform = $1 and account_id = $2 and level = $3 and breakdown_key = $4 and date between $5 and $6 and published_at is not null
order by date desc`

// The partitions' numbers come first and as a list: the load has nested loops switched off, and a join would read every fact there is.
const medianStatement = `
select percentile_cont(0.5) within group (order by (cost / clicks)::float8) as median
from (select cost, clicks from fact_ad_daily where partition_id = any($1::int[]) and clicks > 0 and cost > 0 limit ${medianRowsMax}) newest`

/** What is published of the account that the slice is of: its partitions, and the median cost per click of the newest of them. */
export async function publishedPast(session: Session, { extract }: Stage): Promise<PublishedPast> {
  const { platform, accountId, level, breakdownKey, since, until } = extract
  const partitions = await session.query<PublishedPartition>(partitionStatement, [
    platform,
    accountId,
    level,
    breakdownKey,
    addDays(since, -pastDays),
    until,
  ])
  return {
    rows: new Map(partitions.map((one) => [one.date, one.rows])),
    medianCostPerClick: await median(session, compared(partitions, since)),
  }
}

/**
 * The days before the slice; when nothing is published there, the days of the slice that were published before, so that the second
 * load of an account's whole history is judged too. The newest that together have as many rows as a median needs.
 */
function compared(partitions: readonly PublishedPartition[], since: Day): readonly PublishedPartition[] {
  const before = partitions.filter((one) => one.date < since)
  const candidates = before.some((one) => one.rows > 0) ? before : partitions.slice(0, pastDays)
  let rows = 0
  return candidates.filter((one) => {
    const needed = rows < medianRowsMax
    rows += one.rows
    return needed && one.rows > 0
  })
}

async function median(session: Session, partitions: readonly PublishedPartition[]): Promise<number | null> {
  if (partitions.length === 0) return null
  const ids = partitions.map((one) => String(one.partition_id))
  const [row] = await session.query<{ readonly median: number | null }>(medianStatement, [ids])
  return row?.median ?? null
}

/** The days of the slice with a reference rate of the account's currency; null while no rate was ever loaded. */
export async function ratedDays(session: Session, { account, extract }: Stage): Promise<ReadonlySet<Day> | null> {
  const rows = await session.query<{ readonly date: Day | null }>(
    `select r.date from (select 1 from fx_rate limit 1) loaded
     left join fx_rate r on r.base = 'EUR' and r.quote = $1 and r.date between $2 and $3`,
    [account.currency, extract.since, extract.until],
  )
  return rows.length === 0 ? null : new Set(rows.flatMap(({ date }) => (date === null ? [] : [date])))
}
