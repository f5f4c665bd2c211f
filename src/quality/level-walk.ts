import { median } from './robust.ts'
import { fitWeekdays } from './weekday-fit.ts'
import type { Fit, Sample } from './weekday-fit.ts'

export const windowDays = 56
/** A level is believed to be a new one when four of five days lie this many deviations on one side. */
const shiftZ = 2.5
const shiftDays = 5
const shiftMin = 4
/** For so long after a shift a day that fits the level before it ends the shift. */
const returnDays = 28
/** From so many days at a level on it trains alone. */
const ownDays = 14

/** One day against what was expected of it. */
export interface Step {
  readonly fit: Fit
  readonly z: number
  /** Four of the last five days moved to one side with this one: the level is another from then on. */
  readonly shift: 'up' | 'down' | null
  /** The day fits the level before the last shift better: that shift was an episode and is over. */
  readonly returned: boolean
}

interface Recent {
  readonly day: number
  readonly z: number
  readonly value: number
  readonly expected: number
}

interface Level {
  readonly from: number
  readonly before: Level | null
  /** Takes a value of the level before to this one. */
  readonly move: (value: number) => number
}

/**
 * Walks a series day by day. Each day is judged by up to 56 days before it, never by itself. After a lasting shift the days before
 * it train on, moved to the new level, until that has 14 days of its own; when the series returns within four weeks, the shift
 * was an episode, and its days train no more.
 */
export class LevelWalk {
  readonly #past = new Map<number, Sample>()
  readonly #excluded = new Set<number>()
  readonly #zeroFill: boolean
  #first = Number.POSITIVE_INFINITY
  #recent: Recent[] = []
  #level: Level = { from: Number.NEGATIVE_INFINITY, before: null, move: (value) => value }

  constructor({ zeroFill }: { readonly zeroFill: boolean }) {
    this.#zeroFill = zeroFill
  }

  /** Undefined while too little is known. Days come in rising order; `learn` is called when all of a day are judged. */
  judge({ day, value, holiday }: Sample): Step | undefined {
    const fit = fitWeekdays(this.#training(day, this.#level), day, holiday)
    if (!fit) return undefined
    const z = zOf(fit, value)
    const before = this.#level.before
    if (before && Math.abs(z) > shiftZ && day - this.#level.from <= returnDays) {
      const old = fitWeekdays(this.#training(day, before), day, holiday)
      if (old && Math.abs(zOf(old, value)) < shiftZ)
        return { fit: old, z: zOf(old, value), shift: null, returned: true }
    }
    return { fit, z, shift: this.#shiftWith({ day, z, value, expected: fit.expected }), returned: false }
  }

  learn(sample: Sample, step: Step | undefined): void {
    if (this.#zeroFill) this.#fill(sample.day)
    this.#first = Math.min(this.#first, sample.day)
    this.#past.set(sample.day, sample)
    if (!step) return
    if (step.returned) return this.#return(sample.day)
    this.#recent = [
      ...this.#recent.filter(({ day }) => day !== sample.day),
      { day: sample.day, z: step.z, value: sample.value, expected: step.fit.expected },
    ].slice(-shiftDays)
    if (step.shift) this.#shift(step.shift)
  }

  /** The days that train the expectation of this day: those of the level, and moved ones of the level before while it is young. */
  #training(day: number, level: Level): readonly Sample[] {
    const own: Sample[] = []
    const older: Sample[] = []
    const end = level === this.#level ? day : this.#level.from
    for (let at = Math.max(day - windowDays, this.#first); at < end; at += 1) {
      const sample = this.#past.get(at)
      if (!sample || this.#excluded.has(at)) continue
      if (at >= level.from) own.push(sample)
      else if (level.before && at >= level.before.from) older.push({ ...sample, value: level.move(sample.value) })
    }
    return own.length >= ownDays ? own : [...older, ...own]
  }

  #shiftWith(today: Recent): 'up' | 'down' | null {
    const five = [...this.#recent.filter(({ day }) => day !== today.day), today].slice(-shiftDays)
    if (five.length < shiftDays) return null
    const up = five.filter(({ z }) => z > shiftZ).length
    const down = five.filter(({ z }) => z < -shiftZ).length
    return up >= shiftMin ? 'up' : down >= shiftMin ? 'down' : null
  }

  #shift(side: 'up' | 'down'): void {
    const moved = this.#recent.filter(({ z }) => (side === 'up' ? z > shiftZ : z < -shiftZ))
    const [first] = moved
    if (!first) return
    const now = median(moved.map(({ value }) => value))
    const then = median(moved.map(({ expected }) => expected))
    const factor = now / then
    const move =
      Number.isFinite(factor) && factor > 0 ? (value: number) => value * factor : (value: number) => value + now - then
    this.#level = { from: first.day, before: { ...this.#level, before: null }, move }
    this.#recent = []
  }

  #return(day: number): void {
    for (let at = this.#level.from; at < day; at += 1) this.#excluded.add(at)
    if (this.#level.before) this.#level = this.#level.before
    this.#recent = []
  }

  #fill(until: number): void {
    for (let at = Math.max(this.#first, until - windowDays); at < until; at += 1)
      if (!this.#past.has(at)) this.#past.set(at, { day: at, value: 0, holiday: false })
  }
}

function zOf(fit: Fit, value: number): number {
  // A holiday excuses much, but never that nothing was delivered at all.
  const widened = value === 0 ? fit.widened : 1
  const deviation = value > fit.expected ? fit.deviationUp : fit.deviation
  return ((value - fit.expected) / deviation) * widened
}
