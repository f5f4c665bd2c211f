import type { TimeZone } from '../domain/day.ts'

/** What is counted apart: a campaign, in an account, on a platform, its money in one currency. Empty: the event did not say. */
export interface Series {
  readonly platform: string
  readonly accountId: string
  readonly campaignId: string
  readonly currency: string
}

/**
 * A series with its number in the warehouse and the zone of its account's days. Both are fixed at first sight, so that
 * a replay puts every event into the bucket that it was in before.
 */
export interface ResolvedSeries extends Series {
  readonly seriesId: number
  readonly zone: TimeZone
}
