import type { Facts } from '../domain/errors.ts'
import type { Dimension, Outcome, Severity } from './check.ts'

/** What a score is drawn along: the four that a morning asks for, and two that explain them. */
export const axes = ['completeness', 'accuracy', 'consistency', 'timeliness', 'validity', 'uniqueness'] as const

export type Axis = (typeof axes)[number]

/** Dimensions have the names of the Open Data Contract Standard; people know its `conformity` as validity. */
export const axisOf: Readonly<Record<Dimension, Axis>> = {
  accuracy: 'accuracy',
  completeness: 'completeness',
  conformity: 'validity',
  consistency: 'consistency',
  coverage: 'completeness',
  timeliness: 'timeliness',
  uniqueness: 'uniqueness',
}

/** By severity and not by rows: a trivial rule over ten million rows must not drown a fatal one over a single row. */
const weights: Readonly<Record<Severity, number>> = { critical: 8, error: 4, warn: 2, info: 1 }

/** The overall score may not be better than this once a check of that severity failed. */
const capOf: Readonly<Partial<Record<Severity, number>>> = { critical: 59, error: 79 }

/** As much of a result as a score is made from. */
export interface Scored {
  readonly checkId: string
  readonly seriesKey?: string
  readonly dimension: Dimension
  readonly severity: Severity
  readonly outcome: Outcome
  readonly tested: number
  readonly failed: number
  readonly facts: Facts
  /** How near a measured value came, 0 to 1, when the check knows better than failed rows among those tested. */
  readonly score?: number | null | undefined
  /** Of an anomaly check: it enters no score until somebody confirmed it. */
  readonly detector?: string | null | undefined
}

export interface AxisScore {
  /** 0 to 100 with two digits; null when no check of it measured anything: a gap, never 100. */
  readonly score: number | null
  readonly measured: number
  readonly defined: number
}

export interface Scorecard {
  readonly axes: Readonly<Record<Axis, AxisScore>>
  readonly overall: AxisScore & { readonly cappedBy: Severity | null }
}

/**
 * How well the data kept one rule, 0 to 1: ISO/IEC 25024's ratio of what is right among what was looked at. A row that a check only
 * warns of counts half. A check that could not be carried out has 0: were it left out, breaking a check would improve the score.
 * Null: nothing was measured (skipped, learning, muted, no rows, an anomaly that nobody has confirmed).
 */
export function resultScore(result: Omit<Scored, 'checkId' | 'dimension' | 'severity'>): number | null {
  const { outcome, tested, failed, facts, score, detector } = result
  if (detector !== null && detector !== undefined) return null
  if (outcome === 'error') return 0
  if (outcome !== 'pass' && outcome !== 'warn' && outcome !== 'fail') return null
  if (score !== null && score !== undefined) return clamped(score)
  if (tested <= 0) return outcome === 'fail' ? 0 : null
  const warned = Number(facts['warned'] ?? 0)
  return clamped(1 - (failed + (Number.isFinite(warned) ? warned : 0) / 2) / tested)
}

/** Scores of one partition from all that is known of it. Pure; the order of the results does not matter, not even to the last bit. */
export function scorecard(results: readonly Scored[]): Scorecard {
  const ordered = results.toSorted((a, b) => compareText(keyOf(a), keyOf(b)))
  const byAxis = Map.groupBy(ordered, (one) => axisOf[one.dimension])
  const scored = Object.fromEntries(axes.map((axis) => [axis, axisScore(byAxis.get(axis) ?? [])])) as Record<
    Axis,
    AxisScore
  >
  const cappedBy = worstFailure(ordered)
  const mean = meanOf(axes.map((axis) => scored[axis].score))
  const cap = cappedBy === null ? undefined : capOf[cappedBy]
  return {
    axes: scored,
    overall: {
      score: mean === null ? null : rounded(Math.min(mean, cap ?? 100)),
      measured: axes.reduce((sum, axis) => sum + scored[axis].measured, 0),
      defined: results.length,
      cappedBy,
    },
  }
}

/** Mean of the scores there are, each weighing the same or by `weightOf` (spend, say); null when there is none. */
export function meanScore(
  scores: readonly (number | null)[],
  weightOf: (at: number) => number = () => 1,
): number | null {
  let sum = 0
  let weight = 0
  for (const [at, score] of scores.entries()) {
    const own = weightOf(at)
    if (score === null || !(own > 0)) continue
    sum += score * own
    weight += own
  }
  return weight === 0 ? null : rounded(sum / weight)
}

function axisScore(results: readonly Scored[]): AxisScore {
  let sum = 0
  let weight = 0
  let measured = 0
  for (const result of results) {
    const score = resultScore(result)
    if (score === null) continue
    measured += 1
    sum += weights[result.severity] * score
    weight += weights[result.severity]
  }
  return { score: weight === 0 ? null : rounded((100 * sum) / weight), measured, defined: results.length }
}

function worstFailure(results: readonly Scored[]): Severity | null {
  const failed = results.filter(({ outcome, detector }) => (outcome === 'fail' || outcome === 'error') && !detector)
  return (['critical', 'error'] as const).find((severity) => failed.some((one) => one.severity === severity)) ?? null
}

function meanOf(scores: readonly (number | null)[]): number | null {
  const known = scores.filter((one) => one !== null)
  return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0) / known.length
}

function keyOf({ checkId, seriesKey = '' }: Scored): string {
  return `${checkId}\u0000${seriesKey}`
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function clamped(score: number): number {
  return Number.isNaN(score) ? 0 : Math.min(1, Math.max(0, score))
}

function rounded(score: number): number {
  return Math.round(score * 100) / 100
}
