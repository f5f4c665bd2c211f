import { SortedWindow } from './sorted-window.ts'

const scoresMax = 1000
const share = 0.05
/** What the tail is taken to be before any score was seen, with the weight of so many scores. */
const prior = { weight: 50, start: 2.5, excess: 0.6 }
const excessMin = 0.25
export const pMin = 1e-300

/**
 * How often a series is as far off as this, by its own last 1000 scores: beyond their 95th percentile u an exponential tail,
 * p = 0.05·exp(−(z − u)/β) with β the mean excess over u. A series that is often far off must be further off.
 */
export class TailCalibration {
  readonly #sorted = new SortedWindow()
  readonly #queue: number[] = []

  add(z: number): void {
    this.#queue.push(z)
    this.#sorted.add(z)
    if (this.#queue.length > scoresMax) this.#sorted.remove(this.#queue.shift() ?? 0)
  }

  get size(): number {
    return this.#sorted.size
  }

  /** Beyond which score the tail begins, and how fast it falls. */
  get tail(): { readonly start: number; readonly excess: number } {
    const size = this.#sorted.size
    const start = size === 0 ? prior.start : this.#sorted.quantile(1 - share)
    const blend = (own: number, before: number) => (size * own + prior.weight * before) / (size + prior.weight)
    return {
      start: blend(start, prior.start),
      excess: blend(Math.max(this.#sorted.meanExcess(start), excessMin), prior.excess),
    }
  }

  /** The probability of a score at least this high; falls as it rises. */
  probability(z: number): number {
    const { start, excess } = this.tail
    if (z > start) return Math.max(share * Math.exp(-(z - start) / excess), pMin)
    const before = prior.weight * Math.exp((Math.log(share) * z) / prior.start)
    return Math.max(share, (this.#sorted.countFrom(z) + before) / (this.#sorted.size + prior.weight))
  }

  /** The score that has this probability, for one of at most 0.05. */
  scoreAt(probability: number): number {
    const { start, excess } = this.tail
    return start + excess * Math.log(share / probability)
  }
}
