import { eventFields } from '../domain/event.ts'

/** What a row of `Columns.type` says when the record is no event. */
export const invalidType = 255

/** Bits of `Columns.flags`. */
export const hasId = 1
export const isIvt = 2

/**
 * Events column by column, as the scanner leaves them for the fold: no object an event. Row i is record i of the pass.
 * `type` is an index into `eventTypes`, or `invalidType`. Positions are in the scanned bytes.
 */
export interface Columns {
  readonly capacity: number
  rows: number
  /** Fields that any accepted record has named since this was last cleared: bit 1 + the field's place in `eventFields`; bit 0: others. */
  seen: number
  readonly type: Uint8Array
  readonly flags: Uint8Array
  /** When it happened, corrected by the collector's clock where it says both times. */
  readonly timeMs: Float64Array
  /** When the collector received it; 0 when it does not say. */
  readonly receivedMs: Float64Array
  readonly series: Int32Array
  /** Fingerprint of the id; only with `hasId`. */
  readonly low: Int32Array
  readonly high: Int32Array
  readonly valueMicros: Float64Array
  readonly costMicros: Float64Array
  /** Where the id lies, for events whose id alone identifies them; `idTo` 0 where it has to be read the plain way. */
  readonly idFrom: Int32Array
  readonly idTo: Int32Array
  readonly start: Int32Array
  readonly end: Int32Array
}

/** With where each field's value lies instead of the series and the id's fingerprint, which are left as they are. */
export interface PlacedColumns extends Columns {
  /** Three numbers a field: 1 + its place in `eventFields`, where its value begins and where it ends, without quotes. */
  readonly places: Int32Array
  /** Where a row's fields begin in `places`; -1 where the record was read the plain way and has to be read again for its fields. */
  readonly placeFrom: Int32Array
  readonly placeTo: Int32Array
}

const fieldCount = Object.keys(eventFields).length

export function createPlacedColumns(capacity: number): PlacedColumns {
  return {
    ...createColumns(capacity),
    places: new Int32Array(capacity * fieldCount * 3),
    placeFrom: new Int32Array(capacity),
    placeTo: new Int32Array(capacity),
  }
}

export function createColumns(capacity: number): Columns {
  return {
    capacity,
    rows: 0,
    seen: 0,
    type: new Uint8Array(capacity),
    flags: new Uint8Array(capacity),
    timeMs: new Float64Array(capacity),
    receivedMs: new Float64Array(capacity),
    series: new Int32Array(capacity),
    low: new Int32Array(capacity),
    high: new Int32Array(capacity),
    valueMicros: new Float64Array(capacity),
    costMicros: new Float64Array(capacity),
    idFrom: new Int32Array(capacity),
    idTo: new Int32Array(capacity),
    start: new Int32Array(capacity),
    end: new Int32Array(capacity),
  }
}
