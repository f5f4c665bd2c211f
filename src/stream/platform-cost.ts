import type { Clock } from '../domain/clock.ts'
import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { hourMs, minuteMs } from './bucket.ts'
import type { Counters, PlatformCost, ShownCost } from './counters.ts'

/** Keeps costs; an older one never takes the place of a newer one. */
async function keepCosts(warehouse: Warehouse, costs: readonly PlatformCost[]): Promise<void> {
  if (costs.length === 0) return
  await warehouse.query(
    `insert into stream_platform_cost (campaign_id, day, platform, account_id, currency, cost, as_of, starts_at, ends_at)
     select * from unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::text[], $6::numeric[], $7::timestamptz[],
       $8::timestamptz[], $9::timestamptz[])
     on conflict (campaign_id, day, platform, account_id) do update
     set currency = excluded.currency, cost = excluded.cost, as_of = excluded.as_of, starts_at = excluded.starts_at, ends_at = excluded.ends_at
     where stream_platform_cost.as_of <= excluded.as_of`,
    [
      costs.map((one) => one.campaignId),
      costs.map((one) => one.day),
      costs.map((one) => one.platform),
      costs.map((one) => one.accountId),
      costs.map((one) => one.currency),
      costs.map((one) => one.cost),
      costs.map((one) => isoInstant(one.asOfMs)),
      costs.map((one) => isoInstant(one.startsMs)),
      costs.map((one) => isoInstant(one.endsMs)),
    ],
  )
}

/** A pause up to this is a restart, not a part of the day that nobody watched: one hundredth of it. */
const pauseMsMax = 15 * minuteMs

/** Says that events are taken now: the watch of before goes on, or a new one begins. */
async function keepWatch(warehouse: Warehouse, nowMs: number): Promise<void> {
  const [now, pausedAt] = [isoInstant(nowMs), isoInstant(nowMs - pauseMsMax)]
  const kept = await warehouse.query(
    `update stream_watch set until = greatest(until, $1::timestamptz)
     where watch_id = (select max(watch_id) from stream_watch) and until >= $2::timestamptz and since <= $1::timestamptz returning watch_id`,
    [now, pausedAt],
  )
  if (kept.length === 0) await warehouse.query('insert into stream_watch (since, until) values ($1, $1)', [now])
}

/** Kept costs of the days around an instant: every account's running day, wherever it is. */
export async function recentCosts(warehouse: Warehouse, nowMs: number): Promise<readonly ShownCost[]> {
  const rows = await warehouse.query<Record<string, string | null>>(
    `select platform, account_id, campaign_id, day::text as day, currency, cost::text as cost,
       (extract(epoch from as_of) * 1000)::bigint::text as as_of_ms,
       (extract(epoch from starts_at) * 1000)::bigint::text as starts_ms, (extract(epoch from ends_at) * 1000)::bigint::text as ends_ms,
       case when exists (select from stream_watch x where x.since <= starts_at and x.until >= least(as_of, ends_at)) then 'yes' end as watched
     from stream_platform_cost where day between $1::date - 2 and $1::date + 1`,
    [isoInstant(nowMs).slice(0, 10)],
  )
  return rows.map((row) => ({
    platform: String(row['platform']),
    accountId: String(row['account_id']),
    campaignId: String(row['campaign_id']),
    day: row['day'] as Day,
    currency: String(row['currency']),
    cost: row['cost'] as Decimal,
    asOfMs: Number(row['as_of_ms']),
    startsMs: Number(row['starts_ms']),
    endsMs: Number(row['ends_ms']),
    isWatched: row['watched'] === 'yes',
  }))
}

export interface CostJobs {
  readonly warehouse: Warehouse
  readonly counters: Counters
  readonly clock: Clock
  /** Asks the platforms; what could not be asked is told by whoever asks, and left out. */
  readonly pull: (signal: AbortSignal) => Promise<readonly PlatformCost[]>
  readonly everyMs?: number | undefined
  readonly tell: (error: unknown) => void
}

/** How often stores that show costs themselves are told those that are kept: a campaign's first event may come after the pull. */
const showEveryMs = minuteMs

/** Platform costs of the running days, every hour and at the start, until `signal`. What fails is told and tried again in the next round. */
export async function followCosts(jobs: CostJobs, signal: AbortSignal): Promise<void> {
  const { warehouse, counters, clock, everyMs = hourMs } = jobs
  let pulledMs = Number.NEGATIVE_INFINITY
  await keepWatch(warehouse, clock.nowMs()).catch(jobs.tell)
  while (!signal.aborted) {
    const nowMs = clock.nowMs()
    try {
      if (nowMs - pulledMs >= everyMs) {
        pulledMs = nowMs
        await keepCosts(warehouse, await jobs.pull(signal))
      }
      // After the costs: a watch has to reach as far as what it is held against.
      await keepWatch(warehouse, clock.nowMs())
      await counters.showCosts?.(await recentCosts(warehouse, nowMs))
    } catch (error) {
      if (!signal.aborted) jobs.tell(error)
    }
    await clock.sleep(Math.min(showEveryMs, everyMs), signal).catch(() => undefined)
  }
}
