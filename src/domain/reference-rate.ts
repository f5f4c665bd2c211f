import type { Day } from './day.ts'
import type { Decimal } from './decimal.ts'
import { divideDecimals, multiplyDecimals, roundDecimal } from './decimal.ts'

/** One reference rate as a central bank publishes it: so many units of `currency` for one euro, on that day. */
export interface ReferenceRate {
  readonly date: Day
  /** Three capital letters; a bank also quotes currencies that have since been given up. */
  readonly currency: string
  readonly perEuro: Decimal
}

/** All rates are against this currency; its own rate is 1. */
export const rateBase = 'EUR'

/** Digits behind the point of a rate, the bank's own and a crossed one. */
export const rateScale = 10

/** Days after the last published rate on which that rate still stands: weekends and holidays, not a source that has stopped. */
export const rateFillDaysMax = 7

/**
 * Units of the report currency for one unit of the other, from their rates against the euro, at `rateScale` digits. The SQL of the
 * marts says the same: `round(to.rate / from.rate, 10)`.
 */
export function crossRate(fromPerEuro: Decimal, toPerEuro: Decimal): Decimal {
  return divideDecimals(toPerEuro, fromPerEuro, rateScale)
}

/** An amount at a rate, to the six digits that facts keep. */
export function converted(amount: Decimal, rate: Decimal): Decimal {
  return roundDecimal(multiplyDecimals(amount, rate), 6)
}
