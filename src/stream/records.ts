import type { LogBatch, Offset } from './log.ts'

export interface LogRecord {
  readonly offset: Offset
  readonly bytes: Uint8Array
}

/** A batch's records one by one, for people and for slow paths. */
export function* recordsOf({ bytes, ends, offsets, count, firstOffset }: LogBatch): Generator<LogRecord> {
  for (let at = 0, record = 0; record < count; record += 1) {
    const end = ends ? (ends[record] as number) : bytes.indexOf(10, at)
    yield { offset: offsets ? (offsets[record] as number) : firstOffset + record, bytes: bytes.subarray(at, end) }
    at = ends ? end : end + 1
  }
}
