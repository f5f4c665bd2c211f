import { counts, empty, learning, usualRules } from './detect.ts'
import type { Judged, Point, Rules } from './detect.ts'
import { negativeBinomial, twoSided, usualRange } from './distribution.ts'
import { byDays } from './series-days.ts'

const windowDays = 56
const daysMin = 14
/** Low volumes show an outage only over several days: the last one, two and three are judged together. */
const runs = [1, 2, 3] as const
const fires = { low: 1e-5, medium: 1e-4, high: 1e-3 } as const
const weekdayWeight = 7
export const pLeast = 1e-300

interface CountDay {
  readonly day: number
  readonly value: number
  readonly expected: number
}

/**
 * Judges small counts (conversions, leads) by the tail of a negative binomial: the mean of up to 56 days before, without its outer
 * tenth on either side, times the weekday's share; overdispersion by moments. The last one, two and three days are judged together
 * and the least likely counts, three times corrected for having looked three times.
 */
export function judgeCounts(points: readonly Point[], rules: Rules = usualRules): readonly Judged[] {
  const judged: Judged[] = points.map(() => empty)
  const lanes = new Map<number, CountDay[]>()
  for (const { day, lane, rows } of byDays(points)) {
    const past = lanes.get(lane) ?? []
    lanes.set(lane, past)
    const known = filled(past, day, rules)
    const mean = expectedOf(known, day)
    for (const at of rows) {
      const value = points[at]?.value ?? 0
      judged[at] = mean === undefined ? learning : judgeCount(known, { day, value, expected: mean }, rules)
    }
    past.push({ day, value: points[rows.at(-1) ?? 0]?.value ?? 0, expected: mean ?? Number.NaN })
    if (past.length > windowDays) past.shift()
  }
  return judged
}

function filled(past: readonly CountDay[], day: number, { missing }: Rules): readonly CountDay[] {
  const within = past.filter((one) => one.day >= day - windowDays)
  const [first] = within
  if (missing === 'skip' || !first) return within
  const byDay = new Map(within.map((one) => [one.day, one]))
  return Array.from({ length: day - first.day }, (_, at) => {
    const filledDay = first.day + at
    return byDay.get(filledDay) ?? { day: filledDay, value: 0, expected: Number.NaN }
  })
}

/** What a day should count; undefined while fewer than 14 days are known. */
export function expectedOf(
  past: readonly { readonly day: number; readonly value: number }[],
  day: number,
): number | undefined {
  if (past.length < daysMin) return undefined
  const sorted = past.map(({ value }) => value).sort((left, right) => left - right)
  const cut = Math.floor(sorted.length / 10)
  const kept = sorted.slice(cut, sorted.length - cut)
  const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length
  const same = past.filter((one) => (day - one.day) % 7 === 0)
  // The weekday's own mean, held to between nothing and three times the mean so that one outlier is no weekday.
  const own = same.reduce((sum, { value }) => sum + Math.min(value, 3 * mean), 0)
  return (own + weekdayWeight * mean) / (same.length + weekdayWeight)
}

/** Overdispersion α of variance λ + αλ², by moments over the days whose expectation is known, each held to three deviations. */
function dispersionOf(past: readonly CountDay[]): number {
  let [excess, squares] = [0, 0]
  for (const { value, expected } of past) {
    if (!(expected > 0)) continue
    excess += Math.min((value - expected) ** 2, 9 * (expected + 0.25 * expected ** 2)) - expected
    squares += expected ** 2
  }
  return squares > 0 ? Math.min(Math.max(excess / squares, 0), 2) : 0
}

/** Pure: one day's count against what the days before it say. */
export function judgeCount(past: readonly CountDay[], today: CountDay, rules: Rules): Judged {
  const dispersion = dispersionOf(past)
  const looks = runs.flatMap((length) => {
    const days = [...past.slice(past.length - length + 1), today]
    if (days.length < length || days.some(({ expected }) => Number.isNaN(expected))) return []
    const mean = days.reduce((sum, { expected }) => sum + expected, 0)
    const value = days.reduce((sum, one) => sum + one.value, 0)
    return [{ length, mean, value, p: twoSided(negativeBinomial(mean, dispersion / length), value) }]
  })
  const least = looks.reduce((best, look) => (look.p < best.p ? look : best), looks[0] ?? noLook(today))
  const p = Math.max(Math.min(1, looks.length * least.p), pLeast)
  const fireAt = fires[rules.sensitivity]
  const range = usualRange(negativeBinomial(today.expected, dispersion), fireAt)
  return {
    ...range,
    score: pScore(p, fireAt),
    anomaly: p <= fireAt && counts(least.value, least.mean, rules),
    state: 'judged',
    explanation: {
      detector: 'counts',
      value: today.value,
      expected: today.expected,
      p,
      fireAt,
      dispersion,
      days: past.length,
      togetherDays: least.length,
      togetherValue: least.value,
      togetherExpected: least.mean,
      impactMin: rules.impactMin,
      shareMin: rules.shareMin,
    },
  }
}

function noLook({ value, expected }: CountDay) {
  return { length: 1 as const, mean: expected, value, p: 1 }
}

/** A probability as a score: 0 at 1, 0.5 at what fires. */
export function pScore(p: number, fireAt: number): number {
  const strength = -Math.log10(p)
  return strength / (strength - Math.log10(fireAt))
}
