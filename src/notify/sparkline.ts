const blocks = '▁▂▃▄▅▆▇█'

/** A series as one line of text, least to most; a day without a value is a gap. */
export function sparkline(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null)
  const low = known.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY)
  const high = known.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
  const span = high - low
  return values
    .map((value) => {
      if (value === null) return '·'
      const step = span > 0 ? Math.round(((value - low) / span) * (blocks.length - 1)) : 0
      return blocks[step]
    })
    .join('')
}
