/** A value of a series. `hour` counts civil hours from 1970-01-01 00:00 in the series' own zone; `value` is null where nothing was measured. */
export interface Point {
  readonly hour: number
  readonly value: number | null
  /** What the value is a share of; only for the detector of ratios. */
  readonly of?: number | null
}

/**
 * What a detector says of one point. Bounds are null while it learns or when there is no value.
 * `score` is 0 to 1 for every detector: 0 where nothing is said, 0.5 where surprise alone would fire, rising with surprise.
 */
export interface Judged {
  readonly low: number | null
  readonly high: number | null
  readonly score: number
  readonly anomaly: boolean
  readonly state: 'judged' | 'learning' | 'empty'
  /** Every number that the judgement was made of. Null while nothing is judged. */
  readonly explanation: Explanation | null
}

export type Explanation = Readonly<Record<string, number | string | boolean | null | readonly number[]>>

export const sensitivities = ['low', 'medium', 'high'] as const
export const directions = ['both', 'up', 'down'] as const

/** What counts as an anomaly beside surprise. */
export interface Rules {
  readonly sensitivity: (typeof sensitivities)[number]
  readonly direction: (typeof directions)[number]
  /** The least difference from the expected, in the series' own unit. */
  readonly impactMin: number
  /** The least difference as a share of the expected. */
  readonly shareMin: number
  /** Days on which the series is not expected to be as usual, as days since 1970-01-01. */
  readonly holidays: ReadonlySet<number>
  /** What a day without a row is: nothing known, or nothing delivered. */
  readonly missing: 'skip' | 'zero'
}

export const usualRules: Rules = {
  sensitivity: 'medium',
  direction: 'both',
  impactMin: 0,
  shareMin: 0,
  holidays: new Set(),
  missing: 'skip',
}

export const learning: Judged = {
  low: null,
  high: null,
  score: 0,
  anomaly: false,
  state: 'learning',
  explanation: null,
}
export const empty: Judged = { ...learning, state: 'empty' }

/** Surprise as a multiple of what would fire, brought to 0…1: 0.5 at 1, and never quite 1. */
export function scoreOf(ratio: number): number {
  return ratio > 0 ? ratio / (1 + ratio) : 0
}

/** Whether a difference goes the way that is looked for and matters. */
export function counts(value: number, expected: number, rules: Rules): boolean {
  const difference = value - expected
  if (rules.direction === 'up' && difference < 0) return false
  if (rules.direction === 'down' && difference > 0) return false
  return Math.abs(difference) >= Math.max(rules.impactMin, rules.shareMin * Math.abs(expected))
}

/** The points' places in the order of time; those of one time stay in the order given. */
export function inOrder(points: readonly Point[]): readonly number[] {
  return points
    .map((_, at) => at)
    .sort((left, right) => (points[left]?.hour ?? 0) - (points[right]?.hour ?? 0) || left - right)
}

/** The usual distance between neighbours in hours; 0 for fewer than two different times. `regular` when four in five keep to it. */
export function stepOf(points: readonly Point[]): { readonly hours: number; readonly regular: boolean } {
  const hours = Float64Array.from(points, ({ hour }) => hour).sort()
  const steps = hours
    .subarray(1)
    .map((hour, at) => hour - (hours[at] ?? 0))
    .filter((step) => step > 1e-6)
    .sort()
  const usual = steps[steps.length >> 1] ?? 0
  const kept = steps.filter((step) => Math.abs(step - usual) < 0.01 * usual).length
  return { hours: usual, regular: steps.length > 0 && kept >= 0.8 * steps.length }
}
