import type { Clock } from '../domain/clock.ts'
import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { hourMs, minuteMs } from './bucket.ts'
import type { Counters, PlatformCost } from './counters.ts'

/** Keeps costs; an older one never takes the place of a newer one. */
async function keepCosts(warehouse: Warehouse, costs: readonly PlatformCost[]): Promise<void> {
  if (costs.length === 0) return
  await warehouse.query(
    `insert into stream_platform_cost (campaign_id, day, platform, account_id, currency, cost, as_of)
     select * from unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::text[], $6::numeric[], $7::timestamptz[])
     on conflict (campaign_id, day, platform, account_id) do update
     set currency = excluded.currency, cost = excluded.cost, as_of = excluded.as_of
     where stream_platform_cost.as_of <= excluded.as_of`,
    [
      costs.map((one) => one.campaignId),
      costs.map((one) => one.day),
      costs.map((one) => one.platform),
      costs.map((one) => one.accountId),
      costs.map((one) => one.currency),
      costs.map((one) => one.cost),
      costs.map((one) => isoInstant(one.asOfMs)),
    ],
  )
}

/** Kept costs of the days around an instant: every account's running day, wherever it is. */
export async function recentCosts(warehouse: Warehouse, nowMs: number): Promise<readonly PlatformCost[]> {
  const rows = await warehouse.query<Record<string, string>>(
    `select platform, account_id, campaign_id, day::text as day, currency, cost::text as cost,
       (extract(epoch from as_of) * 1000)::bigint::text as as_of_ms
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
  while (!signal.aborted) {
    const nowMs = clock.nowMs()
    try {
      if (nowMs - pulledMs >= everyMs) {
        pulledMs = nowMs
        await keepCosts(warehouse, await jobs.pull(signal))
      }
      await counters.showCosts?.(await recentCosts(warehouse, nowMs))
    } catch (error) {
      if (!signal.aborted) jobs.tell(error)
    }
    await clock.sleep(Math.min(showEveryMs, everyMs), signal).catch(() => undefined)
  }
}
