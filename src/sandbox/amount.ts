/** Writes whole counts of a small unit as decimal text without trailing zeros: 1250 coins of 2 digits are "12.5". */
export function unitsText(units: number, digits: number): string {
  if (digits === 0 || units === 0) return String(units)
  const negative = units < 0
  const text = String(negative ? -units : units).padStart(digits + 1, '0')
  const whole = text.slice(0, -digits)
  let end = text.length
  while (end > text.length - digits && text.charCodeAt(end - 1) === 48) end--
  const fraction = text.slice(text.length - digits, end)
  return (negative ? '-' : '') + (fraction ? `${whole}.${fraction}` : whole)
}

const zeros = ['', '0', '00', '000', '0000', '00000', '000000'] as const

/** Coins of `digits` decimals as micros: zeros appended, so that no number grows beyond 2^53. */
export function microsText(coins: number, digits: number): string {
  return coins === 0 ? '0' : String(coins) + zeros[6 - digits]!
}
