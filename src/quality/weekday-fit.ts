import { invert, median, spreadOf } from './robust.ts'

/** One day that trains: days since 1970-01-01, its value, whether it was a holiday. */
export interface Sample {
  readonly day: number
  readonly value: number
  readonly holiday: boolean
}

export interface Fit {
  readonly expected: number
  /** One standard deviation of a new value below the expected: noise and the fit's own uncertainty. */
  readonly deviation: number
  /** The same above it. Noise of volumes grows with them, so a day that is expected above the median has more room upwards. */
  readonly deviationUp: number
  /** How many deviations are needed, as a multiple of the usual threshold: more while little is known. */
  readonly caution: number
  readonly method: 'regression' | 'median'
  readonly unit: number
  readonly scale: number
  readonly leverage: number
  /** Level, six weekday contrasts, holiday effect where one was seen; in units of the series' median. */
  readonly beta: readonly number[]
  readonly days: number
  /** By how much the deviation was widened for a holiday whose effect is unknown; 1 otherwise. */
  readonly widened: number
  /** Of the training days, oldest first, in deviations. */
  readonly residuals: Float64Array
}

/** Beneath it nothing is said, from it on a median and its spread, from `fitFrom` on the regression. */
const simpleFrom = 7
const fitFrom = 14
const iterations = 8
const biweightAt = 4.685
const floorInside = 0.015
const floor = 0.03

/**
 * What a day should be by the days before it: level, weekday and holiday by iterated reweighting (Tukey's biweight), ridge 1 on all
 * but the level, with a scale pooled over all weekdays. Undefined for fewer than seven days.
 */
export function fitWeekdays(samples: readonly Sample[], day: number, holiday: boolean): Fit | undefined {
  if (samples.length < simpleFrom) return undefined
  const values = Float64Array.from(samples, ({ value }) => value)
  const middle = median(values)
  // A series that rests at zero has no median to be measured by; its own size stands in.
  const unit = Math.abs(middle) || values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1
  if (samples.length < fitFrom) return simple(values, middle, unit)
  return regression(samples, values, unit, { day, holiday })
}

function simple(values: Float64Array, middle: number, unit: number): Fit {
  const scale = spreadOf(
    values.map((value) => Math.abs(value - middle)),
    floor * unit,
  )
  return {
    expected: middle,
    deviation: scale,
    deviationUp: scale,
    caution: 1.5,
    method: 'median',
    unit,
    scale: scale / unit,
    leverage: 0,
    beta: [middle / unit],
    days: values.length,
    widened: 1,
    residuals: values.map((value) => (value - middle) / scale),
  }
}

function regression(
  samples: readonly Sample[],
  values: Float64Array,
  unit: number,
  today: { readonly day: number; readonly holiday: boolean },
): Fit {
  const size = samples.some((sample) => sample.holiday) ? 8 : 7
  const rows = new Float64Array(samples.length * size)
  for (const [at, sample] of samples.entries()) writeRow(rows, at * size, sample, size)
  const target = new Float64Array(size)
  writeRow(target, 0, today, size)
  const scaled = values.map((value) => value / unit)
  const { beta, covariance, scale } = reweighted(rows, scaled, size)
  let expected = 0
  let leverage = 0
  for (let left = 0; left < size; left += 1) {
    expected += (target[left] ?? 0) * (beta[left] ?? 0)
    for (let right = 0; right < size; right += 1)
      leverage += (target[left] ?? 0) * (covariance[left * size + right] ?? 0) * (target[right] ?? 0)
  }
  const pooled = Math.max(scale * Math.sqrt(samples.length / Math.max(samples.length - size, 4)), floor)
  // A holiday whose effect was never seen may be anything: twice the band.
  const widened = today.holiday && size === 7 ? 2 : 1
  const deviation = pooled * Math.sqrt(1 + leverage) * unit * widened
  return {
    expected: expected * unit,
    deviation,
    deviationUp: deviation * Math.max(1, Math.abs(expected)),
    caution: 1,
    method: 'regression',
    unit,
    scale: pooled,
    leverage,
    beta: [...beta],
    days: samples.length,
    widened,
    residuals: residualsOf(rows, scaled, beta).map((residual) => residual / pooled),
  }
}

function reweighted(rows: Float64Array, values: Float64Array, size: number) {
  const weights = new Float64Array(values.length).fill(1)
  const distances = new Float64Array(values.length)
  const beta = new Float64Array(size)
  const covariance = new Float64Array(size * size)
  const moment = new Float64Array(size)
  let scale = 0
  for (let iteration = 0; iteration < iterations; iteration += 1) {
    weigh({ rows, values, weights }, covariance, moment)
    invert(covariance, size)
    for (let row = 0; row < size; row += 1) {
      let sum = 0
      for (let column = 0; column < size; column += 1)
        sum += (covariance[row * size + column] ?? 0) * (moment[column] ?? 0)
      beta[row] = sum
    }
    const residuals = residualsOf(rows, values, beta)
    for (let at = 0; at < residuals.length; at += 1) distances[at] = Math.abs(residuals[at] ?? 0)
    scale = spreadOf(distances, floorInside)
    for (let at = 0; at < weights.length; at += 1) weights[at] = biweight((distances[at] ?? 0) / (biweightAt * scale))
  }
  return { beta, covariance, scale }
}

/** Fills in XᵀWX + Λ and XᵀWy. The level's ridge is only enough to be invertible. */
function weigh(
  {
    rows,
    values,
    weights,
  }: { readonly rows: Float64Array; readonly values: Float64Array; readonly weights: Float64Array },
  normal: Float64Array,
  moment: Float64Array,
): void {
  const size = moment.length
  normal.fill(0)
  moment.fill(0)
  for (let left = 0; left < size; left += 1) normal[left * size + left] = left === 0 ? 1e-9 : 1
  for (let at = 0; at < values.length; at += 1) {
    const weight = weights[at] ?? 0
    if (weight === 0) continue
    const value = values[at] ?? 0
    const from = at * size
    for (let left = 0; left < size; left += 1) {
      const factor = weight * (rows[from + left] ?? 0)
      if (factor === 0) continue
      moment[left] = (moment[left] ?? 0) + factor * value
      const to = left * size
      for (let right = 0; right < size; right += 1)
        normal[to + right] = (normal[to + right] ?? 0) + factor * (rows[from + right] ?? 0)
    }
  }
}

function residualsOf(rows: Float64Array, values: Float64Array, beta: Float64Array): Float64Array {
  const size = beta.length
  const residuals = new Float64Array(values.length)
  for (let at = 0; at < values.length; at += 1) {
    let fitted = 0
    for (let column = 0; column < size; column += 1) fitted += (rows[at * size + column] ?? 0) * (beta[column] ?? 0)
    residuals[at] = (values[at] ?? 0) - fitted
  }
  return residuals
}

function biweight(at: number): number {
  return Math.abs(at) >= 1 ? 0 : (1 - at * at) ** 2
}

/** Level, six weekday contrasts that sum to zero (the seventh weekday is minus all others), holiday. */
function writeRow(
  rows: Float64Array,
  from: number,
  { day, holiday }: { readonly day: number; readonly holiday: boolean },
  size: number,
): void {
  const weekday = ((day % 7) + 7) % 7
  rows[from] = 1
  if (weekday === 6) rows.fill(-1, from + 1, from + 7)
  else rows[from + 1 + weekday] = 1
  if (size > 7) rows[from + 7] = holiday ? 1 : 0
}
