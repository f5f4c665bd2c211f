/** The digits of doubles as C's printf and Python's round give them: exact, ties to the even digit. JavaScript's toFixed rounds ties up. */

/** A finite double as `mantissa * 2 ** exponent`, without a sign. */
function decomposed(value: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, Math.abs(value))
  const bits = view.getBigUint64(0)
  const biased = Number(bits >> 52n)
  const fraction = bits & 0xf_ffff_ffff_ffffn
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 }
}

/** `|value| * 10 ** scale`, rounded to a whole number, ties to even. */
function scaledDigits(value: number, scale: number): bigint {
  const { mantissa, exponent } = decomposed(value)
  const [times, over] = scale >= 0 ? [10n ** BigInt(scale), 1n] : [1n, 10n ** BigInt(-scale)]
  const [numerator, denominator] =
    exponent >= 0
      ? [mantissa * times * (1n << BigInt(exponent)), over]
      : [mantissa * times, over * (1n << BigInt(-exponent))]
  const [whole, rest] = [numerator / denominator, (numerator % denominator) * 2n]
  const up = rest > denominator || (rest === denominator && whole % 2n === 1n)
  return up ? whole + 1n : whole
}

const isNegative = (value: number): boolean => value < 0 || Object.is(value, -0)
const special = (value: number): string => (Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf')

/** `%.<precision>f`. */
export function fixedDigits(value: number, precision: number): string {
  if (!Number.isFinite(value)) return special(value)
  const digits = scaledDigits(value, precision)
    .toString()
    .padStart(precision + 1, '0')
  const body = precision === 0 ? digits : `${digits.slice(0, -precision)}.${digits.slice(-precision)}`
  return isNegative(value) ? `-${body}` : body
}

/** The digits of `%.<precision>e` and their power of ten. */
function exponential(value: number, precision: number): { digits: string; power: number } {
  if (value === 0) return { digits: '0'.repeat(precision + 1), power: 0 }
  let power = Math.floor(Math.log10(Math.abs(value)))
  // The logarithm may be off by one beside a power of ten, and rounding may carry into one more digit.
  for (;;) {
    const digits = scaledDigits(value, precision - power).toString()
    if (digits.length === precision + 1) return { digits, power }
    power += digits.length > precision + 1 ? 1 : -1
  }
}

function exponentText({ digits, power }: { digits: string; power: number }, negative: boolean): string {
  const mantissa = digits.length === 1 ? digits : `${digits.slice(0, 1)}.${digits.slice(1)}`
  return `${negative ? '-' : ''}${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}

/** `%.<precision>e`. */
export function exponentDigits(value: number, precision: number): string {
  return Number.isFinite(value) ? exponentText(exponential(value, precision), isNegative(value)) : special(value)
}

/** `%.<precision>g`; `keepZeros` is its `#`. */
export function generalDigits(value: number, precision: number, keepZeros = false): string {
  if (!Number.isFinite(value)) return special(value)
  const significant = Math.max(1, precision)
  const { digits, power } = exponential(value, significant - 1)
  if (power >= -4 && power < significant) {
    const text = fixedDigits(value, significant - 1 - power)
    return keepZeros || !text.includes('.') ? text : text.replace(/\.?0+$/, '')
  }
  const kept = keepZeros ? digits : digits.replace(/0+$/, '')
  return exponentText({ digits: kept === '' ? '0' : kept, power }, isNegative(value))
}

/** Python's round(x, digits) of a double. */
export function roundedDouble(value: number, digits: number): number {
  if (!Number.isFinite(value) || digits > 323 || value === 0) return value
  if (digits >= 0) return Number(fixedDigits(value, digits))
  const unit = 10n ** BigInt(Math.min(400, -digits))
  const rounded = Number(scaledDigits(value, digits) * unit)
  return value < 0 ? -rounded : rounded
}
