import { operatorNames } from './config-schema.ts'
import type { OperatorName, Threshold } from './config-schema.ts'

type Holds = (value: number, bound: number, upper: number) => boolean

const holdsBy: Readonly<Record<OperatorName, Holds>> = {
  mustBe: (value, bound) => value === bound,
  mustNotBe: (value, bound) => value !== bound,
  mustBeGreaterThan: (value, bound) => value > bound,
  mustBeGreaterOrEqualTo: (value, bound) => value >= bound,
  mustBeLessThan: (value, bound) => value < bound,
  mustBeLessOrEqualTo: (value, bound) => value <= bound,
  mustBeBetween: (value, low, high) => value >= low && value <= high,
  mustNotBeBetween: (value, low, high) => value < low || value > high,
}

/** The operators that a threshold gives; a right one gives exactly one. */
export function givenOperators(threshold: Threshold): readonly OperatorName[] {
  return operatorNames.filter((name) => threshold[name] !== undefined)
}

/** Whether the value keeps the threshold. No number keeps none: NaN is never equal, greater, less or other. */
export function holds(threshold: Threshold, value: number): boolean {
  if (Number.isNaN(value)) return false
  return givenOperators(threshold).every((name) => {
    const [low, high] = boundsOf(threshold, name)
    return holdsBy[name](value, low, high)
  })
}

/** The threshold as the ends of what is allowed, where it has ends: what a result stores beside the value. */
export function expectedRange(threshold: Threshold): { readonly low: string | null; readonly high: string | null } {
  const [name] = givenOperators(threshold)
  if (name === undefined || name === 'mustNotBe' || name === 'mustNotBeBetween') return { low: null, high: null }
  const [low, high] = boundsOf(threshold, name)
  const isLow = name === 'mustBeGreaterThan' || name === 'mustBeGreaterOrEqualTo'
  const isHigh = name === 'mustBeLessThan' || name === 'mustBeLessOrEqualTo'
  return { low: isHigh ? null : String(low), high: isLow ? null : String(isHigh ? low : high) }
}

/** As it was written, for a sentence: `mustBeLessThan 0.5`. */
export function thresholdText(threshold: Threshold): string {
  return givenOperators(threshold)
    .map((name) => `${name} ${[threshold[name]].flat().join('..')}`)
    .join(', ')
}

function boundsOf(threshold: Threshold, name: OperatorName): readonly [number, number] {
  const given = threshold[name]
  return Array.isArray(given) ? given : [given ?? 0, given ?? 0]
}
