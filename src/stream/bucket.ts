import { addDays, dayAt, daysBetween, hourAt } from '../domain/day.ts'
import type { Day, TimeZone } from '../domain/day.ts'

export const minuteMs = 60_000
export const hourMs = 3_600_000

const epoch = '1970-01-01' as Day
const quarterMs = 900_000
const cachedMax = 100_000

/** Days by zone and quarter of an hour: every zone's midnight since 1972 falls on a quarter, and asking the calendar costs 10 µs. */
const cached = new Map<TimeZone, Map<number, number>>()

/** The civil day in `zone` at the instant, as days since 1970-01-01. */
export function dayNumberAt(instantMs: number, zone: TimeZone): number {
  const quarter = Math.floor(instantMs / quarterMs)
  let days = cached.get(zone)
  const known = days?.get(quarter)
  if (known !== undefined) return known
  if (!days) cached.set(zone, (days = new Map<number, number>()))
  if (days.size >= cachedMax) days.clear()
  const day = daysBetween(epoch, dayAt(instantMs, zone))
  days.set(quarter, day)
  return day
}

const cachedHours = new Map<string, number>()

/** The civil day in `zone` at the instant, as days since 1970-01-01, with the hour that a clock there shows. */
export function localHour(instantMs: number, zone: TimeZone): { readonly day: number; readonly hour: number } {
  const day = dayNumberAt(instantMs, zone)
  const key = `${zone} ${Math.floor(instantMs / quarterMs)}`
  const known = cachedHours.get(key)
  if (known !== undefined) return { day, hour: known }
  if (cachedHours.size >= cachedMax) cachedHours.clear()
  const hour = hourAt(instantMs, zone)
  cachedHours.set(key, hour)
  return { day, hour }
}

const cachedTexts = new Map<number, string>()

/** A day number as `YYYYMMDD`. */
export function dayText(day: number): string {
  const known = cachedTexts.get(day)
  if (known !== undefined) return known
  if (cachedTexts.size >= cachedMax) cachedTexts.clear()
  const text = addDays(epoch, day).replaceAll('-', '')
  cachedTexts.set(day, text)
  return text
}

/** Buckets older than these, by the log's clock when the event was appended, are not kept: a late event goes to the coarser ones alone. */
export const keptMs = { minute: 48 * hourMs, hour: 35 * 24 * hourMs, day: 400 * 24 * hourMs } as const

/** 0: all grains; 1: hour and day; 2: day; 3: none, the event is counted as late and dropped. Decided by the log alone. */
export type Age = 0 | 1 | 2 | 3

export function ageOf(timeMs: number, appendMs: number): Age {
  const lateMs = appendMs - timeMs
  if (lateMs <= keptMs.minute) return 0
  if (lateMs <= keptMs.hour) return 1
  return lateMs <= keptMs.day ? 2 : 3
}

/** Beyond this much ahead of the log's clock a device's clock is wrong, and its event counts when it was received. */
export const skewMaxMs = 15 * minuteMs

/** How far the watermark stays behind the newest event time. */
export const latenessMs = 10 * minuteMs

/** How long the embedded log keeps what is counted and has landed. */
export const logKeepMs = 7 * 24 * hourMs
