import { Temporal } from 'temporal-polyfill'
import type { TimeZone } from '../domain/day.ts'

/**
 * Wall time: what the clock on a wall shows, as milliseconds since 1970-01-01T00:00 of that clock. It is not an instant; a zone
 * makes one of it. Cron is arithmetic on wall time, and only its result is given a zone.
 */
export type WallMs = number & { readonly __brand: 'WallMs' }

export const minuteMs = 60_000
/** Of wall time, where every day has 24 hours; the day of a zone may have 23 or 25. */
export const wallDayMs = 1_440 * minuteMs

export interface WallDate {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly dayOfMonth: number
}

/** Days since 1970-01-01 in the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms"). */
export function dayNumberOf({ year, month, dayOfMonth }: WallDate): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + dayOfMonth - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}

/** The inverse of `dayNumberOf`. */
export function dateOf(dayNumber: number): WallDate {
  const shifted = dayNumber + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthFromMarch + (monthFromMarch < 10 ? 3 : -9)
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    dayOfMonth: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  }
}

/** What the clocks of the zone show at the instant. */
export function wallAt(instantMs: number, zone: TimeZone): WallMs {
  return (instantMs + offsetMsAt(instantMs, zone)) as WallMs
}

/** How far the clocks of the zone are ahead of UTC at the instant, in milliseconds. */
export function offsetMsAt(instantMs: number, zone: TimeZone): number {
  return Temporal.Instant.fromEpochMilliseconds(instantMs).toZonedDateTimeISO(zone).offsetNanoseconds / 1_000_000
}

/**
 * The instant at which the zone's clocks show the wall time. A time that they show twice is the second one, a time that they skip
 * is moved by what was skipped: what Airflow does (`make_aware` with fold=1), and the only rule of the two by which a daily job
 * runs once on every day.
 */
export function instantAt(wall: WallMs, zone: TimeZone): number {
  return Temporal.Instant.fromEpochMilliseconds(wall)
    .toZonedDateTimeISO('UTC')
    .toPlainDateTime()
    .toZonedDateTime(zone, { disambiguation: 'later' }).epochMilliseconds
}

/** Wall midnight at the beginning of the civil day. */
export function wallMidnight(day: string): WallMs {
  const [year = 0, month = 0, dayOfMonth = 0] = day.split('-').map(Number)
  return (dayNumberOf({ year, month, dayOfMonth }) * wallDayMs) as WallMs
}
