import { addToFingerprint, endFingerprint } from './fingerprint.ts'
import type { Fingerprint } from './fingerprint.ts'
import type { Columns, PlacedColumns } from './columns.ts'
import { hasId, invalidType, isIvt } from './columns.ts'
import { InternedSeries } from './interned-series.ts'
import type { ReadEvent, Refused } from './read-event.ts'
import { readEvent } from './read-event.ts'
import { reachBytes, scannerSource } from './scan-source.ts'

type SlowPath = (u8: Uint8Array, start: number, end: number, row: number) => void

/**
 * Reads records of `bytes` from `from` on into `columns`, from row 0, until `to` or until they are full; returns where it stopped.
 * `starts` and `ends` as in `LogBatch`; `firstRecord` is the index of the record at `from`.
 */
type CompiledScanner = (
  bytes: Uint8Array,
  view: DataView,
  from: number,
  to: number,
  starts: Int32Array | undefined,
  ends: Int32Array | null,
  firstRecord: number,
  columns: Columns,
  series: InternedSeries,
  slow: SlowPath,
) => number

/** 10 to the power of the index: what the first nine digits of a longer number are worth. */
const powers = Array.from({ length: 7 }, (_, power) => 10 ** power)

const isUpper = (u8: Uint8Array, at: number): boolean =>
  [0, 1, 2].every((offset) => (u8[at + offset] as number) >= 65 && (u8[at + offset] as number) <= 90)

const compiledOnce = new Map<boolean, CompiledScanner>()

function compiled(isPlaced: boolean): CompiledScanner {
  const known = compiledOnce.get(isPlaced)
  if (known) return known
  // Compiled from our own table of fields at start; nothing from outside is ever part of the text.
  // oxlint-disable-next-line typescript/no-implied-eval -- a loop over a table costs twice as much as the code written from it
  const make = new Function(
    'powers',
    'upper',
    'addToFingerprint',
    'endFingerprint',
    'print',
    scannerSource(isPlaced),
  ) as (...bound: readonly unknown[]) => CompiledScanner
  const print: Fingerprint = { low: 0, high: 0 }
  const made = make(powers, isUpper, addToFingerprint, endFingerprint, print)
  compiledOnce.set(isPlaced, made)
  return made
}

const encoder = new TextEncoder()

/** The fingerprint of an id given as text, the same as the scanner's of the same bytes. */
export function fingerprintOf(id: string, source: string): Fingerprint {
  const print: Fingerprint = { low: 0, high: 0 }
  if (source !== '') {
    const bytes = encoder.encode(source)
    addToFingerprint(bytes, 0, bytes.length, print)
    endFingerprint(print, bytes.length)
  }
  const bytes = encoder.encode(id)
  addToFingerprint(bytes, 0, bytes.length, print)
  endFingerprint(print, bytes.length)
  return print
}

const anyField = -1

function fill(columns: Columns, row: number, event: ReadEvent | Refused, series: InternedSeries): void {
  if ('reason' in event) {
    columns.type[row] = invalidType
    return
  }
  // What the compiled scanner did not understand may name any field.
  columns.seen = anyField
  columns.type[row] = event.type
  columns.flags[row] = (event.id === null ? 0 : hasId) | (event.ivt ? isIvt : 0)
  columns.timeMs[row] = event.timeMs
  columns.receivedMs[row] = event.receivedMs
  columns.valueMicros[row] = event.valueMicros
  columns.costMicros[row] = event.costMicros
  columns.series[row] = series.number(event.series)
  columns.idTo[row] = 0
  if (event.id === null) return
  const { low, high } = fingerprintOf(event.id, event.source)
  columns.low[row] = low
  columns.high[row] = high
}

/** The bytes with as many behind them as loads may reach, where the buffer goes on. */
function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, Math.min(byteLength + reachBytes, buffer.byteLength - byteOffset))
}

export type Scan<To extends Columns = Columns> = (
  bytes: Uint8Array,
  from: number,
  to: number,
  ends: Int32Array | null,
  firstRecord: number,
  columns: To,
  starts?: Int32Array,
) => number

/** A scanner that numbers series by `series`; records that the compiled one does not understand are read the plain way. */
export function createScan(series: InternedSeries): Scan {
  const scan = compiled(false)
  return (bytes, from, to, ends, firstRecord, columns, starts) =>
    scan(bytes, viewOf(bytes), from, to, starts, ends, firstRecord, columns, series, (u8, start, end, row) =>
      fill(columns, row, readEvent(u8.subarray(start, end)), series),
    )
}

/** A scanner that leaves where fields lie, for the lake. */
export function createPlacedScan(): Scan<PlacedColumns> {
  const scan = compiled(true)
  // Those of the plain way are numbered, and dropped with the batch.
  return (bytes, from, to, ends, firstRecord, columns, starts) => {
    const series = new InternedSeries()
    return scan(bytes, viewOf(bytes), from, to, starts, ends, firstRecord, columns, series, (u8, start, end, row) =>
      fill(columns, row, readEvent(u8.subarray(start, end)), series),
    )
  }
}
