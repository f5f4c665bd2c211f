import { createReadStream } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { eventFields } from '../domain/event.ts'
import type { EventColumn } from '../lake/event-parquet.ts'
import { skewMaxMs } from './bucket.ts'
import { createColumns, invalidType, isIvt } from './columns.ts'
import { InternedSeries } from './interned-series.ts'
import type { Reading } from './land-place.ts'
import { PlaceText } from './land-place.ts'
import type { LogBatch } from './log.ts'
import { createScan } from './scan.ts'

/**
 * Where a record lay in the log and how the counters read it, then the event's own fields. `_ms`: the instant at which it counts.
 * `_raw` holds, in base64, a record that is no event; then the columns of reading are null.
 */
export const landedColumns: readonly EventColumn[] = [
  { name: '_part', type: 'integer' },
  { name: '_off', type: 'bigint' },
  { name: '_place', type: 'integer' },
  { name: '_append_ms', type: 'bigint' },
  { name: '_raw', type: 'varchar' },
  { name: '_type', type: 'integer' },
  { name: '_ms', type: 'bigint' },
  { name: '_value_micros', type: 'bigint' },
  { name: '_cost_micros', type: 'bigint' },
  { name: '_ivt', type: 'integer' },
  { name: '_skewed', type: 'integer' },
  ...Object.keys(eventFields).map((name) => ({ name, type: 'varchar' as const })),
]

const columnsRows = 4_096
const openingBrace = 0x7b
/** The longest text that is written before a record. */
const placeBytesMax = 320

/** What went into a file. */
export interface LinesFacts {
  readonly rows: number
  readonly appendMsMin: number
  readonly appendMsMax: number
  readonly eventMsMin: number | null
  readonly eventMsMax: number | null
  /** Names of columns that some row fills, as far as is known: none that is filled is missing. */
  readonly filled: ReadonlySet<string>
}

/** Writes a partition's batches as JSON lines, each record's place before its own fields, so that it wins over fields of the same name. */
export class LandLines {
  readonly #file: FileHandle
  readonly #partition: number
  readonly #columns = createColumns(columnsRows)
  readonly #scan = createScan(new InternedSeries())
  #out = Buffer.alloc(0)
  #hasRaw = false
  #facts: Pick<LinesFacts, 'rows' | 'appendMsMin' | 'appendMsMax'> = { rows: 0, appendMsMin: 0, appendMsMax: 0 }
  #eventMsMin = Number.POSITIVE_INFINITY
  #eventMsMax = Number.NEGATIVE_INFINITY

  constructor(file: FileHandle, partition: number) {
    this.#file = file
    this.#partition = partition
  }

  static async open(path: string, partition: number): Promise<LandLines> {
    return new LandLines(await open(path, 'w'), partition)
  }

  async write(batch: LogBatch): Promise<void> {
    const { rows, appendMsMin } = this.#facts
    await this.#file.write(this.#linesOf(batch))
    this.#facts = {
      rows: rows + batch.count,
      appendMsMin: rows === 0 ? batch.appendMs : appendMsMin,
      appendMsMax: batch.appendMs,
    }
  }

  /** Closes the file and says what is in it. */
  async close(): Promise<LinesFacts> {
    await this.#file.close()
    const isEmpty = this.#eventMsMin === Number.POSITIVE_INFINITY
    return {
      ...this.#facts,
      eventMsMin: isEmpty ? null : this.#eventMsMin,
      eventMsMax: isEmpty ? null : this.#eventMsMax,
      filled: filledColumns(this.#columns.seen, this.#hasRaw),
    }
  }

  #linesOf(batch: LogBatch): Buffer {
    const bytes = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength)
    const columns = this.#columns
    // Base64 makes a refused record a third longer; nothing else grows but by its place.
    const out = this.#room(Math.ceil(bytes.length * 1.4) + batch.count * placeBytesMax)
    let to = 0
    let record = 0
    const text = new PlaceText(this.#partition, batch.appendMs)
    // Neighbours with one offset are events of one enveloped record: their place tells them apart.
    let last = -1
    let place = 0
    for (let at = 0; record < batch.count; record += columns.rows) {
      at = this.#scan(batch.bytes, at, bytes.length, batch.ends, record, columns, batch.starts)
      if (columns.rows === 0) break
      for (let row = 0; row < columns.rows; row += 1) {
        const [start, end] = [columns.start[row] as number, columns.end[row] as number]
        const offset = batch.offsets ? (batch.offsets[record + row] as number) : batch.firstOffset + record + row
        place = offset === last ? place + 1 : 0
        last = offset
        if (columns.type[row] === invalidType) {
          this.#hasRaw = true
          to = text.putPlace(out, to, { offset, place })
          to += out.write(`,"_raw":"${bytes.toString('base64', start, end)}"}`, to, 'latin1')
        } else {
          to = text.putReading(out, to, { offset, place }, this.#readingOf(row, batch.appendMs))
          to += bytes.copy(out, to, bytes.indexOf(openingBrace, start) + 1, end)
        }
        out[to] = 10
        to += 1
      }
    }
    return out.subarray(0, to)
  }

  /** One buffer for every batch: memory that was never touched costs more than what is written into it. */
  #room(bytes: number): Buffer {
    if (this.#out.length < bytes) this.#out = Buffer.allocUnsafe(bytes)
    return this.#out
  }

  #readingOf(row: number, appendMs: number): Reading {
    const { type, flags, timeMs, valueMicros, costMicros } = this.#columns
    const ms = this.#countedMs(row, appendMs)
    if (ms < this.#eventMsMin) this.#eventMsMin = ms
    if (ms > this.#eventMsMax) this.#eventMsMax = ms
    return {
      type: type[row] as number,
      ms,
      valueMicros: valueMicros[row] as number,
      costMicros: costMicros[row] as number,
      isIvt: ((flags[row] as number) & isIvt) !== 0,
      isSkewed: ms !== timeMs[row],
    }
  }

  /** As the fold does: a clock that is far ahead is not believed. */
  #countedMs(row: number, appendMs: number): number {
    const { timeMs, receivedMs } = this.#columns
    const latestMs = appendMs + skewMaxMs
    const ms = timeMs[row] as number
    if (ms <= latestMs) return ms
    const received = receivedMs[row] as number
    return received > 0 && received <= latestMs ? received : appendMs
  }
}

/** Columns of a place and its reading are always there, the raw record where there was one, and of the fields those that the scanner has seen. */
function filledColumns(seen: number, hasRaw: boolean): ReadonlySet<string> {
  const names = Object.keys(eventFields).filter((_, index) => (seen & (2 << index)) !== 0)
  const own = landedColumns
    .map(({ name }) => name)
    .filter((name) => name.startsWith('_') && (name !== '_raw' || hasRaw))
  return new Set([...own, ...names])
}

const placeNames = new Set(landedColumns.map(({ name }) => name).filter((name) => name.startsWith('_')))

/**
 * The lines written anew with each field once, the last one counting as it does for the counters, and fields that pass for a place left out.
 * Numbers keep their digits. For files in which a record names a field twice, which readers of JSON disagree about.
 */
export async function writeSingleFields(path: string, from: string): Promise<void> {
  const file = await open(path, 'w')
  try {
    for await (const line of createInterface({ input: createReadStream(from), crlfDelay: Infinity }))
      if (line !== '') await file.write(`${singleFields(line)}\n`)
  } finally {
    await file.close()
  }
}

const rawJson = (JSON as unknown as { rawJSON(this: void, text: string): unknown }).rawJSON

function singleFields(line: string): string {
  const parse = JSON.parse as (
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ) => Record<string, unknown>
  const event = parse(line, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? rawJson(source) : value,
  )
  const fields = Object.entries(event).filter(([name]) => !placeNames.has(name))
  const own = JSON.stringify(Object.fromEntries(fields)).slice(1)
  const place = ownPlaceOf(line)
  return own === '}' ? `${place}}` : `${place},${own}`
}

/** The text that was written before the record's own fields: fixed names in a fixed order. */
function ownPlaceOf(line: string): string {
  const [, place = '{'] =
    /^(\{"_part":\d+,"_append_ms":\d+,"_off": *\d+,"_place": *\d+,(?:"_raw":"[^"]*"|"_type":\d,"_ms": *\d+,"_value_micros": *\d+,"_cost_micros": *\d+,"_ivt":\d,"_skewed":\d))/.exec(
      line,
    ) ?? []
  return place
}
