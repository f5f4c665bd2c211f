import type { TimeZone } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Cron } from './cron-parse.ts'
import { dateOf, dayNumberOf, instantAt, minuteMs, wallAt, wallDayMs } from './wall.ts'
import type { WallMs } from './wall.ts'

/** 29 February comes after at most eight years (1896 to 1904), so that what has not come by then never does. */
const daysSearched = 8 * 366 + 31

type Direction = 1 | -1

/**
 * The first instant after `afterMs` at which the schedule fires, by the rule of Airflow's cron timetables
 * (airflow/timetables/_cron.py): step on wall time, then give the result a zone. A schedule that fires in every hour goes by the
 * time that has elapsed instead, so that the hour that comes twice is worked on twice.
 * Throws ORCHESTRATE_CRON_NEVER when no such day exists (30 February).
 */
export function nextFire(cron: Cron, zone: TimeZone, afterMs: number): number {
  return fire(cron, zone, afterMs, 1)
}

/** The last instant before `beforeMs` at which the schedule fires; otherwise as `nextFire`. */
export function previousFire(cron: Cron, zone: TimeZone, beforeMs: number): number {
  return fire(cron, zone, beforeMs, -1)
}

function fire(cron: Cron, zone: TimeZone, fromMs: number, direction: Direction): number {
  const wall = wallAt(fromMs, zone)
  const scheduled = stepWall(cron, wall, direction)
  return cron.everyHour ? fromMs + (scheduled - wall) : instantAt(scheduled, zone)
}

/** The interval that was complete at the instant, and thus the newest one that Airflow would have run by then. */
export function completedInterval(
  cron: Cron,
  zone: TimeZone,
  atMs: number,
): { readonly startMs: number; readonly endMs: number } {
  const before = previousFire(cron, zone, atMs)
  const endMs = nextFire(cron, zone, before) === atMs ? atMs : before
  return { startMs: previousFire(cron, zone, endMs), endMs }
}

/** The first wall time of the schedule after `wall`, or with -1 the last one before it, on a clock that is never changed. */
export function stepWall(cron: Cron, wall: WallMs, direction: Direction): WallMs {
  const minute = direction === 1 ? Math.floor(wall / minuteMs) + 1 : Math.ceil(wall / minuteMs) - 1
  const firstDay = Math.floor((minute * minuteMs) / wallDayMs)
  const minuteOfDay = minute - firstDay * 1_440
  for (let days = 0; days <= daysSearched; days += 1) {
    const dayNumber = firstDay + days * direction
    if (!allowsDay(cron, dayNumber)) continue
    const found = stepInDay(cron, days > 0 ? (direction === 1 ? 0 : 1_439) : minuteOfDay, direction)
    if (found !== undefined) return ((dayNumber * 1_440 + found) * minuteMs) as WallMs
  }
  throw new MillraceError('ORCHESTRATE_CRON_NEVER', { text: cron.text })
}

/** The first minute of the day at or after `from` (at or before it, backwards) that the schedule names. */
function stepInDay({ hours, minutes }: Cron, from: number, direction: Direction): number | undefined {
  const times = hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute))
  return direction === 1 ? times.find((time) => time >= from) : times.findLast((time) => time <= from)
}

function allowsDay(cron: Cron, dayNumber: number): boolean {
  const { year, month, dayOfMonth } = dateOf(dayNumber)
  if (!cron.months.includes(month)) return false
  const next = month === 12 ? { year: year + 1, month: 1 } : { year, month: month + 1 }
  const isLast = cron.lastDayOfMonth && dayNumberOf({ ...next, dayOfMonth: 1 }) === dayNumber + 1
  const byMonth = isLast || cron.daysOfMonth.includes(dayOfMonth)
  // 1 January 1970 was a Thursday.
  const byWeek = cron.daysOfWeek.includes((((dayNumber + 4) % 7) + 7) % 7)
  return cron.eitherDay ? byMonth || byWeek : byMonth && byWeek
}
