import { addDecimals, compareDecimals, fromUnits, normalised, roundDecimal, toUnits } from '../domain/decimal.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { Judgement, SliceFacts, SummedMetric } from './check.ts'
import { summedMetrics } from './check.ts'

interface Difference {
  readonly metric: SummedMetric
  readonly total: Decimal
  readonly sum: Decimal
}

/**
 * Sum of the staged rows against the totals that the platform sent beside them, as exact decimals, over the whole slice: a row
 * that was lost, doubled or misread anywhere makes every day of the slice doubtful, because nobody can say which day it was of.
 *
 * Counts and cost must be equal. Conversions are doubles on the platforms' side and are staged with six decimals, so there the
 * sum may differ by half of the last staged digit for each row and by the error of adding doubles.
 */
export function judgeTotals({ extract, sums, rows }: SliceFacts): Judgement {
  const totals = extract.controlTotals
  if (!totals) return { outcome: 'skipped', tested: 0, failed: 0, facts: { reason: 'no_totals' } }
  const given = summedMetrics.flatMap((metric): readonly Difference[] => {
    const total = totals[metric]
    return total === undefined ? [] : [{ metric, total, sum: sums[metric] }]
  })
  if (given.length === 0) return { outcome: 'skipped', tested: 0, failed: 0, facts: { reason: 'no_totals' } }
  const wrong = given.filter((one) => !agree(one, rows))
  const worst = wrong[0]
  return {
    outcome: worst ? 'fail' : 'pass',
    tested: given.length,
    failed: wrong.length,
    value: worst ? worst.sum : null,
    expectedLow: worst ? worst.total : null,
    expectedHigh: worst ? worst.total : null,
    facts: worst
      ? {
          metric: worst.metric,
          total: worst.total,
          sum: worst.sum,
          difference: minus(worst.sum, worst.total),
          metrics: wrong.map((one) => one.metric).join(', '),
        }
      : { metrics: given.map((one) => one.metric).join(', ') },
  }
}

const fractional: ReadonlySet<SummedMetric> = new Set(['conversions', 'conversionValue'])

function agree({ metric, total, sum }: Difference, rows: number): boolean {
  const difference = magnitude(minus(sum, total))
  if (!fractional.has(metric)) return difference === '0'
  return compareDecimals(difference, roundingOf(total, rows)) <= 0
}

/** 5·10⁻⁷ a row for the staged digits, and a billionth of the total for the doubles that the platform added up. */
function roundingOf(total: Decimal, rows: number): Decimal {
  const perRow = fromUnits(BigInt(rows) * 5n, 7)
  const ofTotal = fromUnits(toUnits(roundDecimal(magnitude(total), 12), 12), 21)
  return addDecimals(perRow, ofTotal)
}

function magnitude(value: Decimal): Decimal {
  return normalised(value.startsWith('-') ? value.slice(1) : value)
}

function minus(a: Decimal, b: Decimal): Decimal {
  const negated = (b.startsWith('-') ? b.slice(1) : `-${b}`) as Decimal
  return normalised(addDecimals(a, negated))
}
