import { isoInstant } from '../domain/clock.ts'
import { addDays } from '../domain/day.ts'
import type { Day } from '../domain/day.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { hourMs } from './bucket.ts'
import type { Counters } from './counters.ts'
import { liveJob } from './job.ts'
import type { EventLog } from './log.ts'
import { statement } from './statements.ts'

const compared = ['impressions', 'clicks', 'conversions'] as const

export type Compared = (typeof compared)[number]

/**
 * Why a platform's figure and ours differ, as far as it can be told: the account's day is another one here; invalid traffic that the
 * platform filters; conversions that it dates by the click; another currency; or nothing that is known.
 */
export type ReasonCode = 'time_zone' | 'ivt_filtering' | 'attribution_date' | 'currency' | 'unexplained'

export interface PlatformDifference {
  readonly platform: string
  readonly accountId: string
  readonly campaignId: string
  readonly metric: Compared
  readonly batch: number
  readonly live: number
  /** (live − batch) / batch. */
  readonly ratio: number
  readonly reason: ReasonCode
}

export interface PlatformReconciliation {
  readonly day: Day
  readonly outcome: 'within' | 'outside' | 'not_measured'
  readonly campaigns: number
  readonly differing: readonly PlatformDifference[]
  readonly detail: string
}

/** How far a platform's figure may be from ours, as a share of its own. Ten in a hundred is what the industry calls usual. */
export type Tolerances = Readonly<Record<Compared, number>>

export const usualTolerances: Tolerances = { impressions: 0.1, clicks: 0.1, conversions: 0.1 }

interface Row {
  readonly platform: string
  readonly account_id: string
  readonly campaign_id: string
  readonly other_zone: boolean
  readonly other_currency: boolean
  readonly [column: string]: unknown
}

/** Differences beyond the tolerance, of one campaign. A handful of events is never measured by a ratio. */
export function differencesOf(row: Row, tolerances: Tolerances, countMin = 10): readonly PlatformDifference[] {
  return compared.flatMap((metric): readonly PlatformDifference[] => {
    const [batch, live] = [Number(row[`batch_${metric}`]), Number(row[`live_${metric}`])]
    if (Math.max(batch, live) < countMin) return []
    const ratio = batch === 0 ? Number.POSITIVE_INFINITY : (live - batch) / batch
    if (Math.abs(ratio) <= tolerances[metric]) return []
    const net = live - Number(row[`ivt_${metric}`])
    const isNetWithin = batch > 0 && Math.abs((net - batch) / batch) <= tolerances[metric]
    const place = { platform: row.platform, accountId: row.account_id, campaignId: row.campaign_id }
    return [{ ...place, metric, batch, live, ratio, reason: reasonOf(row, metric, isNetWithin) }]
  })
}

function reasonOf(row: Row, metric: Compared, isNetWithin: boolean): ReasonCode {
  if (isNetWithin) return 'ivt_filtering'
  if (row.other_zone) return 'time_zone'
  if (row.other_currency) return 'currency'
  return metric === 'conversions' ? 'attribution_date' : 'unexplained'
}

export interface PlatformPorts {
  readonly warehouse: Warehouse
  readonly log: EventLog
  readonly counters: Counters
}

/**
 * A day as it was counted live against the platforms' published figures. Campaigns that only one side knows are left out: nobody
 * sends every campaign's events. A day that was not watched whole is `not_measured`, never half right.
 */
export async function reconcilePlatform(
  ports: PlatformPorts,
  day: Day,
  tolerances: Tolerances = usualTolerances,
): Promise<PlatformReconciliation> {
  const missing = await unwatched(ports, day)
  if (missing !== null) return { day, outcome: 'not_measured', campaigns: 0, differing: [], detail: missing }
  const rows = await ports.warehouse.query<Row>(statement('reconcile-platform'), [day])
  if (rows.length === 0) {
    const detail = 'no campaign of the day has both events and a published row'
    return { day, outcome: 'not_measured', campaigns: 0, differing: [], detail }
  }
  const differing = rows.flatMap((row) => differencesOf(row, tolerances))
  const outcome = differing.length === 0 ? 'within' : 'outside'
  return { day, outcome, campaigns: rows.length, differing, detail: '' }
}

/** Zones are at most so far from UTC. */
const zoneMsMax = 14 * hourMs

/** Why a day was not watched from its first minute to its last in every zone; null when it was. */
async function unwatched({ warehouse, log, counters }: PlatformPorts, day: Day): Promise<string | null> {
  const dayMs = Date.parse(`${day}T00:00:00Z`)
  const [first] = await warehouse.query<{ readonly at: string | null }>(
    'select min(append_ms_min)::text as at from lake_event_file where topic = $1 and replaced_at is null',
    [log.topic],
  )
  if (first?.at == null) return 'nothing has landed yet'
  if (Number(first.at) > dayMs - zoneMsMax) return `the first event was taken at ${isoInstant(Number(first.at))}`
  const cursors = (await counters.cursors(liveJob)).filter(({ topic }) => topic === log.topic)
  if (cursors.length === 0) return 'nothing was counted yet'
  const endMs = Date.parse(`${addDays(day, 1)}T00:00:00Z`) + zoneMsMax
  const seenMs = Math.max(...cursors.map(({ watermarkMs }) => watermarkMs ?? 0))
  return seenMs < endMs ? `counted up to ${isoInstant(seenMs)} only` : null
}

/** Keeps what was found. */
export async function recordPlatform(
  { warehouse, log }: PlatformPorts,
  { day, outcome, campaigns, differing, detail }: PlatformReconciliation,
  atMs: number,
): Promise<void> {
  const reasons = Object.entries(Object.groupBy(differing, ({ reason }) => reason))
  const said = detail === '' ? reasons.map(([reason, all]) => `${reason} ${all.length}`).join(', ') : detail
  await warehouse.query(
    `insert into stream_reconciliation (topic, kind, day, outcome, campaigns, differing, detail, at)
     values ($1, 'platform', $2, $3, $4, $5, $6, $7)`,
    [log.topic, day, outcome, campaigns, differing.length, said, isoInstant(atMs)],
  )
}
