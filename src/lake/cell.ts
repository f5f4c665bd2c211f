import { day } from '../domain/day.ts'
import { decimal, normalised } from '../domain/decimal.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { RawType } from '../domain/mapping.ts'

/** How many digits a decimal column of one day's file needs; each step is a wider and slower type. */
export const widths = { narrow: 0, fine: 1, huge: 2 } as const
export type Width = (typeof widths)[keyof typeof widths]

/** What a value becomes in the spool's CSV, or undefined when it does not fit its type; raises the column's needed width. */
type Encoder = (value: string, column: number, needed: Width[]) => string | undefined

const plainInteger = /^-?(?:0|[1-9]\d{0,17})$/
const anyInteger = /^-?\d+$/
const plainText = /^[^",\r\n]+$/
const narrowDecimal = /^-?\d{1,12}(?:\.\d{1,6})?$/
const wideDecimal = /^(-?)(\d{1,20})(?:\.(\d+))?$/

/** Half of DuckDB's longest CSV line, in characters that may take three bytes each: no platform's value comes near. */
const textCharactersMax = 300_000

const bigintMax = 2n ** 63n - 1n

/** Decimals of the widest type. What lies beyond is the noise of a platform's double (`5.551115123125783e-17`) and is cut. */
const fineDigits = 18

/** By type; the decimal's CSV has two fields: the value to six decimals, and the digits beyond as a number of their own. */
export const encoders = {
  text: encodeText,
  json: encodeText,
  day: encodeDay,
  bigint: encodeInteger,
  decimal: encodeDecimal,
} as const satisfies Record<RawType, Encoder>

function encodeText(value: string): string | undefined {
  if (plainText.test(value) && value.length <= textCharactersMax) return value
  return value.length <= textCharactersMax ? `"${value.replaceAll('"', '""')}"` : undefined
}

function encodeDay(value: string): string | undefined {
  return isDay(value) ? value : undefined
}

function encodeInteger(value: string): string | undefined {
  if (plainInteger.test(value)) return value
  const exact = number(value)
  if (exact === undefined || !anyInteger.test(exact)) return undefined
  const units = BigInt(exact)
  return units <= bigintMax && units >= -bigintMax - 1n ? exact : undefined
}

function encodeDecimal(value: string, column: number, needed: Width[]): string | undefined {
  if (narrowDecimal.test(value)) return `${value},`
  const [, sign = '', whole = '', fraction = ''] =
    wideDecimal.exec(value) ?? wideDecimal.exec(number(value) ?? '') ?? []
  if (whole === '') return undefined
  const rest = fraction.slice(6, fineDigits)
  const width = whole.length > 12 ? widths.huge : rest === '' ? widths.narrow : widths.fine
  if (width > (needed[column] ?? widths.narrow)) needed[column] = width
  const main = fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction.slice(0, 6)}`
  return rest === '' ? `${main},` : `${main},${sign}0.000000${rest}`
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
