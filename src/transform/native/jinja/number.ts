import type { Value } from './value.ts'
import { PyDecimal, PyFloat, PythonError } from './value.ts'
import { repr, typeName } from './text.ts'

export type NumberValue = boolean | number | bigint | PyFloat | PyDecimal

export function isNumber(value: Value): value is NumberValue {
  return (
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    typeof value === 'bigint' ||
    value instanceof PyFloat ||
    value instanceof PyDecimal
  )
}

export function isInteger(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** The JavaScript number of a number value; a bigint stays one, a decimal loses what a double cannot hold. */
export function numberOf(value: Value): number | bigint {
  if (typeof value === 'number' || typeof value === 'bigint') return value
  if (typeof value === 'boolean') return Number(value)
  if (value instanceof PyFloat) return value.value
  if (value instanceof PyDecimal) return Number(value.digits)
  throw new PythonError('TypeError', `must be a number, not ${typeName(value)}`)
}

/** A Python int: a number while it is exact, a bigint beyond 2^53. */
export function normalInteger(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
}

/** An index or count that must be an int; TypeError otherwise. */
export function indexOf(value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return Number(value)
  if (typeof value === 'bigint') return value > 0n ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER
  throw new PythonError('TypeError', `'${typeName(value)}' object cannot be interpreted as an integer`)
}

const INTEGER_TEXT = /^[+-]?\d+(?:_\d+)*$/
const FLOAT_TEXT = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+)?$/

/** Python's int(x): truncates numbers, reads decimal text; ValueError or TypeError otherwise. */
export function toInteger(value: Value): number | bigint {
  if (isInteger(value)) return value
  if (typeof value === 'boolean') return Number(value)
  if (value instanceof PyFloat) return truncated(value.value)
  if (value instanceof PyDecimal)
    return normalInteger(BigInt(value.digits.split('.')[0] === '-0' ? '0' : (value.digits.split('.')[0] ?? '0') || '0'))
  if (typeof value !== 'string')
    throw new PythonError('TypeError', `int() argument must be a string or a number, not '${typeName(value)}'`)
  const text = value.trim()
  if (!INTEGER_TEXT.test(text))
    throw new PythonError('ValueError', `invalid literal for int() with base 10: ${repr(value)}`)
  return normalInteger(BigInt(text.replaceAll('_', '').replace(/^\+/, '')))
}

function truncated(value: number): number | bigint {
  if (Number.isNaN(value)) throw new PythonError('ValueError', 'cannot convert float NaN to integer')
  if (!Number.isFinite(value)) throw new PythonError('OverflowError', 'cannot convert float infinity to integer')
  const whole = Math.trunc(value)
  return Number.isSafeInteger(whole) ? whole + 0 : BigInt(whole)
}

/** Python's float(x). */
export function toFloat(value: Value): number {
  if (isNumber(value)) return Number(numberOf(value))
  if (typeof value !== 'string')
    throw new PythonError('TypeError', `float() argument must be a string or a real number, not '${typeName(value)}'`)
  const text = value.trim()
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text)
  if (special !== null)
    return special[2]?.toLowerCase() === 'nan' ? Number.NaN : special[1] === '-' ? -Infinity : Infinity
  if (!FLOAT_TEXT.test(text)) throw new PythonError('ValueError', `could not convert string to float: ${repr(value)}`)
  return Number(text.replaceAll('_', ''))
}
