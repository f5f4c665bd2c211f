import { median } from './robust.ts'

/** After so long an episode is the series' new level; for so long after one its rebound is the same cause. */
const episodeHours = 48
const episodePointsMin = 24
/** So many points of an episode may be as usual before it is over. */
const quietPointsMax = 2
/** How much further off something in the other direction must be to be told within `episodeHours` of an episode. */
const reboundFactor = 1.5
/** For so long after a new level the level before it ends it. */
const returnHours = 336
const lastingShare = 0.8

/** A level of the series: a value of it and the value that this would have been at the first level. */
export interface Frame {
  readonly factor: number
  readonly offset: number
  to(value: number): number
  from(inFrame: number): number
}

export interface Moment {
  readonly hour: number
  readonly value: number
  /** In the frame. */
  readonly expected: number
  /** How far off a value of the frame is at this moment. */
  readonly zAt: (inFrame: number) => number
  readonly firesAtZ: number
  readonly goesOnAtZ: number
  /** Whether the direction and the size of a difference matter. */
  readonly wanted: (value: number, expected: number) => boolean
}

interface Episode {
  readonly sinceHour: number
  readonly up: boolean
  lastHour: number
  peak: number
  quiet: number
  points: number
  marked: number
  values: number[]
  expected: number[]
}

/**
 * Which points belong to an episode. It begins with a point that fires, goes on while points stay odd in its direction with at most
 * two usual ones between, and what fires within 48 hours of its end belongs to it, except that a rebound must be half as far
 * again. What lasts 48 hours is the new level; a return to the old one within 14 days is then no anomaly.
 */
export class EpisodeWalk {
  frame: Frame = frameOf(1, 0)
  #before: { readonly frame: Frame; readonly sinceHour: number } | undefined
  #episode: Episode | undefined
  readonly #lastingHours: number

  constructor({ stepHours }: { readonly stepHours: number }) {
    this.#lastingHours = Math.max(episodeHours, episodePointsMin * stepHours)
  }

  step(moment: Moment): { readonly marked: boolean; readonly sinceHour: number | null } {
    if (this.#returned(moment)) return { marked: false, sinceHour: null }
    const inFrame = this.frame.to(moment.value)
    const z = moment.zAt(inFrame)
    const up = inFrame >= moment.expected
    const odd = moment.wanted(moment.value, this.frame.from(moment.expected))
    const marked = odd && this.#belongs({ hour: moment.hour, z, up }, moment)
    this.#record(moment, { z, marked })
    return { marked, sinceHour: marked ? (this.#episode?.sinceHour ?? null) : null }
  }

  #belongs({ hour, z, up }: { hour: number; z: number; up: boolean }, { firesAtZ, goesOnAtZ }: Moment): boolean {
    const episode = this.#episode
    const fired = z >= firesAtZ
    if (episode && up === episode.up && episode.quiet <= quietPointsMax && z >= goesOnAtZ) return true
    if (!fired) return false
    const recent = episode !== undefined && hour - episode.lastHour < episodeHours
    if (recent && up === episode.up) return true
    if (recent && z < reboundFactor * episode.peak) return false
    this.#episode = {
      sinceHour: hour,
      up,
      lastHour: hour,
      peak: z,
      quiet: 0,
      points: 0,
      marked: 0,
      values: [],
      expected: [],
    }
    return true
  }

  #record({ hour, value, expected }: Moment, { z, marked }: { z: number; marked: boolean }): void {
    const episode = this.#episode
    if (!episode) return
    if (marked) {
      episode.lastHour = hour
      episode.peak = Math.max(episode.peak, z)
      episode.quiet = 0
      episode.marked += 1
    } else episode.quiet += 1
    if (episode.quiet > this.#lastingHours) return
    episode.points += 1
    episode.values.push(this.frame.to(value))
    episode.expected.push(expected)
    const lasted = hour - episode.sinceHour >= this.#lastingHours
    if (lasted && episode.marked >= lastingShare * episode.points) this.#settle(episode, hour)
    else if (lasted && !marked && hour - episode.lastHour >= episodeHours) this.#episode = undefined
  }

  #settle(episode: Episode, hour: number): void {
    const now = median(episode.values)
    const then = median(episode.expected)
    const ratio = now / then
    const { factor, offset } = this.frame
    this.#before = { frame: this.frame, sinceHour: hour }
    this.frame =
      Number.isFinite(ratio) && ratio > 0
        ? frameOf(factor * ratio, offset)
        : frameOf(factor, offset + factor * (now - then))
    this.#episode = undefined
  }

  #returned({ hour, value, zAt, firesAtZ, goesOnAtZ }: Moment): boolean {
    const before = this.#before
    if (!before) return false
    if (hour - before.sinceHour > returnHours) this.#before = undefined
    else if (zAt(this.frame.to(value)) >= firesAtZ && zAt(before.frame.to(value)) < goesOnAtZ) {
      this.frame = before.frame
      this.#before = undefined
      return true
    }
    return false
  }
}

function frameOf(factor: number, offset: number): Frame {
  return {
    factor,
    offset,
    to: (value) => (value - offset) / factor,
    from: (inFrame) => inFrame * factor + offset,
  }
}
