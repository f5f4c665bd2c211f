import { inOrder, stepOf } from './detect.ts'
import type { Point } from './detect.ts'

/** All rows of one day and, in a series finer than a day, of one time of it. */
export interface DayRows {
  readonly day: number
  readonly lane: number
  /** Places of the rows in the series as given, in the order of time; never none. */
  readonly rows: readonly number[]
}

/**
 * A series by days, oldest first, of the rows that have a value. A series finer than a day has a lane for each time of the day, which is
 * a daily series of its own; in one coarser than a day and a half its own steps count as days.
 */
export function byDays(points: readonly Point[]): readonly DayRows[] {
  const placeOf = calendar(points)
  const days: { day: number; lane: number; rows: number[] }[] = []
  for (const at of inOrder(points)) {
    const point = points[at]
    if (!point || point.value === null) continue
    const place = placeOf(point.hour)
    const last = days.at(-1)
    if (last && last.day === place.day && last.lane === place.lane) last.rows.push(at)
    else days.push({ ...place, rows: [at] })
  }
  return days
}

function calendar(points: readonly Point[]): (hour: number) => { readonly day: number; readonly lane: number } {
  const { hours, regular } = stepOf(points)
  if (hours > 36) {
    const first = points.reduce((least, { hour }) => Math.min(least, hour), Number.POSITIVE_INFINITY)
    return (hour) => ({ day: Math.round((hour - first) / hours), lane: 0 })
  }
  const width = hours === 0 || hours > 12 ? 24 : regular ? hours : Math.max(1, hours)
  return (hour) => {
    const day = Math.floor(hour / 24)
    return { day, lane: Math.floor((hour - 24 * day) / width + 1e-6) }
  }
}
