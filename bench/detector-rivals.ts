/**
 * The formulas of other detectors, re-implemented here in their default settings so that they judge the same series. They are their
 * published formulas, not their programs.
 */

/** Elementary: z of a window of 14 days that contains the day it judges; 3 fires. */
export function elementary(values: readonly number[]): readonly boolean[] {
  return values.map((value, at) => {
    const window = values.slice(Math.max(0, at - 13), at + 1)
    if (window.length < 8) return false
    const mean = window.reduce((sum, one) => sum + one, 0) / window.length
    const variance = window.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (window.length - 1)
    return Math.abs(value - mean) > 3 * Math.sqrt(variance)
  })
}

const steps = [0.05, 0.2, 0.4, 0.6, 0.8]

/** Deequ HoltWinters, additive and weekly: off by more than 1.96 standard deviations of the absolute residuals of the training days. */
export function deequHoltWinters(values: readonly number[]): readonly boolean[] {
  return values.map((value, at) => {
    if (at < 21) return false
    const train = values.slice(0, at)
    let best = smoothed(train, { level: 0.2, trend: 0.05, season: 0.2 })
    for (const level of steps)
      for (const trend of [0.05, 0.2])
        for (const season of steps) {
          const tried = smoothed(train, { level, trend, season })
          if (tried.squares < best.squares) best = tried
        }
    const sizes = best.residuals.map(Math.abs)
    const mean = sizes.reduce((sum, one) => sum + one, 0) / sizes.length
    const deviation = Math.sqrt(sizes.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (sizes.length - 1))
    return Math.abs(value - best.forecast) > 1.96 * deviation
  })
}

function smoothed(
  values: readonly number[],
  by: { readonly level: number; readonly trend: number; readonly season: number },
) {
  const first = values.slice(0, 7)
  let level = first.reduce((sum, one) => sum + one, 0) / 7
  let trend = (values.slice(7, 14).reduce((sum, one) => sum + one, 0) / 7 - level) / 7
  const season = first.map((one) => one - level)
  const residuals: number[] = []
  let squares = 0
  for (let at = 7; at < values.length; at += 1) {
    const value = values[at] ?? 0
    const seasonal = season[at % 7] ?? 0
    const residual = value - (level + trend + seasonal)
    residuals.push(residual)
    squares += residual ** 2
    const before = level
    level = by.level * (value - seasonal) + (1 - by.level) * (level + trend)
    trend = by.trend * (level - before) + (1 - by.trend) * trend
    season[at % 7] = by.season * (value - level) + (1 - by.season) * seasonal
  }
  return { residuals, squares, forecast: level + trend + (season[values.length % 7] ?? 0) }
}
