import { expect, test } from 'vitest'
import type { Point } from './detect.ts'
import { judgeDaily } from './detect-daily.ts'
import { judgeHourly } from './detect-hourly.ts'

/** A fixed sequence of numbers in (0, 1), so that a failure repeats. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state + 0.5) / 4_294_967_296
  }
}

/** Weekly series: weekdays ±25 %, log-noise of 10 %. */
function days(seed: number, count = 90): Point[] {
  const roll = dice(seed)
  return Array.from({ length: count }, (_, day) => {
    const noise = Math.sqrt(-2 * Math.log(roll())) * Math.cos(2 * Math.PI * roll())
    return { hour: day * 24, value: 1000 * (1 + 0.25 * Math.sin((2 * Math.PI * day) / 7)) * Math.exp(0.1 * noise) }
  })
}

function planted(points: readonly Point[], at: number, factor: number): Point[] {
  return points.map((point, n) => (n === at ? { ...point, value: (point.value ?? 0) * factor } : point))
}

const seeds = Array.from({ length: 40 }, (_, at) => at + 1)

test('daily: at most 0.5 false alarms in 100 days', () => {
  const fired = seeds.flatMap((seed) => judgeDaily(days(seed)).filter(({ anomaly }) => anomaly))
  expect((fired.length / (40 * 76)) * 100).toBeLessThanOrEqual(0.5)
})

test.for([
  [2, 0.95],
  [0.5, 0.65],
  [0, 1],
] as const)('daily: a day times %d is found in a share of %d', ([factor, share]) => {
  const found = seeds.filter((seed) => judgeDaily(planted(days(seed), 50, factor))[50]?.anomaly)
  expect(found.length / seeds.length).toBeGreaterThanOrEqual(share)
})

test('daily: a lasting shift ends, constants and few points are quiet, a change of a constant is not', () => {
  const shifted = days(1).map(({ hour, value }, at) => ({ hour, value: (value ?? 0) * (at >= 50 ? 3 : 1) }))
  expect(
    judgeDaily(shifted)
      .slice(62)
      .filter(({ anomaly }) => anomaly),
  ).toEqual([])
  const constant = days(1).map(({ hour }) => ({ hour, value: 7 }))
  expect(judgeDaily(constant).some(({ anomaly }) => anomaly)).toBe(false)
  expect(judgeDaily(planted(constant, 60, 2))[60]?.anomaly).toBe(true)
  expect(judgeDaily(days(1, 3)).map(({ low }) => low)).toEqual([null, null, null])
})

test('hourly: an outage is told once, gaps and empty values are no matter', () => {
  const roll = dice(3)
  const points = Array.from({ length: 800 }, (_, hour): Point => ({
    hour,
    value:
      hour === 300 ? null : hour >= 600 && hour < 606 ? 0 : 100 + 30 * Math.sin((hour * Math.PI) / 12) + 6 * roll(),
  })).filter(({ hour }) => hour < 400 || hour >= 420)
  const judged = judgeHourly(points)
  const hours = points.filter((_, at) => judged[at]?.anomaly).map(({ hour }) => hour)
  expect(hours.filter((hour) => hour >= 600 && hour < 606).length).toBeGreaterThanOrEqual(1)
  expect(hours.length).toBeLessThanOrEqual(2)
})
