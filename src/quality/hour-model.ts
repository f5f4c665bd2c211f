import { median } from './robust.ts'
import { SortedWindow } from './sorted-window.ts'

const hoursOfDay = 24
const hoursOfWeek = 168
const weeksKept = 4
/** The week's shape is taken instead of the day's where it was off by a tenth less. */
const betterBy = 0.9
/** The series' own last points are taken for its level where that halves what is off. */
const recentPoints = 3
const calmerBy = 0.75

export interface Expected {
  /** By the time of day or week. */
  readonly base: number
  readonly residualScale: number
  /** The base moved by how far off the last points were, in a series that wanders; the base otherwise. */
  readonly value: number
  readonly scale: number
  readonly valueScale: number
  /** The middle of all values of the window. */
  readonly middle: number
  readonly shape: 'day' | 'week' | 'none'
  readonly wanders: boolean
}

interface Seen {
  readonly hour: number
  readonly slot: number
  readonly value: number
  readonly byDay: number
  /** Undefined until the time of the week was met twice. */
  readonly byWeek: number | undefined
  /** How far the residual was from those just before it; undefined for what was marked. */
  readonly innovation: number | undefined
}

/**
 * What a series finer than a day should be: the median of the same time of day over the window, shrunk to the median of the window
 * by n/(n + 2). Where the same time of the week, over the last four, was nearer of late, that.
 */
export class HourModel {
  readonly #windowHours: number
  readonly #slotHours: number
  #seen: Seen[] = []
  #gone = 0
  readonly #values = new SortedWindow()
  readonly #slots = new Map<number, SortedWindow>()
  readonly #weeks = new Map<number, number[]>()
  readonly #residuals = { day: new SortedWindow(), week: new SortedWindow() }
  readonly #innovations = new SortedWindow()
  #recent: readonly number[] = []
  #marked = 0
  readonly #off = { day: 0, week: 0, count: 0 }

  constructor({ windowHours, slotHours }: { readonly windowHours: number; readonly slotHours: number }) {
    this.#windowHours = windowHours
    this.#slotHours = slotHours
  }

  get size(): number {
    return this.#values.size
  }

  expected(hour: number): Expected {
    const middle = this.#values.quantile(0.5)
    const { byDay, byWeek } = this.#both(hour, middle)
    const { day, week, count } = this.#off
    const weekly = byWeek !== undefined && count * this.#slotHours >= hoursOfWeek && week < betterBy * day
    const residuals = weekly ? this.#residuals.week : this.#residuals.day
    const floor = 0.03 * Math.abs(middle) || 1e-9
    const base = weekly ? byWeek : byDay
    const residualScale = spreadOrFloor(residuals, residuals.quantile(0.5), floor)
    const innovationScale = spreadOrFloor(this.#innovations, 0, floor)
    const wanders = this.#innovations.size >= recentPoints && innovationScale < calmerBy * residualScale
    return {
      base,
      residualScale,
      value: wanders ? base + median(this.#recent) : base,
      // The longer ago the last usual points were, the less they say.
      scale: wanders ? Math.min(innovationScale * Math.sqrt(1 + this.#marked), residualScale) : residualScale,
      valueScale: spreadOrFloor(this.#values, middle, floor),
      middle,
      shape: this.#slotHours >= hoursOfDay ? 'none' : weekly ? 'week' : 'day',
      wanders,
    }
  }

  /** `marked` points are known as values, but say nothing of how calm the series is. */
  add(hour: number, value: number, marked: boolean): void {
    this.#forget(hour - this.#windowHours)
    const middle = this.#values.size === 0 ? value : this.#values.quantile(0.5)
    const { byDay, byWeek } = this.#both(hour, middle)
    const residual = value - byDay
    const calm = marked || this.#recent.length < recentPoints ? undefined : residual - median(this.#recent)
    const seen: Seen = {
      hour,
      slot: this.#slotOf(hour, hoursOfDay),
      value,
      byDay: residual,
      byWeek: byWeek === undefined ? undefined : value - byWeek,
      innovation: calm,
    }
    this.#seen.push(seen)
    if (calm !== undefined) this.#innovations.add(calm)
    if (!marked) this.#recent = [...this.#recent, residual].slice(-recentPoints)
    this.#marked = marked ? this.#marked + 1 : 0
    this.#values.add(value)
    this.#slot(seen.slot).add(value)
    this.#residuals.day.add(seen.byDay)
    if (seen.byWeek !== undefined) this.#residuals.week.add(seen.byWeek)
    this.#weigh(seen, 1)
    const week = this.#slotOf(hour, hoursOfWeek)
    this.#weeks.set(week, [...(this.#weeks.get(week) ?? []), value].slice(-weeksKept))
  }

  #both(hour: number, middle: number) {
    const same = this.#slots.get(this.#slotOf(hour, hoursOfDay))
    const trust = same ? same.size / (same.size + 2) : 0
    const byDay = same && same.size > 0 ? trust * same.quantile(0.5) + (1 - trust) * middle : middle
    const weeks = this.#weeks.get(this.#slotOf(hour, hoursOfWeek)) ?? []
    return { byDay, byWeek: weeks.length >= 2 ? median(weeks) : undefined }
  }

  #weigh({ byDay, byWeek }: Seen, sign: 1 | -1): void {
    if (byWeek === undefined) return
    this.#off.day += sign * Math.abs(byDay)
    this.#off.week += sign * Math.abs(byWeek)
    this.#off.count += sign
  }

  #forget(before: number): void {
    for (let seen = this.#seen[this.#gone]; seen && seen.hour < before; seen = this.#seen[this.#gone]) {
      this.#gone += 1
      this.#values.remove(seen.value)
      this.#slot(seen.slot).remove(seen.value)
      this.#residuals.day.remove(seen.byDay)
      if (seen.byWeek !== undefined) this.#residuals.week.remove(seen.byWeek)
      if (seen.innovation !== undefined) this.#innovations.remove(seen.innovation)
      this.#weigh(seen, -1)
    }
    if (this.#gone < 4096) return
    this.#seen = this.#seen.slice(this.#gone)
    this.#gone = 0
  }

  #slotOf(hour: number, period: number): number {
    return Math.floor((((hour % period) + period) % period) / this.#slotHours + 1e-6)
  }

  #slot(at: number): SortedWindow {
    const found = this.#slots.get(at) ?? new SortedWindow()
    this.#slots.set(at, found)
    return found
  }
}

/** A series of one value has no spread: three per cent of its size is the floor then, and only then. */
function spreadOrFloor(window: SortedWindow, centre: number, floor: number): number {
  if (window.size === 0) return floor
  const own = window.spread(centre, 1e-12)
  return own > 1e-9 * Math.abs(floor) ? own : floor
}
