import type { Judged, Point } from './detect.ts'
import { learning } from './detect.ts'
import { median, quantile, spread } from './robust.ts'

const windowHours = 336
/** So that a series finer than an hour stays quick. */
const pointsMax = 672
const pointsMin = 72
const tailMin = 50
const tailMax = 1000
const fireAt = 1e-4
const coolDownHours = 48

interface Seen {
  readonly hour: number
  readonly value: number
  readonly residual: number
}

/**
 * Judges each hour by the same hour of the last 14 days, shrunk to the median of all of them, and calibrates by the
 * exponential tail of the scores before it, so that a restless series must move further. A cause is told once in 48
 * hours unless it grows by half. Points without a value are left out.
 */
export function judgeHourly(points: readonly Point[]): readonly Judged[] {
  let seen: Seen[] = []
  const scores: number[] = []
  let told: { readonly hour: number; readonly z: number } | undefined
  return points.map(({ hour, value }) => {
    if (value === null) return learning
    seen = seen.filter((one) => one.hour >= hour - windowHours).slice(-pointsMax)
    const middle = median(seen.map((one) => one.value))
    const expected = seen.length === 0 ? value : expectedAt(seen, hour, middle)
    const residual = value - expected
    const window = seen
    seen = [...seen, { hour, value, residual }]
    if (window.length < pointsMin) return learning
    const scale = scales(window, middle)
    const z = Math.max(Math.abs(residual) / scale.residual, Math.abs(value - middle) / scale.value)
    const tail = tailOf(scores)
    scores.push(z)
    if (scores.length > tailMax) scores.shift()
    if (!tail) return learning
    const strength = -Math.log10(tail.probability(z))
    const quiet = told !== undefined && hour - told.hour < coolDownHours && z < 1.5 * told.z
    const anomaly = strength >= -Math.log10(fireAt) && !quiet
    if (anomaly) told = { hour, z }
    const reach = tail.at(fireAt) * scale.residual
    return { low: expected - reach, high: expected + reach, score: strength / (strength + 4), anomaly }
  })
}

function expectedAt(seen: readonly Seen[], hour: number, middle: number): number {
  const ofDay = (at: number) => ((Math.floor(at) % 24) + 24) % 24
  const same = seen.filter((one) => ofDay(one.hour) === ofDay(hour)).map((one) => one.value)
  if (same.length === 0) return middle
  const trust = same.length / (same.length + 2)
  return trust * median(same) + (1 - trust) * middle
}

/** A constant series has no spread: three per cent of its size is the floor. */
function scales(window: readonly Seen[], middle: number): { readonly residual: number; readonly value: number } {
  const floor = 0.03 * Math.abs(middle) || 1e-9
  const residuals = window.map((one) => one.residual)
  const values = window.map((one) => one.value)
  return {
    residual: Math.max(spread(residuals, median(residuals)), floor),
    value: Math.max(spread(values, middle), floor),
  }
}

/** p = 0.05·exp(−(z − u)/β): u the 95th percentile of past scores, β their mean excess over it. */
function tailOf(scores: readonly number[]) {
  if (scores.length < tailMin) return undefined
  const start = quantile(scores, 0.95)
  const above = scores.filter((score) => score > start).map((score) => score - start)
  const excess = Math.max(above.reduce((sum, one) => sum + one, 0) / Math.max(above.length, 1), 0.25)
  return {
    probability: (z: number) =>
      z > start
        ? Math.max(0.05 * Math.exp(-(z - start) / excess), 1e-300)
        : Math.max(scores.filter((score) => score >= z).length / scores.length, 0.05),
    at: (probability: number) => start + excess * Math.log(0.05 / probability),
  }
}
