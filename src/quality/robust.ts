/** The middle value; the mean of the two middle ones when even. NaN for no values. */
export function median(values: Iterable<number> & ArrayLike<number>): number {
  return quantile(values, 0.5)
}

/** The quantile between neighbours by linear interpolation. NaN for no values. */
export function quantile(values: Iterable<number> & ArrayLike<number>, share: number): number {
  return quantileOfSorted(Float64Array.from(values).sort(), share)
}

/** As `quantile`, of values that are in rising order. */
export function quantileOfSorted(sorted: ArrayLike<number>, share: number): number {
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)] ?? Number.NaN
  const high = sorted[Math.ceil(at)] ?? Number.NaN
  return low === high ? low : low + (high - low) * (at - Math.floor(at))
}

/** What makes a median distance the standard deviation of normal values. */
export const perMedian = 1.4826
/** The same for the 90th percentile of the distances. */
const perNinety = 1 / 1.6449

/**
 * Spread from distances to a centre: 1.4826 times their median. Where more than half of them are nothing (a series of mostly one
 * value) the median says nothing; then the 90th percentile stands in, and beneath that the floor.
 */
export function spreadOf(distances: Iterable<number> & ArrayLike<number>, floor: number): number {
  const sorted = Float64Array.from(distances).sort()
  if (sorted.length === 0) return floor
  const middle = perMedian * quantileOfSorted(sorted, 0.5)
  return middle > floor ? middle : Math.max(floor, perNinety * quantileOfSorted(sorted, 0.9))
}

/**
 * The inverse of a positive definite matrix of `size` rows (row by row in one array), by Gauss and Jordan without pivoting, which
 * positive definite matrices do not need. The matrix is left as it was.
 */
export function inverse(matrix: Float64Array, size: number): Float64Array {
  const work = Float64Array.from(matrix)
  const result = new Float64Array(size * size)
  for (let at = 0; at < size; at += 1) result[at * size + at] = 1
  for (let pivot = 0; pivot < size; pivot += 1) {
    const by = 1 / (work[pivot * size + pivot] ?? 1)
    for (let column = 0; column < size; column += 1) {
      work[pivot * size + column] = (work[pivot * size + column] ?? 0) * by
      result[pivot * size + column] = (result[pivot * size + column] ?? 0) * by
    }
    for (let row = 0; row < size; row += 1) {
      const factor = row === pivot ? 0 : (work[row * size + pivot] ?? 0)
      if (factor !== 0) subtractRow([work, result], size, { row, pivot, factor })
    }
  }
  return result
}

function subtractRow(
  matrices: readonly Float64Array[],
  size: number,
  { row, pivot, factor }: { readonly row: number; readonly pivot: number; readonly factor: number },
): void {
  for (const matrix of matrices)
    for (let column = 0; column < size; column += 1)
      matrix[row * size + column] =
        (matrix[row * size + column] ?? 0) - factor * (matrix[pivot * size + column] ?? 0)
}
