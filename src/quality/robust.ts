/** The middle value; the mean of the two middle ones when even. NaN for no values. */
export function median(values: Iterable<number> & ArrayLike<number>): number {
  return quantile(values, 0.5)
}

/** The quantile between neighbours by linear interpolation. NaN for no values. */
export function quantile(values: Iterable<number> & ArrayLike<number>, share: number): number {
  return quantileOfSorted(new Float64Array(values).sort(), share)
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
export function spreadOf(distances: ArrayLike<number>, floor: number): number {
  const sorted = new Float64Array(distances).sort()
  if (sorted.length === 0) return floor
  const middle = perMedian * quantileOfSorted(sorted, 0.5)
  return middle > floor ? middle : Math.max(floor, perNinety * quantileOfSorted(sorted, 0.9))
}

/**
 * The inverse of a positive definite matrix of `size` rows (row by row in one array), by Gauss and Jordan in place, without pivoting,
 * which positive definite matrices do not need. The matrix becomes its inverse.
 */
export function invert(matrix: Float64Array, size: number): void {
  for (let pivot = 0; pivot < size; pivot += 1) {
    const by = 1 / (matrix[pivot * size + pivot] ?? 1)
    matrix[pivot * size + pivot] = 1
    for (let column = 0; column < size; column += 1)
      matrix[pivot * size + column] = (matrix[pivot * size + column] ?? 0) * by
    for (let row = 0; row < size; row += 1) {
      if (row === pivot) continue
      const factor = matrix[row * size + pivot] ?? 0
      matrix[row * size + pivot] = 0
      for (let column = 0; column < size; column += 1)
        matrix[row * size + column] = (matrix[row * size + column] ?? 0) - factor * (matrix[pivot * size + column] ?? 0)
    }
  }
}
