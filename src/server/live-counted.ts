import { isoInstant } from '../domain/clock.ts'
import { divideDecimals, fromUnits } from '../domain/decimal.ts'
import type { RouteOutput } from './contract.ts'
import type { LiveCounts } from './mount.ts'

type Live = RouteOutput<'GET /api/v1/live'>
type Counts = Awaited<ReturnType<LiveCounts>>
type Answer = Pick<Live, 'minutes' | 'campaigns' | 'partitions' | 'sources'>

const microDigits = 6
/** As the queries of the warehouse's own counters round them. */
const ratioDigits = { ctr: 6, roas: 4 } as const

const ratio = (above: bigint, below: bigint, digits: number): string | null =>
  below === 0n ? null : divideDecimals(fromUnits(above, 0), fromUnits(below, 0), digits)

const instantOf = (ms: number | null): string | null => (ms === null ? null : isoInstant(ms))

const campaignOf = (one: Counts['campaigns'][number]): Live['campaigns'][number] => ({
  date: one.day,
  zone: one.zone,
  platform: one.platform,
  accountId: one.accountId,
  campaignId: one.campaignId,
  currency: one.currency,
  impressions: String(one.values.impressions),
  clicks: String(one.values.clicks),
  conversions: String(one.values.conversions),
  revenue: fromUnits(one.values.revenue_micros, microDigits),
  cost: fromUnits(one.costMicros, microDigits),
  ctr: ratio(one.values.clicks, one.values.impressions, ratioDigits.ctr),
  roas: one.roasWhy === null ? ratio(one.values.revenue_micros, one.costMicros, ratioDigits.roas) : null,
  costSource: one.costSource,
  costAsOf: instantOf(one.costAsOfMs),
  roasWhy: one.roasWhy,
})

/** Counters that were read through their port as the answer has them. */
export function countedAnswer({ place, topic, minutes, campaigns, partitions }: Counts, asOf: string): Answer {
  const source = (rows: number) => ({ query: place, values: [], rows, asOf })
  return {
    minutes: minutes.map(({ atMs, impressions, clicks, conversions }) => ({
      at: isoInstant(atMs),
      impressions: String(impressions),
      clicks: String(clicks),
      conversions: String(conversions),
    })),
    campaigns: campaigns.map(campaignOf),
    partitions: partitions.map(({ partition, records, watermarkMs, committedMs, owner, tallies }) => ({
      topic,
      partition,
      records: String(tallies.records),
      duplicates: String(tallies.duplicates),
      invalid: String(tallies.invalid),
      late: String(tallies.lateDropped),
      watermark: instantOf(watermarkMs),
      committedAt: instantOf(committedMs),
      waiting: String(records),
      running: owner !== null,
    })),
    sources: {
      'live-minutes': source(minutes.length),
      'live-campaigns': source(campaigns.length),
      'live-state': source(partitions.length),
    },
  }
}
