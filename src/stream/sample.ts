import { eventTypes } from '../domain/event.ts'
import type { EventLog, LogBatch } from './log.ts'
import { readEvent } from './read-event.ts'

/** As much of an event as a screen shows: nothing that is a person's. */
export interface SampledEvent {
  readonly atMs: number
  readonly type: string
  readonly platform: string
  readonly campaignId: string
  readonly device: string
  readonly geo: string
}

export interface Sample {
  /** Where the log ends, over all partitions: how many records there were where offsets are dense. */
  readonly end: number
  /** The newest, the newest first. */
  readonly events: readonly SampledEvent[]
}

/** The newest events of the log, a few of each partition; records that are no event are left out. */
export async function sampleTail(log: EventLog, limit: number): Promise<Sample> {
  const partitions = await log.partitions()
  const each = Math.ceil(limit / partitions)
  let end = 0
  const events: SampledEvent[] = []
  for (let partition = 0; partition < partitions; partition += 1) {
    const { first, next } = await log.bounds(partition)
    end += next
    if (next === first) continue
    const read = await log.read(partition, Math.max(first, next - each), { bytesMax: 200_000, waitMs: 0 })
    events.push(...read.flatMap(eventsOf).slice(-each))
  }
  return { end, events: events.sort((one, other) => other.atMs - one.atMs).slice(0, limit) }
}

function eventsOf({ bytes, starts, ends, count }: LogBatch): readonly SampledEvent[] {
  const events: SampledEvent[] = []
  for (let at = 0, record = 0; record < count; record += 1) {
    const end = ends ? (ends[record] as number) : bytes.indexOf(10, at)
    events.push(...shown(bytes.subarray(starts?.[record] ?? at, end)))
    at = ends ? end : end + 1
  }
  return events
}

function shown(raw: Uint8Array): readonly SampledEvent[] {
  const event = readEvent(raw)
  if ('reason' in event) return []
  const own = JSON.parse(new TextDecoder().decode(raw)) as Readonly<Record<string, unknown>>
  const text = (name: string): string => (typeof own[name] === 'string' ? own[name] : '')
  const { platform, campaignId } = event.series
  return [
    {
      atMs: event.timeMs,
      type: eventTypes[event.type] ?? '',
      platform,
      campaignId,
      device: text('device'),
      geo: text('geo'),
    },
  ]
}
