import assert from 'node:assert/strict'
import type { Submittable } from 'pg'
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
  /** Of the segments' lines; the first one comes however large it is. */
  readonly bytesMax: number
}

/** Segments of one read at most: where they are small, their number is what a read costs. */
const segmentsMax = 256

/** COPY takes no parameters; whole numbers are the only values in the text. What is not sent is never read from its own table (TOAST). */
function copyText({ topicId, partition, from, bytesMax }: SegmentRange): string {
  for (const value of [topicId, partition, from, bytesMax])
    assert(Number.isSafeInteger(value), 'only whole numbers go into the text')
  return `copy (select base, append_ms, count, codec, crc, size, payload
    from (select s.*, sum(size) over (order by base) as so_far, row_number() over (order by base) as nth
      from (select base, append_ms, count, codec, crc, size, payload from stream_segment
        where topic_id = ${topicId} and partition = ${partition} and base > ${from - segmentRecordsMax} and base + count > ${from}
        order by base limit ${segmentsMax}) s) t
    where nth = 1 or so_far <= ${bytesMax} order by base) to stdout (format binary)`
}

/** What COPY's binary format begins with, before its flags and an extension of its header. */
const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')

/** Where the rows of the first message begin. */
function headEnd(message: Buffer): number {
  if (!message.subarray(0, signature.length).equals(signature)) return 0
  return signature.length + 8 + message.readInt32BE(signature.length + 4)
}

/** A row of COPY's binary format (Postgres manual, COPY, "Binary Format"): the number of fields, each with its length; -1 fields end the data. */
function rowOf(message: Buffer, start: number): StoredSegment | undefined {
  if (message.length - start < 2 || message.readInt16BE(start) < 0) return undefined
  const at = start + 2
  const base = Number(message.readBigInt64BE(at + 4))
  const appendMs = Number(message.readBigInt64BE(at + 16))
  const count = message.readInt32BE(at + 28)
  const codec = message.readInt16BE(at + 36)
  const crc = message.readInt32BE(at + 42)
  const size = message.readInt32BE(at + 50)
  const length = message.readInt32BE(at + 54)
  return { base, appendMs, count, codec, crc, size, payload: Buffer.from(message.subarray(at + 58, at + 58 + length)) }
}

interface Wire {
  query(text: string): void
  sendCopyFail(reason: string): void
}

/** A query of the driver that takes each message of a COPY by itself: the server sends a row a message, and the driver uses its buffer again. */
class SegmentCopy {
  readonly #text: string
  readonly #rows: StoredSegment[] = []
  readonly #done = Promise.withResolvers<readonly StoredSegment[]>()
  #isFirst = true

  constructor(text: string) {
    this.#text = text
  }

  get rows(): Promise<readonly StoredSegment[]> {
    return this.#done.promise
  }

  submit(wire: Wire): void {
    wire.query(this.#text)
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    const row = rowOf(chunk, this.#isFirst ? headEnd(chunk) : 0)
    this.#isFirst = false
    if (row) this.#rows.push(row)
  }

  handleError(error: Error): void {
    this.#done.reject(error)
  }

  handleReadyForQuery(): void {
    this.#done.resolve(this.#rows)
  }

  handleCommandComplete(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleCopyInResponse(wire: Wire): void {
    wire.sendCopyFail('nothing to send')
  }
}

/** Segments that hold records from `from` on, in order. By COPY, because the driver takes `bytea` only as hexadecimal text: twice the bytes, and slow. */
export function readSegments(pool: PostgresPool, range: SegmentRange): Promise<readonly StoredSegment[]> {
  return pool.transaction(async ({ client }) => {
    const copy = new SegmentCopy(copyText(range))
    client.query(copy as unknown as Submittable)
    return copy.rows
  })
}
