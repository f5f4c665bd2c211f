const lanczos = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

/** ln Γ(x) for x > 0, by Lanczos with g = 7; good to 1e-13. */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const shifted = x - 1
  const series = lanczos.reduce((sum, factor, at) => sum + factor / (shifted + at + 1), 0.99999999999980993)
  const base = shifted + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(series)
}

/**
 * P(|T| ≥ t) of Student's t with ten degrees of freedom (Abramowitz and Stegun 26.7.4). Noise of advertising has heavier tails than a
 * normal: by this the many series of a run are held to the rate of false alarms that is promised for them.
 */
export function heavyTwoSided(t: number): number {
  const freedom = 10
  const squared = freedom / (freedom + t * t)
  let [term, sum] = [1, 1]
  for (let step = 2; step < freedom; step += 2) {
    term *= ((step - 1) / step) * squared
    sum += term
  }
  return Math.max(1 - Math.sqrt(1 - squared) * sum, 1e-16)
}

/** A distribution of whole numbers by its logarithmic probabilities. */
export interface CountDistribution {
  readonly mean: number
  readonly deviation: number
  readonly logProbability: (count: number) => number
  /** P(count + 1) / P(count). */
  readonly next: (count: number) => number
  /** The largest count that can be. */
  readonly countMax: number
}

/** Negative binomial with variance λ + αλ²; Poisson at α = 0. P(0) = (1 + αλ)^(−1/α). */
export function negativeBinomial(mean: number, dispersion: number): CountDistribution {
  const lambda = Math.max(mean, 1e-9)
  const deviation = Math.sqrt(lambda + dispersion * lambda * lambda)
  const poisson = dispersion * lambda < 1e-6
  const size = 1 / dispersion
  const logProbability = (count: number) =>
    poisson
      ? count * Math.log(lambda) - lambda - logGamma(count + 1)
      : logGamma(count + size) -
        logGamma(size) -
        logGamma(count + 1) +
        size * Math.log(size / (size + lambda)) +
        count * Math.log(lambda / (size + lambda))
  const next = (count: number) =>
    poisson ? lambda / (count + 1) : (((count + size) / (count + 1)) * lambda) / (size + lambda)
  return { mean: lambda, deviation, logProbability, next, countMax: Number.POSITIVE_INFINITY }
}

/** Beta-binomial of n trials at a rate with intra-day correlation ρ; binomial at ρ = 0. */
export function betaBinomial(trials: number, rate: number, correlation: number): CountDistribution {
  const share = Math.min(Math.max(rate, 1e-9), 1 - 1e-9)
  const binomial = correlation < 1e-9
  const total = binomial ? 0 : 1 / correlation - 1
  const [alpha, beta] = [share * total, (1 - share) * total]
  const logBeta = (left: number, right: number) => logGamma(left) + logGamma(right) - logGamma(left + right)
  const ways = (count: number) => logGamma(trials + 1) - logGamma(count + 1) - logGamma(trials - count + 1)
  return {
    mean: trials * share,
    deviation: Math.sqrt(trials * share * (1 - share) * (1 + (trials - 1) * correlation)),
    logProbability: (count) =>
      ways(count) +
      (binomial
        ? count * Math.log(share) + (trials - count) * Math.log(1 - share)
        : logBeta(count + alpha, trials - count + beta) - logBeta(alpha, beta)),
    next: (count) =>
      ((trials - count) / (count + 1)) *
      (binomial ? share / (1 - share) : (count + alpha) / (trials - count - 1 + beta)),
    countMax: trials,
  }
}

const termsMax = 20_000

/** P(X ≤ count) or P(X ≥ count), summed from the count outwards until terms stop to matter. */
export function tail(of: CountDistribution, count: number, side: 'down' | 'up'): number {
  if (side === 'up' && count <= 0) return 1
  if (side === 'down' && count >= of.countMax) return 1
  // Towards the bulk the sum would be long; there the other side's is taken from 1.
  if (side === 'down' && count > of.mean) return 1 - tail(of, count + 1, 'up')
  if (side === 'up' && count < of.mean) return 1 - tail(of, count - 1, 'down')
  let added = Math.exp(of.logProbability(count))
  let sum = added
  for (let term = 1; term < termsMax && added > 1e-12 * sum; term += 1) {
    const at = side === 'down' ? count - term : count + term
    if (at < 0 || at > of.countMax) break
    added *= side === 'down' ? 1 / of.next(at) : of.next(at - 1)
    sum += added
  }
  return Math.min(sum, 1)
}

/** Twice the smaller tail, at most 1. Fractions (conversions have some) count as the whole number nearer to the mean. */
export function twoSided(of: CountDistribution, count: number): number {
  const down = count < of.mean
  const whole = Math.max(0, down ? Math.ceil(count) : Math.floor(count))
  return Math.min(1, 2 * tail(of, whole, down ? 'down' : 'up'))
}

/** Beyond this mean a band is drawn by the normal's quantile: to a reader it is the same. */
const exactMeanMax = 50

/** The counts between which a count is not surprising at this two-sided probability. */
export function usualRange(of: CountDistribution, p: number): { readonly low: number; readonly high: number } {
  if (of.mean > exactMeanMax) {
    const reach = of.deviation * Math.sqrt(-2 * Math.log(p / 2) - Math.log(-4 * Math.PI * Math.log(p / 2)))
    return { low: Math.max(0, of.mean - reach), high: Math.min(of.countMax, of.mean + reach) }
  }
  const reach = (side: 'down' | 'up') => {
    let [near, far] = [Math.round(of.mean), side === 'down' ? -1 : Math.ceil(of.mean + 60 * of.deviation + 60)]
    while (Math.abs(far - near) > 1) {
      const middle = Math.trunc((near + far) / 2)
      if (middle === near || middle === far) break
      if (2 * tail(of, middle, side) < p) far = middle
      else near = middle
    }
    return near
  }
  return { low: Math.max(0, reach('down')), high: Math.min(of.countMax, reach('up')) }
}
