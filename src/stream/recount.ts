import { dayAt, daysBetween } from '../domain/day.ts'
import type { Day, TimeZone } from '../domain/day.ts'
import { eventTypes } from '../domain/event.ts'
import { keptMs, skewMaxMs } from './bucket.ts'
import type { Grain, Metric } from './counters.ts'
import type { DedupeOptions } from './dedupe.ts'
import type { LogBatch } from './log.ts'
import type { ReadEvent } from './read-event.ts'
import { readEvent } from './read-event.ts'
import type { Series } from './series.ts'

/** Sums by `grain bucket platform/account/campaign/currency`, as decimal text of whole numbers. */
export type Recounted = Readonly<Record<string, Partial<Record<Metric, bigint>>>>

export const recountKey = (grain: Grain, bucket: number, series: Series): string =>
  `${grain} ${bucket} ${series.platform}/${series.accountId}/${series.campaignId}/${series.currency}`

interface Generation {
  readonly startMs: number
  readonly ids: Set<string>
  events: number
}

/** The dedupe window said plainly: ids of the running generation and of the one before it. */
class PlainWindow {
  #options: DedupeOptions
  #generations: Generation[] = []

  constructor(options: DedupeOptions) {
    this.#options = options
  }

  enter({ appendMs, count }: LogBatch): void {
    const last = this.#generations.at(-1)
    const { windowMs, windowEvents } = this.#options
    if (!last || appendMs - last.startMs >= windowMs || last.events >= windowEvents)
      this.#generations = [...this.#generations.slice(-1), { startMs: appendMs, ids: new Set(), events: 0 }]
    this.#generations.at(-1)!.events += count
  }

  isNew(id: string): boolean {
    const isKnown = this.#generations.some(({ ids }) => ids.has(id))
    this.#generations.at(-1)!.ids.add(id)
    return !isKnown
  }
}

function recordsOf({ bytes, starts, ends, count }: LogBatch): readonly Uint8Array[] {
  const records: Uint8Array[] = []
  for (let at = 0, record = 0; record < count; record += 1) {
    const end = ends ? (ends[record] as number) : bytes.indexOf(10, at)
    records.push(bytes.subarray(starts?.[record] ?? at, end))
    at = ends ? end : end + 1
  }
  return records
}

function countedMs(event: ReadEvent, appendMs: number): number {
  const latestMs = appendMs + skewMaxMs
  if (event.timeMs <= latestMs) return event.timeMs
  return event.receivedMs > 0 && event.receivedMs <= latestMs ? event.receivedMs : appendMs
}

function amountsOf(event: ReadEvent): Partial<Record<Metric, bigint>> {
  const name = eventTypes[event.type]
  const counted =
    name === 'impression' || name === 'click' || name === 'conversion'
      ? ({ [`${name}s`]: 1n, ...(event.ivt ? { [`ivt_${name}s`]: 1n } : {}) } as Partial<Record<Metric, bigint>>)
      : {}
  return {
    ...counted,
    ...(name === 'conversion' && event.valueMicros > 0 ? { revenue_micros: BigInt(event.valueMicros) } : {}),
    ...(event.costMicros > 0 ? { cost_micros: BigInt(event.costMicros) } : {}),
  }
}

/**
 * Counts a whole log of one partition again, event by event and as plainly as it can be said: JSON.parse, maps, sets, calendars, big integers.
 * Shares no code with the fold but the reading of one event; what the fold and any store come to has to be equal to this.
 */
export function recount(
  batches: Iterable<LogBatch>,
  dedupe: DedupeOptions,
  zoneOf: (series: Series) => TimeZone,
): Recounted {
  const sums: Record<string, Partial<Record<Metric, bigint>>> = {}
  const window = new PlainWindow(dedupe)
  const conversions = new Set<string>()
  for (const batch of batches) {
    window.enter(batch)
    for (const record of recordsOf(batch)) {
      const event = readEvent(record)
      if ('reason' in event) continue
      const id = event.id === null ? null : JSON.stringify([event.source, event.id])
      if (id !== null && !window.isNew(id)) continue
      const atMs = countedMs(event, batch.appendMs)
      const lateMs = batch.appendMs - atMs
      if (lateMs > keptMs.day) continue
      if (event.type === 2 && id !== null) {
        const key = `${id.toLowerCase()} ${Math.floor(atMs / 86_400_000)}`
        if (conversions.has(key)) continue
        conversions.add(key)
      }
      const platform = event.series.platform === 'facebook_ads' ? 'meta_ads' : event.series.platform
      const series = { ...event.series, platform }
      const day = daysBetween('1970-01-01' as Day, dayAt(atMs, zoneOf(series)))
      const buckets: readonly (readonly [Grain, number, number])[] = [
        ['minute', Math.floor(atMs / 60_000), keptMs.minute],
        ['hour', Math.floor(atMs / 3_600_000), keptMs.hour],
        ['day', day, keptMs.day],
      ]
      for (const [grain, bucket, limitMs] of buckets)
        if (lateMs <= limitMs) add((sums[recountKey(grain, bucket, series)] ??= {}), amountsOf(event))
    }
  }
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => Object.keys(sum).length > 0))
}

function add(to: Partial<Record<Metric, bigint>>, amounts: Partial<Record<Metric, bigint>>): void {
  for (const [metric, amount] of Object.entries(amounts) as [Metric, bigint][]) to[metric] = (to[metric] ?? 0n) + amount
}
