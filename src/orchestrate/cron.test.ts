import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TimeZone } from '../domain/day.ts'
import { completedInterval, nextFire, previousFire, stepWall } from './cron.ts'
import { parseCron } from './cron-parse.ts'
import { dateOf, dayNumberOf, wallDayMs, wallMidnight } from './wall.ts'
import type { WallMs } from './wall.ts'

const zone = (name: string) => name as TimeZone
const iso = (instantMs: number) => new Date(instantMs).toISOString().slice(0, 16)

test('every interval is the one that Airflow’s own timetable gives', () => {
  const lines = readFileSync(new URL('airflow-timetable.golden.tsv', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  expect(lines.length).toBeGreaterThanOrEqual(2_000)
  const known = new Set(Intl.supportedValuesOf('timeZone'))
  const wrong: string[] = []
  let compared = 0
  for (const line of lines) {
    const [text = '', name = '', at = '', start = '', end = '', next = ''] = line.split('\t')
    // Names that this runtime writes otherwise (Asia/Calcutta) still work; those it has never heard of are left out.
    if (!known.has(name) && !hasZone(name)) continue
    compared += 1
    const cron = parseCron(text)
    const done = completedInterval(cron, zone(name), Number(at) * 1_000)
    // A fire that was moved is its own predecessor on wall time; Airflow steps over the empty interval (next_dagrun_info).
    const last = done.startMs === done.endMs ? nextFire(cron, zone(name), done.endMs) : done.endMs
    const then = nextFire(cron, zone(name), last)
    const ours = [done.startMs, done.endMs, then].map((ms) => ms / 1_000).join('\t')
    if (ours !== `${start}\t${end}\t${next}`) wrong.push(`${line}\n  ours ${ours}`)
  }
  expect(wrong).toEqual([])
  expect(compared).toBeGreaterThanOrEqual(2_000)
})

function hasZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}

test.each([
  ['America/New_York', '30 2 * * *', '2026-03-07T12:00Z', '2026-03-08T07:30'],
  ['Europe/Berlin', '0 2 * * *', '2026-03-28T12:00Z', '2026-03-29T01:00'],
  ['America/New_York', '30 1 * * *', '2026-10-31T12:00Z', '2026-11-01T06:30'],
  ['Europe/Berlin', '0 2 * * *', '2026-10-24T12:00Z', '2026-10-25T01:00'],
  ['Australia/Lord_Howe', '15 2 * * *', '2026-10-03T12:00Z', '2026-10-03T15:45'],
])('%s %s fires once over the change of clocks', (name, text, after, expected) => {
  expect(iso(nextFire(parseCron(text), zone(name), Date.parse(after)))).toBe(expected)
})

test.each([
  ['0 2 * *', 'text'],
  ['60 2 * * *', 'minute'],
  ['0 24 * * *', 'hour'],
  ['0 2 0 * *', 'day of month'],
  ['0 2 * foo *', 'month'],
  ['0 2 * * 8', 'day of week'],
  ['*/0 2 * * *', 'minute'],
  ['0 2 * * 1-', 'day of week'],
])('%s is refused for its %s', (text, field) => {
  expect(() => parseCron(text)).toThrow(expect.objectContaining({ code: 'ORCHESTRATE_CRON_INVALID' }))
  expect(() => parseCron(text)).toThrow(field)
})

test('a schedule for a day that no calendar has is told apart from one that is rare', () => {
  expect(() => nextFire(parseCron('0 0 30 2 *'), zone('UTC'), 0)).toThrow(
    expect.objectContaining({ code: 'ORCHESTRATE_CRON_NEVER' }),
  )
  expect(iso(nextFire(parseCron('0 0 29 2 *'), zone('UTC'), Date.parse('1896-03-01')))).toBe('1904-02-29T00:00')
})

test('forward and back are the inverse of each other on wall time', () => {
  const texts = ['0 2 * * *', '*/7 3-5 * * 1-5', '15,45 0 L * *', '0 22-5/3 1,15 * fri']
  fc.assert(
    fc.property(fc.constantFrom(...texts), fc.integer({ min: 0, max: 60 * 366 * 1_440 }), (text, minute) => {
      const cron = parseCron(text)
      const at = (minute * 60_000) as WallMs
      const next = stepWall(cron, at, 1)
      expect(next).toBeGreaterThan(at)
      expect(stepWall(cron, stepWall(cron, next, 1), -1)).toBe(next)
      expect(stepWall(cron, next, -1)).toBeLessThanOrEqual(at)
    }),
    { seed: 20261123, numRuns: 400 },
  )
})

test('civil days and their numbers are each other’s inverse, leap years of every kind among them', () => {
  fc.assert(
    fc.property(fc.integer({ min: -800_000, max: 800_000 }), (dayNumber) => {
      expect(dayNumberOf(dateOf(dayNumber))).toBe(dayNumber)
    }),
    { seed: 20261123, numRuns: 2_000 },
  )
  expect(wallMidnight('2000-03-01') - wallMidnight('2000-02-28')).toBe(2 * wallDayMs)
  expect(wallMidnight('1970-01-02')).toBe(wallDayMs)
})

test('a schedule of every hour goes by elapsed time: the hour that comes twice is worked on twice', () => {
  const cron = parseCron('30 * * * *')
  const first = Date.parse('2026-10-25T00:30Z')
  expect(iso(nextFire(cron, zone('Europe/Berlin'), first))).toBe('2026-10-25T01:30')
  expect(iso(previousFire(cron, zone('Europe/Berlin'), first))).toBe('2026-10-24T23:30')
})
