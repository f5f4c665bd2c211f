import { Temporal } from 'temporal-polyfill'
import type { Day, TimeZone } from '../domain/day.ts'
import { addDays, dayAt, dayStartMs } from '../domain/day.ts'
import { parseCron } from './cron-parse.ts'
import type { Cron } from './cron-parse.ts'
import { nextFire, stepWall } from './cron.ts'
import { instantAt, offsetMsAt, wallMidnight } from './wall.ts'
import type { WallMs } from './wall.ts'

/** When a pipeline works: a cron in the civil time of a zone. */
export interface Schedule {
  readonly cron: Cron
  readonly zone: TimeZone
}

/** One row of the ledger before anything has happened to it. */
export interface DayInterval {
  /** The civil day in the schedule's zone that the work is about: the partition key. */
  readonly day: Day
  /** First instant of the day and of the next: 23, 24 or 25 hours apart. */
  readonly startMs: number
  readonly endMs: number
  /** The first fire after the day has ended. Days between two fires share it. */
  readonly dueMs: number
}

/** One fire as `schedule preview` shows it. */
export interface Fire {
  readonly atMs: number
  /** The newest day that the fire makes due; null when the same day had a fire before. */
  readonly day: Day | null
  /** Set when the zone's clocks are changed between the local noon before the fire and the one after it. */
  readonly change: ClockChange | null
}

export interface ClockChange {
  /** Minutes by which the clocks are set on; negative: back. */
  readonly minutes: number
  readonly atMs: number
  /** `moved`: the fire's wall time does not exist on the day; `second`: it comes twice and the second counts; else unaffected. */
  readonly effect: 'moved' | 'second' | 'none'
}

/** Throws ORCHESTRATE_CRON_INVALID, and ORCHESTRATE_CRON_NEVER for a text that no day fulfils. */
export function scheduleOf(text: string, zone: TimeZone): Schedule {
  const cron = parseCron(text)
  stepWall(cron, 0 as WallMs, 1)
  return { cron, zone }
}

/**
 * The interval of a day: there is exactly one for each day that the zone's calendar has, whatever its clocks do and however
 * often the schedule fires. A wall time that is moved over midnight by a change of clocks (Nuuk, 23:30) still belongs to the day
 * that it was written for.
 */
export function dayInterval({ cron, zone }: Schedule, day: Day): DayInterval {
  const next = addDays(day, 1)
  const startMs = dayStartMs(day, zone)
  const endMs = dayStartMs(next, zone)
  const before = (wallMidnight(next) - 1) as WallMs
  const dueMs = cron.everyHour ? nextFire(cron, zone, endMs - 1) : instantAt(stepWall(cron, before, 1), zone)
  return { day, startMs, endMs, dueMs }
}

/** Days that the zone's calendar does not have (Apia, 2011-12-30) are no intervals. */
export function isCalendarDay(day: Day, zone: TimeZone): boolean {
  return dayAt(dayStartMs(day, zone), zone) === day
}

/** Intervals from `since` on that are due at the instant. */
export function dueIntervals(schedule: Schedule, since: Day, nowMs: number): readonly DayInterval[] {
  const found: DayInterval[] = []
  const last = dayAt(nowMs, schedule.zone)
  for (let day = since; day < last; day = addDays(day, 1)) {
    if (!isCalendarDay(day, schedule.zone)) continue
    const interval = dayInterval(schedule, day)
    if (interval.dueMs > nowMs) break
    found.push(interval)
  }
  return found
}

/** The next fires after the instant, each with the day it makes due and with what a change of clocks does to it. */
export function nextFires(schedule: Schedule, afterMs: number, count: number): readonly Fire[] {
  const { cron, zone } = schedule
  const fires: Fire[] = []
  let atMs = afterMs
  for (let index = 0; index < count; index += 1) {
    atMs = nextFire(cron, zone, atMs)
    fires.push({ atMs, day: dueDayOf(schedule, atMs), change: changeAround(schedule, atMs) })
  }
  return fires
}

/** The newest day whose interval the fire makes due. One that was moved over midnight belongs to the day before yesterday. */
export function dueDayOf(schedule: Schedule, fireMs: number): Day | null {
  const today = dayAt(fireMs, schedule.zone)
  const candidates = [addDays(today, -1), addDays(today, -2)].filter((day) => isCalendarDay(day, schedule.zone))
  return candidates.find((day) => dayInterval(schedule, day).dueMs === fireMs) ?? null
}

function changeAround({ cron, zone }: Schedule, fireMs: number): ClockChange | null {
  const noon = wallMidnight(dayAt(fireMs, zone)) + 12 * 3_600_000
  const sinceMs = instantAt((noon - 24 * 3_600_000) as WallMs, zone)
  const found = Temporal.Instant.fromEpochMilliseconds(sinceMs).toZonedDateTimeISO(zone).getTimeZoneTransition('next')
  if (!found || found.epochMilliseconds > instantAt(noon as WallMs, zone)) return null
  const atMs = found.epochMilliseconds
  const changedMs = offsetMsAt(atMs, zone) - offsetMsAt(atMs - 1, zone)
  if (changedMs === 0) return null
  const wall = fireMs + offsetMsAt(fireMs, zone)
  const isSecond = changedMs < 0 && fireMs >= atMs && fireMs < atMs - changedMs
  // Moved: the schedule names no such wall time, because what it names was skipped.
  const isMoved = !cron.everyHour && stepWall(cron, (wall - 1) as WallMs, 1) !== wall
  return { minutes: changedMs / 60_000, atMs, effect: isMoved ? 'moved' : isSecond ? 'second' : 'none' }
}
