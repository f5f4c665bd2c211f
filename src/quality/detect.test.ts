import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Point } from './detect.ts'
import { usualRules } from './detect.ts'
import { judgeCounts } from './detect-counts.ts'
import { judgeDaily } from './detect-daily.ts'
import { judgeHourly } from './detect-hourly.ts'
import { judgeRatio } from './detect-ratio.ts'
import { compared, dice, planted, weekly, withEpisodes } from './generated-series.ts'
import { publicHolidays } from './holidays.ts'

const seeds = Array.from({ length: 40 }, (_, at) => at + 1)
const marks = (judged: readonly { readonly anomaly: boolean }[]) =>
  judged.flatMap(({ anomaly }, at) => (anomaly ? [at] : []))

test.for([
  ['gaussian', 0, 0.5],
  ['t4', 0, 2],
  ['gaussian', 0.01, 1.5],
] as const)(
  'daily: %s noise with a trend of %d a day has at most %d false alarms in 100 days',
  ([tails, trendPerDay, most]) => {
    const fired = seeds.flatMap((seed) => marks(judgeDaily(weekly(seed, { tails, trendPerDay }))))
    expect((fired.length / (seeds.length * 83)) * 100).toBeLessThanOrEqual(most)
  },
)

test.for([
  [2, 0.95],
  [0.5, 0.65],
  [0, 1],
] as const)('daily: a day times %d is found in a share of %d', ([factor, share]) => {
  const found = seeds.filter((seed) => {
    const days = 30 + (seed % 40)
    return judgeDaily(planted(weekly(seed, { days }), days - 1, factor)).at(-1)?.anomaly
  })
  expect(found.length / seeds.length).toBeGreaterThanOrEqual(share)
})

test('daily: a lasting shift is told and ends; a return within four weeks is no anomaly', () => {
  const moved = (from: number, to: number) =>
    weekly(1).map(({ hour, value }, at) => ({ hour, value: (value ?? 0) * (at >= from && at < to ? 3 : 1) }))
  const lasting = marks(judgeDaily(moved(50, 90)))
  expect(lasting.slice(0, 4)).toEqual([50, 51, 52, 53])
  expect(lasting.every((at) => at <= 54)).toBe(true)
  expect(marks(judgeDaily(moved(50, 60))).filter((at) => at > 54)).toEqual([])
})

test('daily: constants, few points, gaps and nothing at all are quiet; a change of a constant is not', () => {
  const constant = weekly(1).map(({ hour }) => ({ hour, value: 7 }))
  expect(marks(judgeDaily(constant))).toEqual([])
  expect(judgeDaily(planted(constant, 60, 2))[60]?.anomaly).toBe(true)
  expect(judgeDaily(weekly(1, { days: 3 })).map(({ state }) => state)).toEqual(['learning', 'learning', 'learning'])
  const gaps = weekly(2).filter((_, at) => at < 40 || at >= 48)
  expect(marks(judgeDaily(gaps))).toEqual([])
  expect(judgeDaily([])).toEqual([])
  expect(marks(judgeDaily(weekly(1).map(({ hour }) => ({ hour, value: null }))))).toEqual([])
})

test('daily: a day without a row is nothing delivered when asked to be', () => {
  const weekdays = weekly(4).filter(({ hour }) => (hour / 24) % 7 < 5)
  const sunday = { hour: 24 * 83, value: 900 }
  const at = weekdays.findIndex(({ hour }) => hour > sunday.hour)
  const points = [...weekdays.slice(0, at), sunday, ...weekdays.slice(at)]
  expect(judgeDaily(points, { ...usualRules, missing: 'zero' })[at]?.anomaly).toBe(true)
})

test('daily: direction and the least impact hold back what does not matter', () => {
  const doubled = planted(weekly(3), 60, 2)
  expect(judgeDaily(doubled)[60]?.anomaly).toBe(true)
  expect(judgeDaily(doubled, { ...usualRules, direction: 'down' })[60]?.anomaly).toBe(false)
  expect(judgeDaily(doubled, { ...usualRules, impactMin: 5000 })[60]?.anomaly).toBe(false)
  expect(judgeDaily(doubled, { ...usualRules, shareMin: 3 })[60]?.anomaly).toBe(false)
})

test('daily: a first holiday widens the band, and never excuses a day of nothing', () => {
  const holidays = { ...usualRules, holidays: new Set([60]) }
  const halved = planted(weekly(8), 60, 0.4)
  expect(judgeDaily(halved)[60]?.anomaly).toBe(true)
  expect(judgeDaily(halved, holidays)[60]?.anomaly).toBe(false)
  expect(judgeDaily(planted(weekly(8), 60, 0), holidays)[60]?.anomaly).toBe(true)
  expect(publicHolidays('KR', { from: 2026, to: 2026 })?.has(Date.UTC(2026, 2, 1) / 86_400_000)).toBe(true)
  expect(publicHolidays('ZZ', { from: 2026, to: 2026 })).toBeUndefined()
})

test.for([
  ['daily', 1, 0.85],
  ['weekly', 1, 0.8],
  ['wandering', 1, 0.8],
  ['trend', 1, 0.75],
  ['wandering', 0.25, 0.75],
] as const)('hourly: episodes of a %s series by %d h are found with an F1 of %d', ([shape, stepHours, least]) => {
  const total = { found: 0, missed: 0, invented: 0 }
  for (const seed of seeds.slice(0, stepHours < 1 ? 4 : 15)) {
    const { points, episodes } = withEpisodes(seed, { shape, stepHours })
    const one = compared(
      judgeHourly(points).map(({ anomaly }) => anomaly),
      episodes,
      stepHours,
    )
    total.found += one.found
    total.missed += one.missed
    total.invented += one.invented
  }
  expect((2 * total.found) / (2 * total.found + total.missed + total.invented)).toBeGreaterThanOrEqual(least)
})

test('hourly: every hour of an outage is marked, and no hour after it', () => {
  const { points } = withEpisodes(3, { shape: 'daily', episodes: 0 })
  const down = points.map((point, at) => (at >= 600 && at < 620 ? { ...point, value: 0 } : point))
  const found = marks(judgeHourly(down)).filter((at) => at >= 590 && at < 668)
  expect(found).toEqual(Array.from({ length: 20 }, (_, at) => 600 + at))
})

test('hourly: a new level is an episode of two days, and its return is no anomaly', () => {
  const { points } = withEpisodes(4, { shape: 'daily', episodes: 0 })
  const found = marks(
    judgeHourly(
      points.map((point, at) => (at >= 600 && at < 720 ? { ...point, value: 4 * (point.value ?? 0) } : point)),
    ),
  ).filter((at) => at >= 590)
  expect(found.length).toBeGreaterThanOrEqual(45)
  expect(Math.max(...found)).toBeLessThan(656)
})

test('counts: three quiet days of a small campaign are told, one is not; an ordinary month is quiet', () => {
  const roll = dice(9)
  const leads = Array.from({ length: 80 }, (_, day): Point => ({ hour: 24 * day, value: poisson(roll, 5) }))
  expect(marks(judgeCounts(leads))).toEqual([])
  const quiet = leads.map((point, at) => (at >= 60 && at < 63 ? { ...point, value: 0 } : point))
  expect(marks(judgeCounts(quiet)).filter((at) => at >= 60)[0]).toBeGreaterThanOrEqual(61)
  expect(marks(judgeCounts(quiet)).some((at) => at >= 61 && at < 63)).toBe(true)
  expect(judgeCounts(planted(leads, 70, 5))[70]?.anomaly).toBe(true)
})

function poisson(roll: () => number, mean: number): number {
  let count = 0
  for (let left = roll(); left > Math.exp(-mean); left *= roll()) count += 1
  return count
}

test('ratio: a rate that halves is told, a day with ten times the traffic is not', () => {
  const roll = dice(11)
  const days = Array.from({ length: 60 }, (_, day): Point => {
    const of = Math.round(20_000 * (0.8 + 0.4 * roll()))
    return { hour: 24 * day, of, value: Math.round(of * 0.02 * (0.95 + 0.1 * roll())) }
  })
  expect(marks(judgeRatio(days))).toEqual([])
  expect(judgeRatio(planted(days, 50, 0.5))[50]?.anomaly).toBe(true)
  const busy = days.map((day, at) =>
    at === 50 ? { ...day, of: 10 * (day.of ?? 0), value: 10 * (day.value ?? 0) } : day,
  )
  expect(judgeRatio(busy)[50]?.anomaly).toBe(false)
  expect(judgeRatio([{ hour: 0, value: 1, of: 0 }])[0]?.state).toBe('empty')
})

const detectors = { judgeDaily, judgeHourly, judgeCounts, judgeRatio } as const

test.for(Object.entries(detectors))(
  '%s: any rows get a finite score between 0 and 1 and, marked, of at least a half',
  ([, judge]) => {
    const point = fc.record({
      hour: fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.double({ min: 0, max: 3000, noNaN: true })),
      value: fc.oneof(
        fc.constant(null),
        fc.constant(0),
        fc.integer({ min: 0, max: 5 }),
        fc.double({ min: -1e9, max: 1e9, noNaN: true }),
      ),
      of: fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 1000 })),
    })
    fc.assert(
      fc.property(fc.array(point, { maxLength: 150 }), (points) => {
        const judged = judge(points)
        expect(judged).toHaveLength(points.length)
        const broken = judged.filter(
          ({ score, anomaly, state, low, high }) =>
            !(score >= (anomaly ? 0.5 - 1e-9 : 0) && score <= 1) ||
            (state === 'judged' && ![low, high].every(Number.isFinite)),
        )
        expect(broken).toEqual([])
      }),
      { seed: 6, numRuns: process.env['MILLRACE_LONG'] ? 500 : 40 },
    )
  },
)

test('the score rises with how far off a point is, and does not know what comes after it', () => {
  const points = weekly(6)
  const scores = [1.5, 2, 3, 10, 1000].map((factor) => judgeDaily(planted(points, 60, factor))[60]?.score ?? 0)
  expect(scores).toEqual([...scores].sort((left, right) => left - right))
  expect(new Set(scores).size).toBe(scores.length)
  const { points: hours } = withEpisodes(5, { shape: 'daily', days: 20 })
  expect(judgeHourly(hours).slice(0, 400)).toEqual(judgeHourly(hours.slice(0, 400)))
  expect(judgeDaily(points).slice(0, 70)).toEqual(judgeDaily(points.slice(0, 70)))
})

test('the order of rows is no matter', () => {
  const points = weekly(7)
  const turned = points.toReversed()
  expect(judgeDaily(turned).toReversed()).toEqual(judgeDaily(points))
  expect(judgeHourly(turned).toReversed()).toEqual(judgeHourly(points))
})
