import { Temporal } from 'temporal-polyfill'
import { MillraceError } from './errors.ts'

/** A civil day `YYYY-MM-DD`. It has no time zone of its own: whoever holds it knows whose account it belongs to. */
export type Day = string & { readonly __brand: 'Day' }

/** An IANA time zone name, e.g. `Asia/Seoul`. */
export type TimeZone = string & { readonly __brand: 'TimeZone' }

/** First and last day, both inclusive. */
export interface DayRange {
  readonly since: Day
  readonly until: Day
}

const shape = /^\d{4}-\d{2}-\d{2}$/

/** Reads a day. Throws DOMAIN_DAY_INVALID for any other shape and for days that no calendar has (2026-02-30). */
export function day(text: string): Day {
  if (!shape.test(text)) throw new MillraceError('DOMAIN_DAY_INVALID', { text })
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' }).toString() as Day
  } catch (cause) {
    throw new MillraceError('DOMAIN_DAY_INVALID', { text }, { cause })
  }
}

/** Reads a time zone. Throws DOMAIN_ZONE_UNKNOWN when the runtime's IANA data has no such name. */
export function timeZone(name: string): TimeZone {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name)
    return name as TimeZone
  } catch (cause) {
    throw new MillraceError('DOMAIN_ZONE_UNKNOWN', { name }, { cause })
  }
}

/** Calendar arithmetic; a day is never 86,400,000 ms. */
export function addDays(start: Day, days: number): Day {
  return Temporal.PlainDate.from(start).add({ days }).toString() as Day
}

/** How many days `to` lies after `from`; negative when before. */
export function daysBetween(from: Day, to: Day): number {
  return Temporal.PlainDate.from(from).until(Temporal.PlainDate.from(to), { largestUnit: 'days' }).days
}

/** Every day of the range in order. Throws DOMAIN_RANGE_REVERSED when it ends before it starts. */
export function daysOf(range: DayRange): readonly Day[] {
  const count = daysBetween(range.since, range.until) + 1
  if (count < 1) throw new MillraceError('DOMAIN_RANGE_REVERSED', { since: range.since, until: range.until })
  return Array.from({ length: count }, (_, index) => addDays(range.since, index))
}

/** The civil day that is running in `zone` at the instant. */
export function dayAt(instantMs: number, zone: TimeZone): Day {
  return Temporal.Instant.fromEpochMilliseconds(instantMs).toZonedDateTimeISO(zone).toPlainDate().toString() as Day
}

/** The hour of the day, 0 to 23, that a clock in `zone` shows at the instant; shown twice where a clock is set back. */
export function hourAt(instantMs: number, zone: TimeZone): number {
  return Temporal.Instant.fromEpochMilliseconds(instantMs).toZonedDateTimeISO(zone).hour
}

/** The first instant of the day in `zone`; where midnight does not exist (DST in some zones), the first instant that does. */
export function dayStartMs(of: Day, zone: TimeZone): number {
  return Temporal.PlainDate.from(of).toZonedDateTime({ timeZone: zone }).startOfDay().epochMilliseconds
}

/** The instant at which the day ends in `zone`: the first instant of the next day. 23, 24 or 25 hours after its start. */
export function dayEndMs(of: Day, zone: TimeZone): number {
  return dayStartMs(addDays(of, 1), zone)
}

/** A day is closed when its last instant in the account's zone, plus the settle delay, has passed. */
export function isClosed(of: Day, zone: TimeZone, nowMs: number, settleMs: number): boolean {
  return nowMs >= dayEndMs(of, zone) + settleMs
}

/** The newest closed day of an account: what "yesterday" means for it. At 02:00 in Seoul, Los Angeles is two days behind. */
export function lastClosedDay(zone: TimeZone, nowMs: number, settleMs: number): Day {
  return addDays(dayAt(nowMs - settleMs, zone), -1)
}
