/** Up to here a whole number divided by a power of ten prints as exactly its decimal: 15 digits survive a double. */
const exactUnits = 1e15
const powers = [1, 10, 100, 1e3, 1e4, 1e5, 1e6] as const

/** Writes whole counts of a small unit as decimal text without trailing zeros: 1250 coins of 2 digits are "12.5". */
export function unitsText(units: number, digits: number): string {
  if (digits === 0) return String(units)
  if (units < exactUnits && units > -exactUnits) return String(units / powers[digits]!)
  const sign = units < 0 ? '-' : ''
  const text = String(Math.abs(units)).padStart(digits + 1, '0')
  const fraction = text.slice(-digits).replace(/0+$/, '')
  return `${sign}${text.slice(0, -digits)}${fraction && '.'}${fraction}`
}

const zeros = ['', '0', '00', '000', '0000', '00000', '000000'] as const

/** Coins of `digits` decimals as micros: zeros appended, so that no number grows beyond 2^53. */
export function microsText(coins: number, digits: number): string {
  return coins === 0 ? '0' : String(coins) + zeros[6 - digits]!
}
