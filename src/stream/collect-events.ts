import { eventBytesMax, eventFields } from '../domain/event.ts'
import type { Part } from './collect-queue.ts'
import { agentFamily, isAnonymous, personalFields, truncatedIp } from './collect-privacy.ts'
import { createColumns, invalidType } from './columns.ts'
import type { Columns } from './columns.ts'
import { InternedSeries } from './interned-series.ts'
import { partitionOf } from './partition.ts'
import { readEvent } from './read-event.ts'
import { createScan } from './scan.ts'
import type { Scan } from './scan.ts'
import { reachBytes } from './scan-source.ts'
import { eventOfSegment, isObject } from './segment-event.ts'
import type { Json } from './segment-event.ts'

/** An event that was not taken, by its place in the request. */
export interface Rejected {
  readonly index: number
  readonly code: string
}

/** A request's events, ready for the log, and what was refused of them. */
export interface Collected {
  readonly parts: ReadonlyMap<number, Part>
  readonly accepted: number
  readonly rejected: readonly Rejected[]
  /** Messages of kinds that say nothing about an ad. */
  readonly ignored: number
}

/** What the collector adds to each event of a request. */
export interface Stamp {
  readonly receivedMs: number
  readonly writeKeyId: string
  /** The browser said Sec-GPC: 1. */
  readonly globalPrivacyControl: boolean
}

const columnsRows = 512
const seriesMax = 100_000
const closing = 0x7d
const lineFeed = 10
/** Fields that are looked into before they are kept, as bits of `Columns.seen`; a body that names none of them goes the fast way. */
const lookedInto = ['ip', 'ua', 'consent'].reduce(
  (bits, name) => bits | (2 << Object.keys(eventFields).indexOf(name)),
  0,
)

class Parts {
  readonly #partitions: number
  readonly #lines = new Map<number, { readonly texts: string[]; readonly keys: string[] }>()

  constructor(partitions: number) {
    this.#partitions = partitions
  }

  add(campaignId: string, line: string): void {
    const partition = partitionOf(campaignId, this.#partitions)
    const own = this.#lines.get(partition) ?? { texts: [], keys: [] }
    this.#lines.set(partition, own)
    own.texts.push(line, '\n')
    own.keys.push(campaignId)
  }

  done(): ReadonlyMap<number, Part> {
    return new Map(
      [...this.#lines].map(([partition, { texts, keys }]) => [
        partition,
        { lines: Buffer.from(texts.join('')), count: keys.length, keys },
      ]),
    )
  }
}

/**
 * Checks events and makes them ready for the log. Bodies of plain lines are scanned as bytes and never parsed; what the collector
 * knows is written behind each event's own fields, where it wins over whatever the sender said of the same name.
 */
export class EventReader {
  readonly #partitions: number
  readonly #keepsKeys: boolean
  /** Of each event of a request that is taken: its partition, its series, where it begins and where its closing brace lies. */
  readonly #places: number[] = []
  readonly #columns: Columns = createColumns(columnsRows)
  #series = new InternedSeries()
  #scan: Scan = createScan(this.#series)
  /** Partition of each series by its number. */
  #partitionOfSeries: number[] = []
  #scratch = Buffer.alloc(65_536)

  /** `keepsKeys`: the log wants each event's campaign beside it. */
  constructor(partitions: number, keepsKeys: boolean) {
    this.#partitions = partitions
    this.#keepsKeys = keepsKeys
  }

  /** One event of ours a line. */
  readLines(body: Uint8Array, stamp: Stamp): Collected {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    const scanned = stamp.globalPrivacyControl ? undefined : this.#scanLines(bytes, stamp)
    return scanned ?? this.#parseLines(bytes, stamp)
  }

  /** Objects of ours or messages of Segment's. */
  readObjects(objects: readonly unknown[], sentAt: unknown, stamp: Stamp): Collected {
    const parts = new Parts(this.#partitions)
    const rejected: Rejected[] = []
    let accepted = 0
    let ignored = 0
    for (const [index, object] of objects.entries()) {
      const event = isObject(object) ? eventOf(object, sentAt) : undefined
      if (event === 'ignored') ignored += 1
      const taken = event === 'ignored' ? undefined : event ? stamped(event, stamp) : { code: 'not_an_object' }
      if (!taken) continue
      if ('code' in taken) rejected.push({ index, code: taken.code })
      else {
        accepted += 1
        parts.add(taken.campaignId, taken.line)
      }
    }
    return { parts: parts.done(), accepted, rejected, ignored }
  }

  /**
   * Nothing is parsed into objects: each line's bytes are copied, with the stamp in place of its closing brace. Undefined where a line names
   * a field that is looked into, or is none that the scanner understands whole.
   */
  #scanLines(body: Buffer, stamp: Stamp): Collected | undefined {
    const bytes = this.#padded(body)
    const to = bytes.length
    const suffix = Buffer.from(`,"received_at":${stamp.receivedMs},"write_key_id":"${stamp.writeKeyId}"}\n`)
    const columns = this.#columns
    const rejected: Rejected[] = []
    const places = this.#places
    let taken = 0
    const sizes = new Int32Array(this.#partitions)
    const counts = new Int32Array(this.#partitions)
    let index = 0
    columns.seen = 0
    for (let at = 0; at < to;) {
      at = this.#scan(bytes, at, to, null, 0, columns)
      if (columns.rows === 0) break
      if ((columns.seen & lookedInto) !== 0) return undefined
      for (let row = 0; row < columns.rows; row += 1, index += 1) {
        const start = columns.start[row] as number
        const brace = bytes.lastIndexOf(closing, columns.end[row])
        if (columns.type[row] === invalidType || brace - start + suffix.length > eventBytesMax)
          rejected.push({ index, code: reasonOf(bytes.subarray(start, columns.end[row])) })
        else {
          const series = columns.series[row] as number
          const partition = this.#partition(series)
          places[taken] = partition
          places[taken + 1] = series
          places[taken + 2] = start
          places[taken + 3] = brace
          taken += 4
          sizes[partition] = (sizes[partition] as number) + brace - start + suffix.length
          counts[partition] = (counts[partition] as number) + 1
        }
      }
    }
    const collected = {
      parts: this.#copied({ bytes, suffix, taken }, sizes, counts),
      accepted: taken / 4,
      rejected,
      ignored: 0,
    }
    this.#forget()
    return collected
  }

  /** Each partition's lines in a buffer of their own, as large as they are. */
  #copied(
    { bytes, suffix, taken }: { readonly bytes: Buffer; readonly suffix: Buffer; readonly taken: number },
    sizes: Int32Array,
    counts: Int32Array,
  ): ReadonlyMap<number, Part> {
    const places = this.#places
    const parts = new Map<number, Part & { readonly keys: string[] | undefined }>()
    for (const [partition, count] of counts.entries()) {
      const lines = Buffer.allocUnsafe(sizes[partition] as number)
      if (count > 0) parts.set(partition, { lines, count, keys: this.#keepsKeys ? [] : undefined })
    }
    // From here on where each partition's next line goes.
    const ends = sizes.fill(0)
    for (let place = 0; place < taken; place += 4) {
      const partition = places[place] as number
      const part = parts.get(partition)
      if (!part) continue
      let to = ends[partition] as number
      to += bytes.copy(part.lines, to, places[place + 2], places[place + 3])
      ends[partition] = to + suffix.copy(part.lines, to)
      part.keys?.push(this.#series.all[places[place + 1] as number]?.campaignId ?? '')
    }
    return parts
  }

  #partition(series: number): number {
    const known = this.#partitionOfSeries[series]
    if (known !== undefined) return known
    const partition = partitionOf(this.#series.all[series]?.campaignId ?? '', this.#partitions)
    this.#partitionOfSeries[series] = partition
    return partition
  }

  /** The body with a line feed at its end and room behind it: loads reach beyond the last byte. */
  #padded(body: Buffer): Buffer {
    if (this.#scratch.length < body.length + 1 + reachBytes)
      this.#scratch = Buffer.alloc((body.length + 1 + reachBytes) * 2)
    body.copy(this.#scratch)
    if (body.length === 0 || body.at(-1) === lineFeed) return this.#scratch.subarray(0, body.length)
    this.#scratch[body.length] = lineFeed
    return this.#scratch.subarray(0, body.length + 1)
  }

  /** Names of series are somebody else's words: however many there are, memory is bounded. */
  #forget(): void {
    if (this.#series.all.length <= seriesMax) return
    this.#series = new InternedSeries()
    this.#scan = createScan(this.#series)
    this.#partitionOfSeries = []
  }

  #parseLines(body: Buffer, stamp: Stamp): Collected {
    const parts = new Parts(this.#partitions)
    const rejected: Rejected[] = []
    let accepted = 0
    let index = 0
    for (let at = 0; at < body.length; index += 1) {
      const found = body.indexOf(lineFeed, at)
      const line = body.subarray(at, found < 0 ? body.length : found)
      at = found < 0 ? body.length : found + 1
      const read = readEvent(line)
      const taken = 'reason' in read ? { code: read.reason } : stamped(JSON.parse(line.toString('utf8')) as Json, stamp)
      if ('code' in taken) rejected.push({ index, code: taken.code })
      else {
        accepted += 1
        parts.add(taken.campaignId, taken.line)
      }
    }
    return { parts: parts.done(), accepted, rejected, ignored: 0 }
  }
}

function reasonOf(bytes: Uint8Array): string {
  const read = readEvent(bytes)
  return 'reason' in read ? read.reason : 'too_long'
}

const eventOf = (object: Json, sentAt: unknown): Json | 'ignored' =>
  Object.hasOwn(object, 'event_type') ? object : eventOfSegment(object, sentAt)

/** The event as it is kept: what is personal as far as it may be, what the collector knows at the end. */
export function stamped(
  event: Json,
  { receivedMs, writeKeyId, globalPrivacyControl }: Stamp,
): { readonly campaignId: string; readonly line: string } | { readonly code: string } {
  const kept: Record<string, unknown> = { ...event, received_at: receivedMs, write_key_id: writeKeyId }
  if (typeof event['ip'] === 'string') kept['ip'] = truncatedIp(event['ip'])
  if (typeof event['ua'] === 'string') kept['ua'] = agentFamily(event['ua'])
  if (isAnonymous(event['consent'], globalPrivacyControl)) for (const field of personalFields) kept[field] = undefined
  const line = written(kept)
  if (line === undefined) return { code: 'too_deep' }
  const read = readEvent(Buffer.from(line))
  return 'reason' in read ? { code: read.reason } : { campaignId: read.series.campaignId, line }
}

function written(event: Json): string | undefined {
  try {
    return JSON.stringify(event)
  } catch {
    // Nested beyond what the engine's stack can write.
    return undefined
  }
}
