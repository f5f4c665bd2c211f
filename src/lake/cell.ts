import { day } from '../domain/day.ts'
import { decimal, normalised } from '../domain/decimal.ts'
import { isMillraceError } from '../domain/errors.ts'

const anyInteger = /^-?\d+$/
const narrowDecimal = /^-?\d{1,12}(?:\.\d{1,6})?$/
const wideDecimal = /^(-?)(\d{1,20})(?:\.(\d+))?$/

/** No platform's value comes near; beyond it memory would be the sender's to decide. */
export const textCharactersMax = 300_000

const bigintMax = 2n ** 63n - 1n

/** Decimals of the widest type. What lies beyond is the noise of a platform's double (`5.551115123125783e-17`) and is cut. */
const fineDigits = 18

/** The whole number that the text says, `12.0` and `1e3` too; undefined when it is none or does not fit 64 bits. */
export function integerOf(value: string): bigint | undefined {
  const exact = number(value)
  if (exact === undefined || !anyInteger.test(exact)) return undefined
  const units = BigInt(exact)
  return units <= bigintMax && units >= -bigintMax - 1n ? units : undefined
}

/** The number in units of its 18th decimal, and whether it needs more than twelve digits before the point or six behind it; undefined when it is none or has more than twenty digits before the point. */
export function decimalUnits(value: string): { readonly units: bigint; readonly isWide: boolean } | undefined {
  const [, sign = '', whole = '', fraction = ''] =
    wideDecimal.exec(value) ?? wideDecimal.exec(number(value) ?? '') ?? []
  if (whole === '') return undefined
  const units = BigInt(whole + fraction.slice(0, fineDigits).padEnd(fineDigits, '0'))
  const isWide = !narrowDecimal.test(value) && (whole.length > 12 || fraction.length > 6)
  return { units: sign === '-' ? -units : units, isWide }
}

/** The number in its shortest plain form, or undefined when the text is none. */
function number(text: string): string | undefined {
  try {
    return normalised(decimal(text))
  } catch (error) {
    if (isMillraceError(error, 'DOMAIN_DECIMAL_INVALID')) return undefined
    throw error
  }
}

const days = new Map<string, boolean>()

/** Whether the text is a day; asked once a day, not once a row, because a calendar costs a microsecond. */
export function isDay(text: string): boolean {
  const known = days.get(text)
  if (known !== undefined) return known
  // Hostile input must not grow the table without end; real input has some hundred days.
  if (days.size > 10_000) days.clear()
  const valid = checkDay(text)
  days.set(text, valid)
  return valid
}

function checkDay(text: string): boolean {
  try {
    return day(text) === text
  } catch (error) {
    if (isMillraceError(error, 'DOMAIN_DAY_INVALID')) return false
    throw error
  }
}
