import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TimeZone } from '../domain/day.ts'
import { dayNumberAt, dayText, hourMs, localHour } from './bucket.ts'

const zones = ['Asia/Seoul', 'America/New_York', 'Europe/Berlin', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'UTC']

/** Day and hour as the engine's own calendar writes them. */
function written(instantMs: number, zone: string): string {
  const options = {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
  } as const
  const parts = new Intl.DateTimeFormat('en-GB', options).formatToParts(instantMs)
  const part = (type: string): string => parts.find((one) => one.type === type)?.value ?? ''
  return `${part('year')}${part('month')}${part('day')} ${part('hour')}`
}

const bucketed = (instantMs: number, zone: string): string => {
  const { day, hour } = localHour(instantMs, zone as TimeZone)
  return `${dayText(day)} ${String(hour).padStart(2, '0')}`
}

test('days and hours of a zone are the calendar’s at any instant', () => {
  const instant = fc.integer({ min: Date.UTC(2001, 0, 1), max: Date.UTC(2040, 0, 1) })
  fc.assert(
    fc.property(instant, fc.constantFrom(...zones), (atMs, zone) => {
      expect(bucketed(atMs, zone)).toBe(written(atMs, zone))
    }),
    { seed: 5, numRuns: process.env['MILLRACE_LONG'] ? 50_000 : 2_000 },
  )
})

test('a day of 23 hours and a day of 25 hours keep their events', () => {
  const zone = 'America/New_York' as TimeZone
  const hoursOf = (startMs: number): readonly string[] =>
    Array.from({ length: 26 }, (_, n) => bucketed(startMs + n * hourMs, zone))
  // Clocks go from 02:00 to 03:00 on 8 March 2026, and from 02:00 back to 01:00 on 1 November.
  const spring = hoursOf(Date.UTC(2026, 2, 8, 5))
  expect(spring.filter((one) => one.startsWith('20260308'))).toHaveLength(23)
  expect(spring).not.toContain('20260308 02')
  const autumn = hoursOf(Date.UTC(2026, 10, 1, 4))
  expect(autumn.filter((one) => one.startsWith('20261101'))).toHaveLength(25)
  expect(autumn.filter((one) => one === '20261101 01')).toHaveLength(2)
  expect(dayNumberAt(Date.UTC(2026, 10, 2, 4, 59), zone)).toBe(dayNumberAt(Date.UTC(2026, 10, 1, 4), zone))
})
