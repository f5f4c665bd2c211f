import { counts, empty, learning, usualRules } from './detect.ts'
import type { Judged, Point, Rules } from './detect.ts'
import { pLeast, pScore } from './detect-counts.ts'
import { betaBinomial, twoSided, usualRange } from './distribution.ts'
import { byDays } from './series-days.ts'

const windowDays = 28
const daysMin = 7
const fires = { low: 1e-6, medium: 1e-5, high: 1e-4 } as const

interface RatioDay {
  readonly day: number
  readonly value: number
  readonly of: number
}

/**
 * Judges a share (clicks of impressions, conversions of clicks) by the beta-binomial of the 28 days before: rate from their sums,
 * intra-day correlation by moments, so that a rate which wanders by itself must move further. `value` counts, `of` is what it is a
 * part of; a row without either, or with nothing to be a part of, is empty. The band is in counts.
 */
export function judgeRatio(points: readonly Point[], rules: Rules = usualRules): readonly Judged[] {
  const judged: Judged[] = points.map(() => empty)
  const lanes = new Map<number, RatioDay[]>()
  for (const { day, lane, rows } of byDays(points)) {
    const past = (lanes.get(lane) ?? []).filter((one) => one.day >= day - windowDays)
    lanes.set(lane, past)
    let last: RatioDay | undefined
    for (const at of rows) {
      const { value = null, of } = points[at] ?? {}
      if (value === null || of === undefined || of === null || of <= 0) continue
      last = { day, value, of }
      judged[at] = past.length < daysMin ? learning : judgeShare(past, last, rules)
    }
    if (last) past.push(last)
  }
  return judged
}

/** Pure: one day's share against those of the days before it. */
export function judgeShare(past: readonly RatioDay[], today: RatioDay, rules: Rules): Judged {
  const { rate, correlation } = rateOf(past)
  const trials = Math.round(today.of)
  const of = betaBinomial(trials, rate, correlation)
  const p = Math.max(twoSided(of, Math.min(today.value, trials)), pLeast)
  const fireAt = fires[rules.sensitivity]
  return {
    ...usualRange(of, fireAt),
    score: pScore(p, fireAt),
    anomaly: p <= fireAt && counts(today.value, of.mean, rules),
    state: 'judged',
    explanation: {
      detector: 'ratio',
      value: today.value,
      of: today.of,
      expected: of.mean,
      rate,
      correlation,
      p,
      fireAt,
      days: past.length,
      impactMin: rules.impactMin,
      shareMin: rules.shareMin,
    },
  }
}

/** The pooled rate and the intra-day correlation ρ from the spread of the days' rates, each held to five binomial deviations. */
function rateOf(past: readonly RatioDay[]): { readonly rate: number; readonly correlation: number } {
  const sum = (of: (one: RatioDay) => number) => past.reduce((total, one) => total + of(one), 0)
  const trials = sum(({ of }) => of)
  const rate = Math.min(Math.max(sum(({ value }) => value) / trials, 1e-9), 1 - 1e-9)
  const variance = rate * (1 - rate)
  // E[(k − np)²] = np(1−p)(1 + (n−1)ρ), summed over the days and solved for ρ.
  const squares = sum(({ value, of }) => Math.min((value - of * rate) ** 2, 25 * of * variance * (1 + 0.01 * of)))
  const correlation = (squares / variance - trials) / sum(({ of }) => of * Math.max(of - 1, 0))
  return { rate, correlation: Number.isFinite(correlation) ? Math.min(Math.max(correlation, 0), 0.5) : 0 }
}
