import { roundDecimal, toUnits } from '../domain/decimal.ts'
import { addDays, dayAt } from '../domain/day.ts'
import type { Day, TimeZone } from '../domain/day.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { dayNumberAt, hourMs, minuteMs } from './bucket.ts'
import type { Counters, PlatformCost, ShownCost, Total } from './counters.ts'
import { liveJob } from './job.ts'
import { lagOf } from './lag.ts'
import type { EventLog } from './log.ts'
import { recentCosts } from './platform-cost.ts'

export interface LiveQuery {
  readonly nowMs: number
  /** Minutes of the window, the running one included. */
  readonly minutes: number
  readonly campaignId: string | null
  readonly campaignsMax: number
  /** Whoever asks may see the rows of this account. */
  readonly isOwn: (row: Pick<Total, 'platform' | 'accountId'>) => boolean
}

export interface LivePorts {
  readonly log: EventLog
  readonly counters: Counters
  readonly warehouse: Warehouse
}

type Counted = Pick<Total['values'], 'impressions' | 'clicks' | 'conversions'>

export interface LiveCampaign extends Pick<Total, 'platform' | 'accountId' | 'campaignId' | 'currency' | 'values'> {
  readonly day: Day
  readonly zone: TimeZone
  readonly costMicros: bigint
  readonly costSource: 'events' | 'provisional' | null
  readonly costAsOfMs: number | null
  /** Why there is no roas though there is a cost: it is the platform's of the whole day, and only a part of that was watched. */
  readonly roasWhy: 'part_watched' | null
}

const microDigits = 6

const microsOf = ({ cost }: PlatformCost): bigint => toUnits(roundDecimal(cost, microDigits), microDigits)

/** What is counted now, read through the port: for a store that SQL cannot ask. */
export async function liveCounts(ports: LivePorts, query: LiveQuery) {
  const [minutes, campaigns, partitions] = await Promise.all([
    minutesOf(ports, query),
    campaignsOf(ports, query),
    lagOf(ports.log, ports.counters, liveJob, query.nowMs),
  ])
  const cursors = await ports.counters.cursors(liveJob)
  const committedMs = Math.max(0, ...cursors.map((one) => one.committedMs ?? 0))
  return {
    place: ports.counters.place,
    topic: ports.log.topic,
    minutes,
    campaigns: campaigns.map((one) => (one.costSource === 'events' ? { ...one, costAsOfMs: committedMs } : one)),
    partitions: partitions.map((one) => ({
      ...one,
      committedMs: cursors.find(({ partition }) => partition === one.partition)?.committedMs ?? null,
    })),
  }
}

/** Every minute of the window; one without events is a true zero. */
async function minutesOf({ counters }: LivePorts, { nowMs, minutes, campaignId, isOwn }: LiveQuery) {
  const until = Math.floor(nowMs / minuteMs)
  const since = until - minutes + 1
  const totals = await counters.totals({ job: liveJob, grain: 'minute', since, until })
  const sums = new Map<number, Counted>()
  for (const total of totals) {
    if ((campaignId !== null && total.campaignId !== campaignId) || !isOwn(total)) continue
    const before = sums.get(total.bucket)
    const { impressions, clicks, conversions } = total.values
    sums.set(total.bucket, {
      impressions: impressions + (before?.impressions ?? 0n),
      clicks: clicks + (before?.clicks ?? 0n),
      conversions: conversions + (before?.conversions ?? 0n),
    })
  }
  const none: Counted = { impressions: 0n, clicks: 0n, conversions: 0n }
  return Array.from({ length: minutes }, (_, index) => ({
    atMs: (since + index) * minuteMs,
    ...(sums.get(since + index) ?? none),
  }))
}

const nameOf = ({
  platform,
  accountId,
  campaignId,
  currency,
}: Pick<Total, 'platform' | 'accountId' | 'campaignId' | 'currency'>) =>
  JSON.stringify([platform, accountId, campaignId, currency])

/** No zone is further from UTC. */
const zoneMsMax = 14 * hourMs

/** Campaigns of the day that runs in their own zone, the busiest first. */
async function campaignsOf({ counters, warehouse }: LivePorts, query: LiveQuery): Promise<readonly LiveCampaign[]> {
  const { nowMs, campaignId, campaignsMax, isOwn } = query
  const utc = 'UTC' as TimeZone
  const [since, until] = [nowMs - zoneMsMax, nowMs + zoneMsMax].map((ms) => dayNumberAt(ms, utc))
  const [totals, costs, rows] = await Promise.all([
    counters.totals({ job: liveJob, grain: 'day', since, until }),
    recentCosts(warehouse, nowMs),
    warehouse.query<{ platform: string; account_id: string; campaign_id: string; currency: string; timezone: string }>(
      'select platform, account_id, campaign_id, currency, timezone from stream_series where $1::text is null or campaign_id = $1',
      [campaignId],
    ),
  ])
  const zones = new Map(
    rows.map((row) => [
      JSON.stringify([row.platform, row.account_id, row.campaign_id, row.currency]),
      row.timezone as TimeZone,
    ]),
  )
  const running = totals
    .flatMap((total) => {
      const zone = zones.get(nameOf(total))
      return zone !== undefined && total.bucket === dayNumberAt(nowMs, zone) ? [{ total, zone }] : []
    })
    .toSorted((a, b) => Number(busyness(b.total) - busyness(a.total)) || nameOf(a.total).localeCompare(nameOf(b.total)))
  // A cost goes to the row that names it best, whoever sees that row; only then are the rows of others left out.
  return withCosts(running, costs, nowMs).filter(isOwn).slice(0, campaignsMax)
}

const busyness = ({ values }: Total): bigint => values.impressions + values.clicks + values.conversions

/** Each campaign-day's platform cost goes to the one row that names it best, as the view `campaign_day` has it. */
function withCosts(
  running: readonly { readonly total: Total; readonly zone: TimeZone }[],
  costs: readonly ShownCost[],
  nowMs: number,
): readonly LiveCampaign[] {
  const rank = ({ platform, accountId, currency, values }: Total): number =>
    (values.cost_micros > 0n ? 8 : 0) +
    (platform === '' ? 0 : 4) +
    (accountId === '' ? 0 : 2) +
    (currency === '' ? 0 : 1)
  const provisional = new Map<string, ShownCost>()
  for (const cost of costs) {
    const named = running.filter(
      ({ total, zone }) =>
        total.campaignId === cost.campaignId &&
        dayAt(nowMs, zone) === cost.day &&
        ['', cost.platform].includes(total.platform) &&
        ['', cost.accountId].includes(total.accountId) &&
        ['', cost.currency].includes(total.currency),
    )
    const best = named.toSorted((a, b) => rank(b.total) - rank(a.total))[0]
    if (best && best.total.values.cost_micros === 0n) provisional.set(nameOf(best.total), cost)
  }
  return running.map(({ total, zone }) => {
    const { platform, accountId, campaignId, currency, bucket, values } = total
    const said = provisional.get(nameOf(total))
    const own = values.cost_micros > 0n
    return {
      platform,
      accountId,
      campaignId,
      currency,
      values,
      zone,
      day: addDays('1970-01-01' as Day, bucket),
      costMicros: own || !said ? values.cost_micros : microsOf(said),
      costSource: own ? 'events' : said ? 'provisional' : null,
      costAsOfMs: own ? null : (said?.asOfMs ?? null),
      roasWhy: !own && said && !said.isWatched ? 'part_watched' : null,
    }
  })
}
