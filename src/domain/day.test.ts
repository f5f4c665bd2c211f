import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addDays,
  day,
  dayAt,
  dayEndMs,
  dayStartMs,
  daysBetween,
  daysOf,
  isClosed,
  lastClosedDay,
  timeZone,
} from './day.ts'
import type { Day } from './day.ts'

const hour = 3_600_000
const zones = ['Asia/Seoul', 'America/Los_Angeles', 'Europe/Berlin', 'Pacific/Apia', 'America/Sao_Paulo', 'UTC'].map(
  timeZone,
)
const anyDay = fc.integer({ min: 0, max: 20_000 }).map((count) => addDays('2000-01-01' as Day, count))
const parameters = { seed: 20260102, numRuns: process.env['MILLRACE_LONG'] ? 20_000 : 500 }

describe('a day', () => {
  test.for(['2026-02-30', '2026-2-3', '20260203', '2026-02-03T00:00', ' 2026-02-03', '2026-13-01', '', '2025-02-29'])(
    '%j is none',
    (text) => {
      expect(() => day(text)).toThrow(expect.objectContaining({ code: 'DOMAIN_DAY_INVALID' }))
    },
  )

  test('counted on and back is the same day, and order is the order of the text', () => {
    fc.assert(
      fc.property(anyDay, fc.integer({ min: -3000, max: 3000 }), (start, count) => {
        const end = addDays(start, count)
        expect(daysBetween(start, end)).toBe(count)
        expect(addDays(end, -count)).toBe(start)
        expect(Math.sign(daysBetween(start, end))).toBe(end > start ? 1 : end < start ? -1 : 0)
      }),
      parameters,
    )
  })

  test('a range has every day once, and none when it is reversed', () => {
    expect(daysOf({ since: day('2024-02-28'), until: day('2024-03-01') })).toEqual([
      '2024-02-28',
      '2024-02-29',
      '2024-03-01',
    ])
    expect(() => daysOf({ since: day('2024-03-01'), until: day('2024-02-28') })).toThrow(
      expect.objectContaining({ code: 'DOMAIN_RANGE_REVERSED' }),
    )
  })
})

describe('a day in a zone', () => {
  test('holds every instant from its start to its end, and no other', () => {
    fc.assert(
      fc.property(anyDay, fc.constantFrom(...zones), (of, zone) => {
        fc.pre(zone !== 'Pacific/Apia' || of !== '2011-12-30')
        expect(dayAt(dayStartMs(of, zone), zone)).toBe(of)
        expect(dayAt(dayStartMs(of, zone) - 1, zone) < of).toBe(true)
        expect(dayAt(dayEndMs(of, zone) - 1, zone)).toBe(of)
        expect(dayAt(dayEndMs(of, zone), zone) > of).toBe(true)
      }),
      parameters,
    )
  })

  test.for([
    ['America/Los_Angeles', '2026-03-08', 23],
    ['America/Los_Angeles', '2026-11-01', 25],
    ['Europe/Berlin', '2026-03-29', 23],
    ['Europe/Berlin', '2026-10-25', 25],
    ['Asia/Seoul', '2026-03-08', 24],
    // Midnight did not exist that day: it began at 01:00.
    ['America/Sao_Paulo', '2018-11-04', 23],
  ] as const)('in %s %s has %i hours', ([zone, of, hours]) => {
    expect((dayEndMs(day(of), timeZone(zone)) - dayStartMs(day(of), timeZone(zone))) / hour).toBe(hours)
  })

  test('at 02:00 in Seoul the last closed day of each account is its own', () => {
    const nowMs = Date.UTC(2026, 2, 9, 17) // 2026-03-10 02:00 in Seoul, a day after the clocks changed in Los Angeles
    const last = (zone: string) => lastClosedDay(timeZone(zone), nowMs, hour)
    expect(['Asia/Seoul', 'Europe/Berlin', 'America/Los_Angeles'].map(last)).toEqual([
      '2026-03-09',
      '2026-03-08',
      '2026-03-08',
    ])
  })

  test('the last closed day is closed and the next one is not', () => {
    const instant = fc.integer({ min: Date.UTC(2015, 0), max: Date.UTC(2035, 0) })
    fc.assert(
      fc.property(instant, fc.constantFrom(...zones), fc.nat({ max: 12 * hour }), (nowMs, zone, settleMs) => {
        const last = lastClosedDay(zone, nowMs, settleMs)
        expect(isClosed(last, zone, nowMs, settleMs)).toBe(true)
        expect(isClosed(addDays(last, 1), zone, nowMs, settleMs)).toBe(false)
      }),
      parameters,
    )
  })

  test('an unknown zone is named', () => {
    expect(() => timeZone('Mars/Olympus')).toThrow(expect.objectContaining({ code: 'DOMAIN_ZONE_UNKNOWN' }))
  })
})
