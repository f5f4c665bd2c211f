import assert from 'node:assert/strict'
import { to as copyTo } from 'pg-copy-streams'
import type { PostgresPool } from '../warehouse/postgres-pool.ts'
import type { Packed } from './segment.ts'

/** A segment as it lies in the table. */
export interface StoredSegment extends Packed {
  readonly base: number
  readonly count: number
  readonly appendMs: number
}

/** Segments hold at most so many records, so that the one around an offset is found by a range of bases. */
export const segmentRecordsMax = 10_000

export interface SegmentRange {
  readonly topicId: number
  readonly partition: number
  readonly from: number
  readonly limit: number
}

/** COPY takes no parameters; whole numbers are the only values in the text. */
function copyText({ topicId, partition, from, limit }: SegmentRange): string {
  for (const value of [topicId, partition, from, limit])
    assert(Number.isSafeInteger(value), 'only whole numbers go into the text')
  return `copy (select base, append_ms, count, codec, crc, size, payload from stream_segment
    where topic_id = ${topicId} and partition = ${partition} and base > ${from - segmentRecordsMax} and base + count > ${from}
    order by base limit ${limit}) to stdout (format binary)`
}

const signatureBytes = 11

/** Rows of COPY's binary format (Postgres manual, COPY, "Binary Format"): a header, then per row the number of fields, each with its length. */
function rowsOf(copied: Buffer): readonly StoredSegment[] {
  const rows: StoredSegment[] = []
  let at = signatureBytes + 4
  at += 4 + copied.readInt32BE(at)
  while (copied.readInt16BE(at) >= 0) {
    at += 2
    const base = Number(copied.readBigInt64BE(at + 4))
    const appendMs = Number(copied.readBigInt64BE(at + 16))
    const count = copied.readInt32BE(at + 28)
    const codec = copied.readInt16BE(at + 36)
    const crc = copied.readInt32BE(at + 42)
    const size = copied.readInt32BE(at + 50)
    const length = copied.readInt32BE(at + 54)
    at += 58
    rows.push({ base, appendMs, count, codec, crc, size, payload: copied.subarray(at, at + length) })
    at += length
  }
  return rows
}

/** Segments that hold records from `from` on, in order. By COPY, because the driver takes `bytea` only as hexadecimal text: twice the bytes, and slow. */
export function readSegments(pool: PostgresPool, range: SegmentRange): Promise<readonly StoredSegment[]> {
  return pool.transaction(async ({ client }) => {
    const chunks: Buffer[] = []
    for await (const chunk of client.query(copyTo(copyText(range)))) chunks.push(chunk as Buffer)
    return rowsOf(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks))
  })
}
