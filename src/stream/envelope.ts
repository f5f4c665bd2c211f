import type { Offset } from './log.ts'
import { packSegment, unpackSegment } from './segment.ts'

/*
 * Many events as one record: four bytes that no JSON and no UTF-8 begins with, the number of events, the bytes of their lines, the packing
 * and the checksum of what follows (32 bits each, big-endian), then the segment as the Postgres log keeps it.
 */
const mark = 0xc14d5201
const headBytes = 20

/** Whether the record at `at` holds many events. */
export function isEnvelope(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xc1 && bytes[at + 1] === 0x4d && bytes[at + 2] === 0x52 && bytes[at + 3] === 1
}

/** `count` events, a line each, as one record. */
export function sealEnvelope(lines: Uint8Array, count: number): Buffer {
  const { codec, crc, payload, size } = packSegment(lines)
  const sealed = Buffer.alloc(headBytes + payload.length)
  sealed.writeUInt32BE(mark, 0)
  for (const [index, value] of [count, size, codec, crc].entries()) sealed.writeInt32BE(value, 4 + index * 4)
  sealed.set(payload, headBytes)
  return sealed
}

/** Throws STREAM_SEGMENT_DAMAGED when it is not what was sealed. */
export function openEnvelope(
  record: Uint8Array,
  where: { readonly topic: string; readonly partition: number; readonly offset: Offset },
): { readonly count: number; readonly lines: Uint8Array } {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  const [count = 0, size = 0, codec = 0, crc = 0] =
    record.length < headBytes ? [] : [4, 8, 12, 16].map((at) => view.getInt32(at))
  return { count, lines: unpackSegment({ codec, crc, size, payload: record.subarray(headBytes) }, where) }
}
