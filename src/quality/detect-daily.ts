import type { Judged, Point } from './detect.ts'
import { learning } from './detect.ts'
import { dot, inverse, median, spread } from './robust.ts'

const windowDays = 56
const threshold = 4
const simpleThreshold = 6
/** Beneath it nothing is said, from it on a median and its spread, from `fitFrom` on the regression. */
const simpleFrom = 7
const fitFrom = 14
const shiftZ = 2.5

interface Fit {
  readonly expected: number
  readonly deviation: number
  readonly k: number
}

interface Sample {
  readonly day: number
  readonly value: number
}

/**
 * Judges each day by the days before it: weekday regression by iterated reweighting (Tukey's biweight, ridge on the
 * weekday contrasts), with a scale pooled over all weekdays. The judged day never trains its own expectation. Days
 * without a value are left out; a day that comes twice counts with its last value.
 */
export function judgeDaily(points: readonly Point[]): readonly Judged[] {
  const past = new Map<number, number>()
  const recent: { readonly day: number; readonly z: number; readonly fired: boolean }[] = []
  let since = Number.NEGATIVE_INFINITY
  return points.map(({ hour, value }) => {
    const day = Math.floor(hour / 24)
    if (value === null) return learning
    const fit = fitOf(before(past, day, since), day)
    past.set(day, value)
    if (!fit) return learning
    const z = (value - fit.expected) / fit.deviation
    const fired = Math.abs(z) >= fit.k
    recent.push({ day, z, fired })
    const shifted = shiftOf(recent.slice(-5))
    if (shifted) {
      since = shifted.from
      recent.length = 0
    }
    return {
      low: fit.expected - fit.k * fit.deviation,
      high: fit.expected + fit.k * fit.deviation,
      score: Math.abs(z),
      anomaly: fired || shifted?.untold === true,
    }
  })
}

/** Four of the last five days on one side: the level moved. Told once, and what was before it trains no more. */
function shiftOf(five: readonly { readonly day: number; readonly z: number; readonly fired: boolean }[]) {
  if (five.length < 5) return undefined
  for (const sign of [1, -1]) {
    const moved = five.filter(({ z }) => z * sign > shiftZ)
    const [first] = moved
    if (first && moved.length >= 4) return { from: first.day, untold: !moved.some(({ fired }) => fired) }
  }
  return undefined
}

function before(past: ReadonlyMap<number, number>, day: number, since: number): readonly Sample[] {
  const samples: Sample[] = []
  for (let at = day - windowDays; at < day; at += 1) {
    const value = at >= since ? past.get(at) : undefined
    if (value !== undefined) samples.push({ day: at, value })
  }
  return samples
}

function fitOf(samples: readonly Sample[], day: number): Fit | undefined {
  if (samples.length < simpleFrom) return undefined
  const values = samples.map(({ value }) => value)
  const middle = median(values)
  // A series that rests at zero has no median to be measured by; its own size stands in.
  const unit = Math.abs(middle) || Math.max(...values.map(Math.abs)) || 1
  if (samples.length < fitFrom)
    return { expected: middle, deviation: Math.max(spread(values, middle), 0.03 * unit), k: simpleThreshold }
  const { expected, deviation } = regress(samples, day, unit)
  return { expected: expected * unit, deviation: deviation * unit, k: threshold }
}

function regress(samples: readonly Sample[], day: number, unit: number) {
  const rows = samples.map((sample) => contrasts(sample.day))
  const values = samples.map(({ value }) => value / unit)
  const today = contrasts(day)
  let weights = values.map(() => 1)
  let scale = 0
  let beta: readonly number[] = []
  let covariance: readonly (readonly number[])[] = []
  for (let iteration = 0; iteration < 8; iteration += 1) {
    covariance = inverse(normal(rows, weights))
    const moment = today.map((_, at) =>
      rows.reduce((sum, row, n) => sum + (weights[n] ?? 0) * (row[at] ?? 0) * (values[n] ?? 0), 0),
    )
    beta = covariance.map((row) => dot(row, moment))
    const residuals = values.map((value, n) => value - dot(rows[n] ?? [], beta))
    scale = Math.max(spread(residuals, 0), 0.015)
    weights = residuals.map((residual) => biweight(residual / (4.685 * scale)))
  }
  const freedom = Math.max(samples.length - today.length, 4)
  const pooled = Math.max(scale * Math.sqrt(samples.length / freedom), 0.03)
  const leverage = dot(
    today,
    covariance.map((row) => dot(row, today)),
  )
  return { expected: dot(today, beta), deviation: pooled * Math.sqrt(1 + leverage) }
}

/** XᵀWX + Λ, with a ridge of 1 on the contrasts; the intercept's is only enough to be invertible. */
function normal(rows: readonly (readonly number[])[], weights: readonly number[]): number[][] {
  const sums = contrasts(0).map((_, left, all) =>
    all.map((__, right): number => (left !== right ? 0 : left === 0 ? 1e-9 : 1)),
  )
  for (const [n, row] of rows.entries()) {
    const weight = weights[n] ?? 0
    for (const [left, sum] of sums.entries()) {
      const factor = weight * (row[left] ?? 0)
      if (factor === 0) continue
      for (let right = 0; right < row.length; right += 1) sum[right] = (sum[right] ?? 0) + factor * (row[right] ?? 0)
    }
  }
  return sums
}

function biweight(at: number): number {
  return Math.abs(at) >= 1 ? 0 : (1 - at * at) ** 2
}

/** An intercept and six weekday contrasts that sum to zero: the seventh weekday is minus all others. */
function contrasts(day: number): readonly number[] {
  const weekday = ((day % 7) + 7) % 7
  return [1, ...[0, 1, 2, 3, 4, 5].map((other) => (weekday === 6 ? -1 : weekday === other ? 1 : 0))]
}
