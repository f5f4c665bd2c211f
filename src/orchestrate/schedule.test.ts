import { Temporal } from 'temporal-polyfill'
import { expect, test } from 'vitest'
import type { Day, TimeZone } from '../domain/day.ts'
import { addDays, dayAt } from '../domain/day.ts'
import { dayInterval, dueDayOf, dueIntervals, isCalendarDay, nextFires, scheduleOf } from './schedule.ts'

const long = process.env['MILLRACE_LONG'] === '1'
const zones = Intl.supportedValuesOf('timeZone').map((name) => name as TimeZone)
const schedules = ['0 2 * * *', '30 2 * * *', '30 0 * * *', '45 23 * * *']

/*
 * The slice takes, in every zone, the days around each change of its clocks and every 31st day; the long run takes every day.
 */
test(`every zone, ten years: one interval for each local day, contiguous, due in rising order${long ? '' : ' (slice)'}`, () => {
  const wrong: string[] = []
  let days = 0
  for (const zone of zones) {
    const schedule = scheduleOf(schedules[zone.length % schedules.length] ?? '', zone)
    for (const since of long ? ['2017-01-01' as Day] : starts(zone)) {
      let previous = dayInterval(schedule, addDays(since, -1))
      const until = addDays(since, long ? 3_652 : 3)
      for (let day = since; day < until; day = addDays(day, 1)) {
        if (!isCalendarDay(day, zone)) continue
        const one = dayInterval(schedule, day)
        days += 1
        if (one.startMs !== previous.endMs) wrong.push(`${zone} ${day} does not begin where the day before ends`)
        if (one.endMs <= one.startMs) wrong.push(`${zone} ${day} is empty`)
        if (one.dueMs <= previous.dueMs) wrong.push(`${zone} ${day} is not due after the day before`)
        if (one.dueMs < one.endMs) wrong.push(`${zone} ${day} is due before it has ended`)
        if (dueDayOf(schedule, one.dueMs) !== day) wrong.push(`${zone} ${day} is not what its fire makes due`)
        previous = one
      }
    }
  }
  expect(wrong).toEqual([])
  expect(days).toBeGreaterThan(long ? 1_500_000 : 10_000)
})

/** The day before each change of the zone's clocks in ten years, and a day of every second year. */
function starts(zone: TimeZone): readonly Day[] {
  const found = Array.from({ length: 5 }, (_, pair) => addDays('2017-01-01' as Day, pair * 731))
  let at = Temporal.Instant.from('2017-01-01T00:00Z').toZonedDateTimeISO(zone).getTimeZoneTransition('next')
  while (at && at.year < 2027) {
    found.push(addDays(dayAt(at.epochMilliseconds, zone), -1))
    at = at.getTimeZoneTransition('next')
  }
  return found
}

test('a day that a zone left out of its calendar has no interval, and its neighbours still touch', () => {
  const apia = scheduleOf('0 2 * * *', 'Pacific/Apia' as TimeZone)
  expect(isCalendarDay('2011-12-30' as Day, apia.zone)).toBe(false)
  const before = dayInterval(apia, '2011-12-29' as Day)
  const after = dayInterval(apia, '2011-12-31' as Day)
  expect(before.endMs).toBe(after.startMs)
  expect(after.dueMs).toBeGreaterThan(before.dueMs)
  expect(dueIntervals(apia, '2011-12-28' as Day, after.dueMs).map((one) => one.day)).toEqual([
    '2011-12-28',
    '2011-12-29',
    '2011-12-31',
  ])
})

test('a fire that a change of clocks moves over midnight still belongs to the day it was written for', () => {
  const nuuk = scheduleOf('30 23 * * *', 'America/Nuuk' as TimeZone)
  const moved = dayInterval(nuuk, '2025-03-28' as Day)
  expect(new Date(moved.dueMs).toISOString()).toBe('2025-03-30T01:30:00.000Z')
  expect(dayAt(moved.dueMs, nuuk.zone)).toBe('2025-03-30')
  expect(dueDayOf(nuuk, moved.dueMs)).toBe('2025-03-28')
})

test('a schedule of working days makes the weekend due on Monday, three days at once', () => {
  const work = scheduleOf('0 6 * * 1-5', 'Asia/Seoul' as TimeZone)
  const due = ['2026-11-20', '2026-11-21', '2026-11-22'].map((day) => dayInterval(work, day as Day).dueMs)
  expect(new Set(due.map((ms) => new Date(ms).toISOString()))).toEqual(new Set(['2026-11-22T21:00:00.000Z']))
})

test('the next fires say where the clocks are changed and what that does to them', () => {
  const berlin = scheduleOf('30 2 * * *', 'Europe/Berlin' as TimeZone)
  const spring = nextFires(berlin, Date.parse('2026-03-28T00:00Z'), 3)
  expect(spring.map((one) => one.change?.effect ?? '-')).toEqual(['-', 'moved', '-'])
  expect(spring.map((one) => one.day)).toEqual(['2026-03-27', '2026-03-28', '2026-03-29'])
  const autumn = nextFires(berlin, Date.parse('2026-10-24T12:00Z'), 2)
  expect(autumn[0]?.change).toMatchObject({ minutes: -60, effect: 'second' })
  const early = nextFires(scheduleOf('0 1 * * *', berlin.zone), Date.parse('2026-03-28T12:00Z'), 1)
  expect(early[0]?.change).toMatchObject({ minutes: 60, effect: 'none' })
})
