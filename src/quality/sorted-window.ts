import { perMedian, quantileOfSorted } from './robust.ts'

/**
 * Numbers kept in rising order while some come and some go: median and spread of a moving window without sorting it again.
 * Coming and going cost a binary search and a move of memory, the statistics a binary search.
 */
export class SortedWindow {
  #values = new Float64Array(64)
  #size = 0

  get size(): number {
    return this.#size
  }

  add(value: number): void {
    if (this.#size === this.#values.length) {
      const wider = new Float64Array(2 * this.#size)
      wider.set(this.#values)
      this.#values = wider
    }
    const at = this.#firstNotBelow(value)
    this.#values.copyWithin(at + 1, at, this.#size)
    this.#values[at] = value
    this.#size += 1
  }

  /** Takes out one value that was added. */
  remove(value: number): void {
    const at = this.#firstNotBelow(value)
    if (at >= this.#size || this.#values[at] !== value) return
    this.#values.copyWithin(at, at + 1, this.#size)
    this.#size -= 1
  }

  /** NaN when empty. */
  quantile(share: number): number {
    return quantileOfSorted(this.#values.subarray(0, this.#size), share)
  }

  /** How many values are at least this. */
  countFrom(value: number): number {
    return this.#size - this.#firstNotBelow(value)
  }

  /** The mean of the values above this, less it; 0 when there are none. */
  meanExcess(start: number): number {
    let sum = 0
    let count = 0
    for (let at = this.#size - 1; at >= 0 && (this.#values[at] ?? 0) > start; at -= 1) {
      sum += (this.#values[at] ?? 0) - start
      count += 1
    }
    return count === 0 ? 0 : sum / count
  }

  /** 1.4826 times the median distance from a centre; the 90th percentile's stand-in, then the floor, where that is nothing. */
  spread(centre: number, floor: number): number {
    const middle = perMedian * this.#distance(centre, 0.5)
    return middle > floor ? middle : Math.max(floor, this.#distance(centre, 0.9) / 1.6449)
  }

  /** The distance from a centre within which a share of the values lies: the k-th smallest of two rising sequences. */
  #distance(centre: number, share: number): number {
    const split = this.#firstNotBelow(centre)
    const rank = Math.round((this.#size - 1) * share)
    // `left` values are taken from below the centre, the rest of rank + 1 from above.
    let low = Math.max(0, rank + 1 - (this.#size - split))
    let high = Math.min(rank + 1, split)
    while (low < high) {
      const left = (low + high) >> 1
      const right = rank + 1 - left
      const nextBelow = centre - (this.#values[split - left - 1] ?? Number.NEGATIVE_INFINITY)
      const lastAbove = (this.#values[split + right - 1] ?? Number.POSITIVE_INFINITY) - centre
      if (lastAbove > nextBelow) low = left + 1
      else high = left
    }
    const below = low > 0 ? centre - (this.#values[split - low] ?? 0) : 0
    const above = rank + 1 - low > 0 ? (this.#values[split + rank - low] ?? 0) - centre : 0
    return Math.max(below, above)
  }

  #firstNotBelow(value: number): number {
    let low = 0
    let high = this.#size
    while (low < high) {
      const at = (low + high) >> 1
      if ((this.#values[at] ?? 0) < value) low = at + 1
      else high = at
    }
    return low
  }
}
