import { createHash } from 'node:crypto'
import { eventTypes } from '../domain/event.ts'
import { ageOf, latenessMs, minuteMs, skewMaxMs } from './bucket.ts'
import type { Age } from './bucket.ts'
import { Cells } from './cells.ts'
import type { Columns } from './columns.ts'
import { createColumns, hasId, invalidType, isIvt } from './columns.ts'
import type { DeadLetter, Tallies } from './counters.ts'
import { metrics } from './counters.ts'
import { DedupeWindow } from './dedupe.ts'
import type { DedupeOptions } from './dedupe.ts'
import { InternedSeries } from './interned-series.ts'
import type { LogBatch, Offset } from './log.ts'
import { readEvent } from './read-event.ts'
import type { Scan } from './scan.ts'
import { createScan } from './scan.ts'
import type { Series } from './series.ts'

/** A conversion as the fold knows it: its buckets of local time are added when its series' zone is known. */
export interface FoldedConversion {
  readonly id: string
  readonly series: number
  readonly timeMs: number
  readonly age: Exclude<Age, 3>
  readonly revenueMicros: number
  readonly costMicros: number
  readonly ivt: boolean
}

/** What a range of one partition adds up to, before zones: see `roll-up.ts`. */
export interface Folded {
  readonly next: Offset
  readonly dedupeFloor: Offset
  readonly watermarkMs: number | null
  readonly series: readonly Series[]
  /** By series and `minute * 4 + age`. */
  readonly cells: Cells
  readonly conversions: readonly FoldedConversion[]
  readonly deadLetters: readonly DeadLetter[]
  readonly tallies: Tallies
}

export interface FoldStart {
  readonly topic: string
  readonly partition: number
  readonly next: Offset
  readonly watermarkMs: number | null
  readonly dedupe: DedupeOptions
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

const noTallies = (): Mutable<Tallies> => ({
  records: 0,
  duplicates: 0,
  invalid: 0,
  lateDropped: 0,
  skewed: 0,
  uncounted: 0,
})

const columnsCapacity = 2048
const duplicate = 128
/** Rows whose places in the dedupe table are loaded ahead: about as many misses as a core keeps in flight, twice. */
const touchRows = 32
const clicks = metrics.indexOf('clicks')
const cost = metrics.indexOf('cost_micros')
const ivtImpressions = metrics.indexOf('ivt_impressions')
const conversion = eventTypes.indexOf('conversion')
/** A cell's cost stays below this, so that it and one more pass over the columns stay below 2^53. */
const costMicrosMax = 2 ** 52
/** Names of series are kept from flush to flush; beyond so many they are dropped with the next one, so that memory is bounded. */
const seriesMax = 200_000

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i
const latin1 = new TextDecoder('latin1')

/** A UUID made of a text: the same text, the same id, in the log's fold and in the lake's. */
export function uuidOf(text: string): string {
  const hex = createHash('md5').update(text).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/**
 * The one fold: bytes of the log to deltas. Pure: no clock, no I/O, and everything it decides (duplicate, late, skewed, invalid) follows
 * from the records and their append times, so any consumer that folds the same range comes to the same deltas.
 */
export class PartitionFold {
  readonly #start: FoldStart
  readonly #window: DedupeWindow
  readonly #columns: Columns = createColumns(columnsCapacity)
  #series = new InternedSeries()
  #scan: Scan = createScan(this.#series)
  #cells = new Cells()
  #conversions: FoldedConversion[] = []
  #deadLetters: DeadLetter[] = []
  #tallies = noTallies()
  #next: Offset
  #watermarkMs: number | null
  #isFull = false
  // oxlint-disable-next-line no-unused-private-class-members -- never read: see `DedupeWindow.touch`
  #touched = 0

  constructor(start: FoldStart) {
    this.#start = start
    this.#next = start.next
    this.#watermarkMs = start.watermarkMs
    this.#window = new DedupeWindow(start.dedupe)
  }

  get next(): Offset {
    return this.#next
  }

  get tallies(): Tallies {
    return this.#tallies
  }

  /** Rows that a flush would write. */
  get size(): number {
    return this.#cells.count + this.#conversions.length + this.#deadLetters.length
  }

  /** A sum is near the limit of exact numbers: flush before taking more. */
  get isFull(): boolean {
    return this.#isFull
  }

  /** Fills the dedupe window with a batch that was counted before; nothing is counted again. */
  refill(batch: LogBatch): void {
    this.#each(batch, () => this.#markDuplicates())
  }

  /** Counts a batch. */
  take(batch: LogBatch): void {
    this.#each(batch, (firstRecord) => {
      this.#markDuplicates()
      this.#count(batch, firstRecord)
    })
    this.#next = batch.nextOffset
  }

  /** Hands over what was taken since the last seal, and begins anew. */
  seal(): Folded {
    const folded: Folded = {
      next: this.#next,
      dedupeFloor: this.#window.floor ?? this.#next,
      watermarkMs: this.#watermarkMs,
      series: this.#series.all,
      cells: this.#cells,
      conversions: this.#conversions,
      deadLetters: this.#deadLetters,
      tallies: this.#tallies,
    }
    this.#cells = new Cells()
    this.#conversions = []
    this.#deadLetters = []
    this.#tallies = noTallies()
    this.#isFull = false
    if (this.#series.all.length > seriesMax) {
      this.#series = new InternedSeries()
      this.#scan = createScan(this.#series)
    }
    return folded
  }

  /** Scans a batch a columnful at a time. */
  #each(batch: LogBatch, work: (firstRecord: number) => void): void {
    const { bytes, starts, ends, count } = batch
    this.#window.enter(batch.firstOffset, count, batch.appendMs)
    let record = 0
    for (let at = 0; record < count; record += this.#columns.rows) {
      at = this.#scan(bytes, at, bytes.length, ends, record, this.#columns, starts)
      // A batch that holds fewer lines than it says would otherwise be scanned for ever.
      if (this.#columns.rows === 0) break
      work(record)
    }
  }

  /** A pass of its own: the table's cache misses overlap when nothing else is done between them. */
  #markDuplicates(): void {
    const { rows, type, flags, low, high } = this.#columns
    const window = this.#window
    for (let row = 0; row < rows; row += 1) {
      if (row % touchRows === 0) this.#touched += window.touch(low, row, Math.min(rows, row + touchRows))
      const flag = flags[row] as number
      if (type[row] === invalidType || (flag & hasId) === 0) continue
      if (!window.isNew(low[row] as number, high[row] as number)) flags[row] = flag | duplicate
    }
  }

  #count(batch: LogBatch, firstRecord: number): void {
    const { rows, type, flags, series, costMicros } = this.#columns
    const tallies = this.#tallies
    tallies.records += rows
    let newestMs = Number.NEGATIVE_INFINITY
    for (let row = 0; row < rows; row += 1) {
      const kind = type[row] as number
      const flag = flags[row] as number
      if (kind === invalidType) {
        this.#keepInvalid(batch, firstRecord, row)
        continue
      }
      if ((flag & duplicate) !== 0) {
        tallies.duplicates += 1
        continue
      }
      const timeMs = this.#timeOf(row, batch.appendMs)
      if (timeMs > newestMs) newestMs = timeMs
      const age = ageOf(timeMs, batch.appendMs)
      if (age === 3) tallies.lateDropped += 1
      else if (kind === conversion) this.#keepConversion(batch, firstRecord, row, timeMs, age)
      else {
        const paid = costMicros[row] as number
        if (kind > conversion) tallies.uncounted += 1
        if (kind > conversion && paid === 0) continue
        const at = this.#cells.at(series[row] as number, ((timeMs / minuteMs) | 0) * 4 + age)
        const { values } = this.#cells
        if (kind <= clicks) values[at + kind] = (values[at + kind] as number) + 1
        if (kind <= clicks && (flag & isIvt) !== 0)
          values[at + ivtImpressions + kind] = (values[at + ivtImpressions + kind] as number) + 1
        if (paid > 0) this.#addCost(at, paid)
      }
    }
    this.#advance(newestMs, batch.appendMs)
  }

  #addCost(at: number, paid: number): void {
    const { values } = this.#cells
    const sum = (values[at + cost] as number) + paid
    values[at + cost] = sum
    if (sum > costMicrosMax) this.#isFull = true
  }

  /** When the event counts: when it happened, or when it was received if its clock is that far ahead. */
  #timeOf(row: number, appendMs: number): number {
    const timeMs = this.#columns.timeMs[row] as number
    if (timeMs <= appendMs + skewMaxMs) return timeMs
    this.#tallies.skewed += 1
    const receivedMs = this.#columns.receivedMs[row] as number
    return receivedMs > 0 && receivedMs <= appendMs + skewMaxMs ? receivedMs : appendMs
  }

  #advance(newestMs: number, appendMs: number): void {
    const seenMs = Math.min(newestMs, appendMs) - latenessMs
    if (seenMs > (this.#watermarkMs ?? Number.NEGATIVE_INFINITY)) this.#watermarkMs = seenMs
  }

  #keepInvalid(batch: LogBatch, firstRecord: number, row: number): void {
    this.#tallies.invalid += 1
    const raw = batch.bytes.slice(this.#columns.start[row], this.#columns.end[row])
    const read = readEvent(raw)
    const reason = 'reason' in read ? read.reason : 'not_json'
    this.#deadLetters.push({ ...placeOf(batch, firstRecord + row), reason, raw })
  }

  #keepConversion(batch: LogBatch, firstRecord: number, row: number, timeMs: number, age: Exclude<Age, 3>): void {
    const columns = this.#columns
    this.#conversions.push({
      id: this.#conversionId(batch, firstRecord, row),
      series: columns.series[row] as number,
      timeMs,
      age,
      revenueMicros: columns.valueMicros[row] as number,
      costMicros: columns.costMicros[row] as number,
      ivt: ((columns.flags[row] as number) & isIvt) !== 0,
    })
  }

  #conversionId(batch: LogBatch, firstRecord: number, row: number): string {
    const { flags, idFrom, idTo, start, end } = this.#columns
    if (((flags[row] as number) & hasId) === 0) {
      const { offset, place } = placeOf(batch, firstRecord + row)
      return uuidOf(`${this.#start.topic}/${this.#start.partition}/${offset}/${place}`)
    }
    const to = idTo[row] as number
    const plain = to > 0 ? latin1.decode(batch.bytes.subarray(idFrom[row], to)) : ''
    if (uuid.test(plain)) return plain
    const read = readEvent(batch.bytes.subarray(start[row], end[row]))
    return 'reason' in read ? uuidOf(plain) : identity(read.source, read.id ?? '')
  }
}

/** A conversion's id: the event's own where it is a UUID without a source beside it. */
export function identity(source: string, id: string): string {
  return source === '' && uuid.test(id) ? id : uuidOf(JSON.stringify([source, id]))
}

/** Where a record of a batch lies in the log. */
function placeOf(batch: LogBatch, record: number): { readonly offset: Offset; readonly place: number } {
  const { offsets } = batch
  if (offsets === null) return { offset: batch.firstOffset + record, place: 0 }
  const offset = offsets[record] as number
  return { offset, place: record - offsets.indexOf(offset) }
}
