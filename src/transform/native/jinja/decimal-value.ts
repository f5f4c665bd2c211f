import type { ArithmeticOperator, Value } from './value.ts'
import { PyDecimal, PyFloat, PythonError } from './value.ts'
import { typeName } from './text.ts'

interface Scaled {
  readonly units: bigint
  readonly scale: number
}

/** Python's default decimal context keeps 28 significant digits in a quotient. */
const PRECISION = 28

/**
 * Python's Decimal with an int or another Decimal: sums and products are exact and keep their scale (1.50 + 1 = 2.50), quotients have
 * 28 significant digits. With a float Python refuses, and so does this.
 */
export function decimalArithmetic(operator: ArithmeticOperator, left: Value, right: Value): PyDecimal {
  if (left instanceof PyFloat || right instanceof PyFloat) {
    throw new PythonError(
      'TypeError',
      `unsupported operand type(s) for ${operator}: '${typeName(left)}' and '${typeName(right)}'`,
    )
  }
  const [a, b] = [scaled(left), scaled(right)]
  if (operator === '*') return new PyDecimal(printed({ units: a.units * b.units, scale: a.scale + b.scale }))
  const scale = Math.max(a.scale, b.scale)
  const [x, y] = [a.units * 10n ** BigInt(scale - a.scale), b.units * 10n ** BigInt(scale - b.scale)]
  if (operator === '+') return new PyDecimal(printed({ units: x + y, scale }))
  if (operator === '-') return new PyDecimal(printed({ units: x - y, scale }))
  if (operator === '**') return new PyDecimal(power(a, b))
  if (y === 0n) throw new PythonError('ZeroDivisionError', 'division by zero')
  if (operator === '//') return new PyDecimal(printed({ units: x / y, scale: 0 }))
  if (operator === '%') return new PyDecimal(printed({ units: x % y, scale }))
  return new PyDecimal(quotient(x, y, a.scale - b.scale))
}

function scaled(value: Value): Scaled {
  if (value instanceof PyDecimal) {
    const [mantissa = '0', exponent = '0'] = value.digits.toLowerCase().split('e')
    const [whole = '0', fraction = ''] = mantissa.split('.')
    const scale = fraction.length - Number(exponent)
    const units = BigInt(`${whole}${fraction}`)
    return scale >= 0 ? { units, scale } : { units: units * 10n ** BigInt(-scale), scale: 0 }
  }
  if (typeof value === 'boolean') return { units: value ? 1n : 0n, scale: 0 }
  if (typeof value === 'number' || typeof value === 'bigint') return { units: BigInt(value), scale: 0 }
  throw new PythonError('TypeError', `unsupported operand type for Decimal: '${typeName(value)}'`)
}

function printed({ units, scale }: Scaled): string {
  if (scale === 0) return units.toString()
  const negative = units < 0n
  const digits = (negative ? -units : units).toString().padStart(scale + 1, '0')
  return `${negative ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

function power(base: Scaled, exponent: Scaled): string {
  if (exponent.scale !== 0 || exponent.units < 0n || exponent.units > 1000n) {
    throw new PythonError('ValueError', 'a Decimal can be raised to a whole power between 0 and 1000 only')
  }
  const times = Number(exponent.units)
  return printed({ units: base.units ** BigInt(times), scale: base.scale * times })
}

function quotient(x: bigint, y: bigint, idealScale: number): string {
  const shift = PRECISION + y.toString().length + 2
  const units = (x * 10n ** BigInt(shift)) / y
  const negative = units < 0n
  let digits = (negative ? -units : units).toString()
  let scale = shift
  const surplus = digits.length - PRECISION
  if (surplus > 0) {
    const unit = 10n ** BigInt(surplus)
    const value = BigInt(digits)
    const [kept, rest] = [value / unit, value % unit]
    const up = rest * 2n > unit || (rest * 2n === unit && kept % 2n === 1n)
    digits = (up ? kept + 1n : kept).toString()
    scale -= surplus
  }
  while (scale > Math.max(0, idealScale) && digits.endsWith('0') && digits.length > 1) {
    digits = digits.slice(0, -1)
    scale -= 1
  }
  return printed({ units: BigInt(`${negative ? '-' : ''}${digits}`), scale: Math.max(0, scale) })
}
