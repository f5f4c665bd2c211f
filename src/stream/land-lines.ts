import { eventFields } from '../domain/event.ts'
import type { NumberColumn } from '../lake/column-number.ts'
import type { TextColumn } from '../lake/column-text.ts'
import { EventFile } from '../lake/event-file.ts'
import type { EventColumn } from '../lake/event-parquet.ts'
import { skewMaxMs } from './bucket.ts'
import type { PlacedColumns } from './columns.ts'
import { createPlacedColumns, invalidType, isIvt } from './columns.ts'
import type { LogBatch } from './log.ts'
import { createPlacedScan } from './scan.ts'

const fieldNames = Object.keys(eventFields)

/**
 * Where a record lay in the log and how the counters read it, then the event's own fields as text. `_ms`: the instant at which it counts.
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
  ...fieldNames.map((name) => ({ name, type: 'varchar' as const })),
]

const columnsRows = 4_096

/** What went into a file. */
export interface LinesFacts {
  readonly rows: number
  readonly appendMsMin: number
  readonly appendMsMax: number
  readonly eventMsMin: number | null
  readonly eventMsMax: number | null
}

/** The columns of a file, found once. */
interface Writers {
  readonly part: NumberColumn
  readonly off: NumberColumn
  readonly place: NumberColumn
  readonly appendMs: NumberColumn
  readonly raw: TextColumn
  readonly type: NumberColumn
  readonly ms: NumberColumn
  readonly valueMicros: NumberColumn
  readonly costMicros: NumberColumn
  readonly ivt: NumberColumn
  readonly skewed: NumberColumn
  /** In the order of `eventFields`. */
  readonly fields: readonly TextColumn[]
}

const writersOf = (file: EventFile): Writers => ({
  part: file.number('_part'),
  off: file.number('_off'),
  place: file.number('_place'),
  appendMs: file.number('_append_ms'),
  raw: file.text('_raw'),
  type: file.number('_type'),
  ms: file.number('_ms'),
  valueMicros: file.number('_value_micros'),
  costMicros: file.number('_cost_micros'),
  ivt: file.number('_ivt'),
  skewed: file.number('_skewed'),
  fields: fieldNames.map((name) => file.text(name)),
})

/** Writes a partition's batches into a Parquet file, from the places that the scanner finds: an event's bytes are copied once and never parsed. */
export class LandLines {
  readonly #file: EventFile
  readonly #to: Writers
  readonly #partition: number
  readonly #columns: PlacedColumns = createPlacedColumns(columnsRows)
  readonly #scan = createPlacedScan()
  #facts: Pick<LinesFacts, 'rows' | 'appendMsMin' | 'appendMsMax'> = { rows: 0, appendMsMin: 0, appendMsMax: 0 }
  /** The bytes that are being written. */
  #source = viewOf(new Uint8Array(0))
  #eventMsMin = Number.POSITIVE_INFINITY
  #eventMsMax = Number.NEGATIVE_INFINITY
  /** Of the last record: neighbours with one offset are events of one enveloped record, and their place tells them apart. */
  #last = { offset: -1, place: 0 }

  constructor(file: EventFile, partition: number) {
    this.#file = file
    this.#to = writersOf(file)
    this.#partition = partition
  }

  static async open(path: string, partition: number): Promise<LandLines> {
    return new LandLines(await EventFile.open(path, landedColumns), partition)
  }

  async write(batch: LogBatch): Promise<void> {
    this.#source = viewOf(batch.bytes)
    const { rows, appendMsMin } = this.#facts
    const columns = this.#columns
    let record = 0
    for (let at = 0; record < batch.count; record += columns.rows) {
      at = this.#scan(batch.bytes, at, batch.bytes.length, batch.ends, record, columns, batch.starts)
      if (columns.rows === 0) break
      for (let row = 0; row < columns.rows; row += 1) {
        this.#putRow(batch, record + row, row)
        if (this.#file.endRow()) await this.#file.flush()
      }
    }
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
    }
  }

  /** Lets go of a file that cannot be finished. */
  abandon(): Promise<void> {
    return this.#file.abandon()
  }

  #putRow(batch: LogBatch, record: number, row: number): void {
    const to = this.#to
    const { row: at } = this.#file
    const { type, start, end } = this.#columns
    const offset = batch.offsets ? (batch.offsets[record] as number) : batch.firstOffset + record
    const place = offset === this.#last.offset ? this.#last.place + 1 : 0
    this.#last.offset = offset
    this.#last.place = place
    to.part.put(at, this.#partition)
    to.off.put(at, offset)
    to.place.put(at, place)
    to.appendMs.put(at, batch.appendMs)
    if (type[row] === invalidType) {
      const raw = Buffer.from(batch.bytes.subarray(start[row], end[row])).toString('base64')
      to.raw.put(at, viewOf(Buffer.from(raw, 'latin1')), 0, raw.length)
    } else {
      this.#putReading(at, row, batch.appendMs)
      this.#putFields(at, row, batch.bytes)
    }
  }

  /** How the counters read the event. */
  #putReading(at: number, row: number, appendMs: number): void {
    const to = this.#to
    const { type, flags, timeMs, valueMicros, costMicros } = this.#columns
    const ms = this.#countedMs(row, appendMs)
    if (ms < this.#eventMsMin) this.#eventMsMin = ms
    if (ms > this.#eventMsMax) this.#eventMsMax = ms
    to.type.put(at, type[row] as number)
    to.ms.put(at, ms)
    to.valueMicros.put(at, valueMicros[row] as number)
    to.costMicros.put(at, costMicros[row] as number)
    to.ivt.put(at, ((flags[row] as number) & isIvt) !== 0 ? 1 : 0)
    to.skewed.put(at, ms === timeMs[row] ? 0 : 1)
  }

  #putFields(at: number, row: number, bytes: Uint8Array): void {
    const { places, placeFrom, placeTo, start, end } = this.#columns
    const { fields } = this.#to
    const from = placeFrom[row] as number
    if (from < 0) return this.#putParsed(at, Buffer.from(bytes.subarray(start[row], end[row])).toString('utf8'))
    const until = placeTo[row] as number
    const source = this.#source
    for (let field = from; field < until; field += 3)
      fields[(places[field] as number) - 1]?.put(at, source, places[field + 1] as number, places[field + 2] as number)
  }

  /** Of a record that the scanner does not read by itself: escapes, other alphabets, objects. The last of equal names counts, as for the counters. */
  #putParsed(at: number, text: string): void {
    const event = parseKeepingNumbers(text)
    for (const [index, name] of fieldNames.entries()) {
      const value = Object.hasOwn(event, name) ? event[name] : undefined
      if (value === undefined || value === null) continue
      const bytes = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
      this.#to.fields[index]?.put(at, viewOf(bytes), 0, bytes.length)
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

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const rawJson = (JSON as unknown as { rawJSON(this: void, text: string): unknown }).rawJSON

/** Numbers keep their digits. */
function parseKeepingNumbers(text: string): Readonly<Record<string, unknown>> {
  const parse = JSON.parse as (
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ) => Readonly<Record<string, unknown>>
  return parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? rawJson(source) : value,
  )
}
