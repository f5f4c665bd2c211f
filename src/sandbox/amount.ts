const zeros = ['', '0', '00', '000', '0000', '00000', '000000'] as const
const powers = [1, 10, 100, 1e3, 1e4, 1e5, 1e6] as const

/**
 * Writes whole counts of a small unit as decimal text without trailing zeros: 1250 coins of 2 digits are "12.5".
 * In whole numbers only: exact for every safe integer, and several times faster than printing a double.
 */
export function unitsText(units: number, digits: number): string {
  if (digits === 0) return String(units)
  const magnitude = Math.abs(units)
  const whole = Math.floor(magnitude / powers[digits]!)
  let fraction = magnitude - whole * powers[digits]!
  const text = units < 0 ? `-${whole}` : String(whole)
  if (fraction === 0) return text
  let places = digits
  while (fraction % 10 === 0) {
    fraction /= 10
    places--
  }
  const shown = String(fraction)
  return `${text}.${zeros[places - shown.length]}${shown}`
}

/** Coins of `digits` decimals as micros: zeros appended, so that no number grows beyond 2^53. */
export function microsText(coins: number, digits: number): string {
  return coins === 0 ? '0' : String(coins) + zeros[6 - digits]!
}
