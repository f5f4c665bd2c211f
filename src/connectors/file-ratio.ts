import type { RawRow } from '../domain/mapping.ts'
import type { FileField, FileMapping, FileRatio } from './file-mapping.ts'
import { fileFields, fileRatios } from './file-mapping.ts'
import { numberReader } from './file-values.ts'

/** A ratio of a file that is not what its row's own numbers give, with both as people read them. */
export interface RatioDifference {
  readonly ratio: FileRatio
  readonly found: string
  readonly expected: string
}

/** Compares one ratio of a row; undefined when it agrees, when it cannot be read as a number, or when it is not defined. */
export type CheckRatio = (ratio: FileRatio, text: string, row: RawRow) => RatioDifference | undefined

/**
 * A ratio is derived: it must follow from the sums beside it, or a column was taken for another. Both sides are numbers as an export
 * shows them, rounded to their last digit, so they agree when they can have come from the same numbers. Floating point is enough: what is
 * compared here is thrown away. Where the denominator is 0 there is no ratio, whatever an export writes.
 */
export function ratioChecker(mapping: FileMapping): CheckRatio {
  const read = numberReader(mapping.numbers)
  return (ratio, text, row) => {
    const [over, under] = fileRatios[ratio]
    const [numerator, denominator] = [valueOf(row, over), valueOf(row, under)]
    const isPercent = text.trimEnd().endsWith('%') || mapping.ratios[ratio]?.percent === true
    const shown = read(text.replace(/\s*%\s*$/, ''))
    if (shown === undefined || numerator === undefined || denominator === undefined || Number(denominator) === 0)
      return undefined
    const scale = isPercent ? 100 : 1
    const expected = (Number(numerator) / Number(denominator)) * scale
    const rounding =
      halfStepOf(decimalsOf(text, mapping.numbers.decimal)) +
      scale * (roundingOf(over, numerator) / Math.abs(Number(denominator))) +
      (Math.abs(expected) * roundingOf(under, denominator)) / Math.abs(Number(denominator))
    // The last term is the error of the doubles themselves.
    if (Math.abs(Number(shown) - expected) <= rounding + Math.abs(expected) * 1e-12) return undefined
    return { ratio, found: text.trim(), expected: `${expected.toPrecision(6)}${isPercent ? '%' : ''}` }
  }
}

function valueOf(row: RawRow, field: string): string | undefined {
  if (field === 'cost' && row['cost_micros'] !== undefined)
    return row['cost_micros'] === null ? undefined : String(Number(row['cost_micros']) / 1e6)
  return row[field] ?? undefined
}

/** By how much a sum of a row may have been rounded: counts not at all, conversions to hundredths, money to what it shows. */
function roundingOf(field: FileField, text: string): number {
  if (fileFields[field] === 'bigint') return 0
  return field === 'conversions' ? 0.005 : halfStepOf(decimalsOf(text, '.'))
}

/** How many decimals a text shows, zeros at its end included. */
function decimalsOf(text: string, sign: string): number {
  const after = text.slice(text.lastIndexOf(sign) + 1)
  return text.includes(sign) ? (/^\d*/.exec(after)?.[0].length ?? 0) : 0
}

const halfStepOf = (decimals: number): number => 0.5 * 10 ** -decimals
