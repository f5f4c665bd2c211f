import { MillraceError } from './errors.ts'

/**
 * An exact decimal number as text: optional minus, digits, optional point and digits; no exponent, no plus, no group signs.
 * Money, conversions and counts are decimals all the way from the platform's JSON to `numeric`, because a float loses cents
 * (100,000 × 0.07 is 6999.99999999) and a JavaScript number loses ids and counts beyond 2^53.
 */
export type Decimal = string & { readonly __brand: 'Decimal' }

export const zero = '0' as Decimal

const plain = /^-?\d+(?:\.\d+)?$/
const scientific = /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d+)$/

/**
 * Reads a decimal from text as JSON or a platform writes it; exponents ("-2E-18") are expanded exactly.
 * Throws DOMAIN_DECIMAL_INVALID when the text is not a number.
 */
export function decimal(text: string): Decimal {
  if (plain.test(text)) return text as Decimal
  const match = scientific.exec(text)
  if (!match) throw new MillraceError('DOMAIN_DECIMAL_INVALID', { text })
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match
  const exponent = Number(exponentText)
  // 400 covers every finite double; beyond it the text is hostile, not a metric.
  if (Math.abs(exponent) > 400) throw new MillraceError('DOMAIN_DECIMAL_INVALID', { text })
  return normalised(shifted(sign + whole + (fraction ? `.${fraction}` : ''), exponent))
}

/** Moves the decimal point by `places` to the right (negative: to the left) by string, so that no digit is rounded. */
function shifted(text: string, places: number): string {
  const negative = text.startsWith('-')
  const [whole = '0', fraction = ''] = (negative ? text.slice(1) : text).split('.')
  const digits = whole + fraction
  const point = whole.length + places
  const padded = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0')
  const at = point <= 0 ? 1 : point
  const result = padded.slice(0, at) + (padded.length > at ? `.${padded.slice(at)}` : '')
  return negative ? `-${result}` : result
}

/** What `normalised` returns: most numbers of a platform are this already, and a test is five times cheaper than taking apart. */
const canonical = /^(?:0|-?[1-9]\d*|-?(?:0|[1-9]\d*)\.\d*[1-9])$/

/** Without leading zeros, trailing zeros of the fraction, or a minus before zero: equal numbers get equal text. */
export function normalised(text: string): Decimal {
  if (canonical.test(text)) return text as Decimal
  const negative = text.startsWith('-')
  const [whole = '0', fraction = ''] = (negative ? text.slice(1) : text).split('.')
  const cleanWhole = whole.replace(/^0+(?=\d)/, '')
  const cleanFraction = fraction.replace(/0+$/, '')
  const unsigned = cleanFraction ? `${cleanWhole}.${cleanFraction}` : cleanWhole
  return (negative && unsigned !== '0' ? `-${unsigned}` : unsigned) as Decimal
}

/** Micros (millionths, Google's `cost_micros`) to units: a shift of the point, never a division. */
export function decimalFromMicros(micros: string): Decimal {
  // Canonical integers, which is what platforms send, are cut; everything else goes the long way.
  if (micros === '0') return zero
  if (micros.length > 18 || !canonicalInteger.test(micros)) return normalised(shifted(decimal(micros), -6))
  let end = micros.length
  while (micros.charCodeAt(end - 1) === 48) end -= 1
  const point = micros.length - 6
  const start = micros.charCodeAt(0) === 45 ? 1 : 0
  if (point <= start) {
    const padded = micros.slice(start, end).padStart(end - point, '0')
    return `${start === 1 ? '-' : ''}0.${padded}` as Decimal
  }
  return (end <= point ? micros.slice(0, point) : `${micros.slice(0, point)}.${micros.slice(point, end)}`) as Decimal
}

const canonicalInteger = /^-?[1-9]\d*$/

/** Reads a decimal as `decimal` does, in its normal form: equal numbers get equal text. */
export function normalDecimal(text: string): Decimal {
  return canonical.test(text) ? (text as Decimal) : normalised(decimal(text))
}

/** The number in units of 10^-scale as a bigint. Throws DOMAIN_DECIMAL_SCALE when digits other than zero would be cut. */
export function toUnits(value: Decimal, scale: number): bigint {
  const negative = value.startsWith('-')
  const [whole = '0', fraction = ''] = (negative ? value.slice(1) : value).split('.')
  if (fraction.length > scale && /[1-9]/.test(fraction.slice(scale))) {
    throw new MillraceError('DOMAIN_DECIMAL_SCALE', { value, scale })
  }
  const units = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'))
  return negative ? -units : units
}

/** The decimal that is `units` × 10^-scale. */
export function fromUnits(units: bigint, scale: number): Decimal {
  return normalised(shifted(units.toString(), -scale))
}

function scaleOf(value: Decimal): number {
  const point = value.indexOf('.')
  return point < 0 ? 0 : value.length - point - 1
}

const shortInteger = /^-?\d{1,15}$/

/** The exact sum. */
export function addDecimals(a: Decimal, b: Decimal): Decimal {
  // Two integers below 10^15 have a sum below 2^53, which a JavaScript number holds exactly; `+ 0` turns -0 into 0.
  if (shortInteger.test(a) && shortInteger.test(b)) return String(Number(a) + Number(b) + 0) as Decimal
  const scale = Math.max(scaleOf(a), scaleOf(b))
  return fromUnits(toUnits(a, scale) + toUnits(b, scale), scale)
}

export function sumDecimals(values: Iterable<Decimal>): Decimal {
  let total = zero
  for (const value of values) total = addDecimals(total, value)
  return total
}

/** Negative, zero or positive, as `Array.prototype.sort` wants it. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const scale = Math.max(scaleOf(a), scaleOf(b))
  const difference = toUnits(a, scale) - toUnits(b, scale)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** Rounds half away from zero to `scale` digits, as Postgres's `numeric` does when a column is narrower than the value. */
export function roundDecimal(value: Decimal, scale: number): Decimal {
  const have = scaleOf(value)
  if (have <= scale) return normalised(value)
  const divisor = 10n ** BigInt(have - scale)
  const units = toUnits(value, have)
  const magnitude = units < 0n ? -units : units
  const rounded = (magnitude + divisor / 2n) / divisor
  return fromUnits(units < 0n ? -rounded : rounded, scale)
}

/**
 * The quotient to `scale` digits, rounded half away from zero: what Postgres's `round(a / b, scale)` gives as long as its own quotient
 * has more digits than that. Throws DOMAIN_DECIMAL_INVALID for a divisor of zero.
 */
export function divideDecimals(a: Decimal, b: Decimal, scale: number): Decimal {
  const common = Math.max(scaleOf(a), scaleOf(b))
  const divisor = toUnits(b, common)
  if (divisor === 0n) throw new MillraceError('DOMAIN_DECIMAL_INVALID', { text: `${a} / ${b}` })
  const doubled = (toUnits(a, common) * 10n ** BigInt(scale) * 2n) / divisor
  const away = doubled < 0n ? -1n : 1n
  return fromUnits((doubled + away) / 2n, scale)
}

/** The exact product. */
export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  const scales = [scaleOf(a), scaleOf(b)] as const
  return fromUnits(toUnits(a, scales[0]) * toUnits(b, scales[1]), scales[0] + scales[1])
}
