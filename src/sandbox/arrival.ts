import type { TimeZone } from '../domain/day.ts'
import { dayEndMs, dayStartMs } from '../domain/day.ts'
import type { DayNumber } from './day-number.ts'
import { dayText } from './day-number.ts'

/** How much of a day a platform knows at an instant. Computed once a day and account, then used for every campaign. */
export interface Arrival {
  /** Share of the civil day that has passed, 0 to 1. */
  readonly elapsed: number
  /** Share of impressions, clicks and cost that reports show. */
  readonly delivered: number
  /** Days since the day ended; negative while it runs. */
  readonly lagDays: number
}

const dayMs = 86_400_000
/** Reports of the running day trail behind by this share; the rest comes within the hours after midnight. */
const trailingShare = 0.03
const trailingMs = 3 * 3_600_000
/** Reports are refreshed every quarter of an hour: answers within one are the same bytes. */
const refreshMs = 15 * 60_000
const lagDaysMax = 28

const settled: Arrival = { elapsed: 1, delivered: 1, lagDays: Number.POSITIVE_INFINITY }

/** The instant that reports asked for at `nowMs` speak of. */
export function reportInstantMs(nowMs: number): number {
  return Math.floor(nowMs / refreshMs) * refreshMs
}

/** What has arrived of `day` in `zone` at the instant; days of 23 or 25 hours are divided by their own length. */
export function arrivalAt(day: DayNumber, zone: TimeZone, asOfMs: number): Arrival {
  if (asOfMs === Number.POSITIVE_INFINITY) return settled
  const startMs = dayStartMs(dayText(day), zone)
  if (asOfMs <= startMs) return { elapsed: 0, delivered: 0, lagDays: -1 }
  const endMs = dayEndMs(dayText(day), zone)
  const afterMs = asOfMs - endMs
  if (afterMs < 0) {
    const elapsed = (asOfMs - startMs) / (endMs - startMs)
    return { elapsed, delivered: elapsed * (1 - trailingShare), lagDays: -1 }
  }
  const trailed = Math.min(1, afterMs / trailingMs)
  return { elapsed: 1, delivered: trailed === 1 ? 1 : 1 - trailingShare * (1 - trailed), lagDays: afterMs / dayMs }
}

/** Share of conversions that a day's end knows; the rest arrives with a lag of up to 28 days. */
const sameDayShare = 0.6

/**
 * Share of a day's conversions that has arrived: 0.6 at its end, then 1 − 0.4 (1 − lag/28)^power, exactly 1 from day 28 on.
 * Multiplications only: `Math.pow` may differ in its last digit from one engine to the next, and then seeds would too.
 */
export function convertedShare(arrival: Arrival, power: number): number {
  if (arrival.lagDays < 0) return arrival.elapsed * sameDayShare
  if (arrival.lagDays >= lagDaysMax) return 1
  const left = 1 - arrival.lagDays / lagDaysMax
  let rest = left
  for (let i = 1; i < power; i++) rest *= left
  return 1 - (1 - sameDayShare) * rest
}
