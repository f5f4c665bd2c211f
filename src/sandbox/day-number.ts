import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'

/**
 * A civil day as the count of days since 1970-01-01. It is calendar arithmetic (Date.UTC of a date without time), never an
 * instant: the world indexes days by it because adding one to a number is free where adding one to a text is not.
 */
export type DayNumber = number

const texts = new Map<DayNumber, Day>()

export function dayNumber(day: string): DayNumber {
  return Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1, Number(day.slice(8, 10))) / 86_400_000
}

export function dayText(number: DayNumber): Day {
  let text = texts.get(number)
  if (text === undefined) {
    text = isoInstant(number * 86_400_000).slice(0, 10) as Day
    texts.set(number, text)
  }
  return text
}

/** 0 is Sunday, as in GAQL's and JavaScript's counting; 1970-01-01 was a Thursday. */
export function weekday(number: DayNumber): number {
  return (((number + 4) % 7) + 7) % 7
}

/** Monday of the day's week: what `segments.week` names. */
export function mondayOf(number: DayNumber): DayNumber {
  return number - ((weekday(number) + 6) % 7)
}
