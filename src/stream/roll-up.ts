import { dayNumberAt, hourMs, minuteMs } from './bucket.ts'
import { Cells, width } from './cells.ts'
import type { ConversionRow, Flush, Grain, GrainDeltas } from './counters.ts'
import type { Folded } from './fold.ts'
import type { ResolvedSeries } from './series.ts'

const utcDayMs = 24 * hourMs

/** Only the cells in use, as columns. */
function columnsOf(cells: Cells): GrainDeltas {
  const { count, keys } = cells
  const series = new Int32Array(count)
  const bucket = new Int32Array(count)
  for (let cell = 0; cell < count; cell += 1) {
    series[cell] = keys[cell * 2] as number
    bucket[cell] = keys[cell * 2 + 1] as number
  }
  return { series, bucket, values: cells.values.slice(0, count * width) }
}

function addCell(to: Cells, series: number, bucket: number, from: Float64Array, at: number): void {
  const into = to.at(series, bucket)
  const { values } = to
  for (let metric = 0; metric < width; metric += 1) {
    const amount = from[at + metric] as number
    if (amount !== 0) values[into + metric] = (values[into + metric] as number) + amount
  }
}

/** The three grains of a folded range: minutes and hours of UTC, days of the account's zone. */
function deltasOf(folded: Folded, series: readonly ResolvedSeries[]): Record<Grain, GrainDeltas> {
  const { keys, values, count } = folded.cells
  const grains = { minute: new Cells(count), hour: new Cells(), day: new Cells() }
  for (let cell = 0; cell < count; cell += 1) {
    const number = keys[cell * 2] as number
    const key = keys[cell * 2 + 1] as number
    const minute = key >> 2
    const age = key & 3
    const zone = (series[number] as ResolvedSeries).zone
    if (age === 0) addCell(grains.minute, number, minute, values, cell * width)
    if (age <= 1) addCell(grains.hour, number, Math.floor(minute / 60), values, cell * width)
    addCell(grains.day, number, dayNumberAt(minute * minuteMs, zone), values, cell * width)
  }
  return { minute: columnsOf(grains.minute), hour: columnsOf(grains.hour), day: columnsOf(grains.day) }
}

function conversionsOf(folded: Folded, series: readonly ResolvedSeries[]): readonly ConversionRow[] {
  // Each field by its name: taking some out of an object and spreading the rest costs five times as much.
  return folded.conversions.map((one) => ({
    id: one.id,
    series: one.series,
    minute: Math.floor(one.timeMs / minuteMs),
    hour: Math.floor(one.timeMs / hourMs),
    day: dayNumberAt(one.timeMs, (series[one.series] as ResolvedSeries).zone),
    utcDay: Math.floor(one.timeMs / utcDayMs),
    age: one.age,
    revenueMicros: one.revenueMicros,
    costMicros: one.costMicros,
    ivt: one.ivt,
  }))
}

/** A folded range as a store takes it, once the series of its numbers are known. */
export function rollUp(
  folded: Folded,
  series: readonly ResolvedSeries[],
): Pick<
  Flush,
  'series' | 'deltas' | 'conversions' | 'deadLetters' | 'tallies' | 'next' | 'watermarkMs' | 'dedupeFloor'
> {
  return {
    next: folded.next,
    watermarkMs: folded.watermarkMs,
    dedupeFloor: folded.dedupeFloor,
    series,
    deltas: deltasOf(folded, series),
    conversions: conversionsOf(folded, series),
    deadLetters: folded.deadLetters,
    tallies: folded.tallies,
  }
}
