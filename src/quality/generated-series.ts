import type { Point } from './detect.ts'

/** Uniform numbers in (0, 1) that a seed repeats. */
export function dice(seed: number): () => number {
  let state = Math.imul(seed, 2_654_435_761) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 4_294_967_296
  }
}

export function normal(roll: () => number): number {
  return Math.sqrt(-2 * Math.log(roll())) * Math.cos(2 * Math.PI * roll())
}

/** Student's t with four degrees of freedom: tails as real noise has them. */
function heavy(roll: () => number): number {
  const squares = [0, 1, 2, 3].reduce((sum) => sum + normal(roll) ** 2, 0)
  return normal(roll) / Math.sqrt(squares / 4)
}

export interface WeeklyOptions {
  readonly days?: number
  readonly tails?: 'gaussian' | 't4'
  readonly trendPerDay?: number
}

/** Daily values: weekdays ±25 %, log-noise of 10 %, the week begun at any day. */
export function weekly(seed: number, { days = 90, tails = 'gaussian', trendPerDay = 0 }: WeeklyOptions = {}): Point[] {
  const roll = dice(seed)
  const phase = Math.floor(7 * roll())
  return Array.from({ length: days }, (_, day) => {
    const noise = 0.1 * (tails === 't4' ? heavy(roll) : normal(roll))
    const week = 1 + 0.25 * Math.sin((2 * Math.PI * (day + phase)) / 7)
    return { hour: 24 * day, value: 1000 * week * (1 + trendPerDay) ** day * Math.exp(noise) }
  })
}

/** The same series with one value times a factor. */
export function planted(points: readonly Point[], at: number, factor: number): Point[] {
  return points.map((point, n) => (n === at ? { ...point, value: (point.value ?? 0) * factor } : point))
}

export interface Episode {
  readonly from: number
  /** The first point that is as usual again. */
  readonly to: number
}

export type Shape = 'daily' | 'weekly' | 'wandering' | 'trend'

/** Points with a daily shape (and a weekly one, a level that wanders, or a trend) and episodes: outages, spikes, drops, surges. */
export function withEpisodes(
  seed: number,
  {
    shape,
    stepHours = 1,
    days = 60,
    episodes = 4,
  }: { shape: Shape; stepHours?: number; days?: number; episodes?: number },
): { readonly points: Point[]; readonly episodes: readonly Episode[] } {
  const roll = dice(seed)
  const length = Math.round((24 * days) / stepHours)
  let level = 0
  const values = Array.from({ length }, (_, at) => {
    const hour = at * stepHours
    const day = Math.floor(hour / 24)
    level = 0.995 * level + (shape === 'wandering' ? 0.02 * normal(roll) : 0)
    const clock = shape === 'wandering' ? 1 : 1 + 0.4 * Math.sin((2 * Math.PI * (hour % 24)) / 24)
    const week = shape === 'weekly' && day % 7 >= 5 ? 0.55 : 1
    const growth = shape === 'trend' ? 1 + 0.01 * day : 1
    return 100 * clock * week * growth * Math.exp(level + (shape === 'wandering' ? 0.03 : 0.07) * normal(roll))
  })
  const kinds = [
    { hours: 6, factor: 0 },
    { hours: 1, factor: 3 },
    { hours: 12, factor: 0.4 },
    { hours: 8, factor: 2 },
  ]
  const begin = Math.round(length / 4)
  const planned = Array.from({ length: episodes }, (_, nth): Episode => {
    const { hours, factor } = kinds[Math.floor(kinds.length * roll())] ?? { hours: 1, factor: 3 }
    const from = begin + Math.floor(((nth + 0.1 + 0.7 * roll()) * (length - begin)) / episodes)
    const to = Math.min(length, from + Math.max(1, Math.round(hours / stepHours)))
    for (let at = from; at < to; at += 1) values[at] = (values[at] ?? 0) * factor
    return { from, to }
  })
  return { points: values.map((value, at) => ({ hour: at * stepHours, value })), episodes: planned }
}

/**
 * Episodes found, missed and invented. A run of marks with gaps of up to twelve hours is one alarm; one that begins within twelve hours
 * after an episode is its aftermath and neither.
 */
export function compared(marks: readonly boolean[], episodes: readonly Episode[], stepHours: number) {
  const slack = Math.round(12 / stepHours)
  const found = episodes.filter(({ from, to }) => marks.slice(from, to).includes(true)).length
  let invented = 0
  let last = Number.NEGATIVE_INFINITY
  for (const [at, mark] of marks.entries()) {
    if (!mark) continue
    const begins = at - last > slack
    last = at
    if (begins && !episodes.some(({ from, to }) => at >= from - 1 && at < to + slack)) invented += 1
  }
  return { found, missed: episodes.length - found, invented }
}
