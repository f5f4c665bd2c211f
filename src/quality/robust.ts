/** The middle value; the mean of the two middle ones when even. NaN for no values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The quantile between neighbours by linear interpolation. NaN for no values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)] ?? Number.NaN
  const high = sorted[Math.ceil(at)] ?? Number.NaN
  return low + (high - low) * (at - Math.floor(at))
}

/** Spread as 1.4826 times the median distance from a centre: the standard deviation when values are normal. */
export function spread(values: readonly number[], centre: number): number {
  return 1.4826 * median(values.map((value) => Math.abs(value - centre)))
}

/** The inverse of a positive definite matrix, by Gauss and Jordan. */
export function inverse(matrix: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const size = matrix.length
  const work = matrix.map((row, at) => [...row, ...row.map((_, column) => (column === at ? 1 : 0))])
  for (const [at, pivot] of work.entries()) {
    const by = pivot[at] ?? 1
    for (let column = 0; column < 2 * size; column += 1) pivot[column] = (pivot[column] ?? 0) / by
    for (const [other, row] of work.entries()) {
      const factor = row[at] ?? 0
      if (other === at || factor === 0) continue
      for (let column = 0; column < 2 * size; column += 1)
        row[column] = (row[column] ?? 0) - factor * (pivot[column] ?? 0)
    }
  }
  return work.map((row) => row.slice(size))
}

export function dot(left: readonly number[], right: readonly number[]): number {
  return left.reduce((sum, value, at) => sum + value * (right[at] ?? 0), 0)
}
