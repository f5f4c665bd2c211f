import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { compressionsAlgorithmsByBitmask, crc32c } from '@platformatic/kafka'
import { MillraceError } from '../domain/errors.ts'
import type { LogBatch, Offset } from './log.ts'
import { isEnvelope, openEnvelope } from './envelope.ts'

/** Where records lie, for errors. */
export interface Place {
  readonly topic: string
  readonly partition: number
}

/*
 * A record batch, version 2 (Kafka's documentation, "Record Batch"): its fields at fixed places, then the records, packed as one when they
 * are packed at all. Read where they lie: the client's own decoder makes six objects a record, which costs more than counting it.
 */
const at = {
  length: 8,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastDelta: 23,
  baseMs: 27,
  maxMs: 35,
  count: 57,
  records: 61,
}
const headBytes = 12
const compressionBits = 7
const controlBit = 32
/** A batch decompresses to at most this; a broker takes none of more than some megabytes. */
const batchBytesMax = 256 * 1024 * 1024

function unpacked(packed: Buffer, kind: number): Buffer {
  if (kind === 0) return packed
  // Node's own are faster than the client's, and know a limit.
  if (kind === 1) return gunzipSync(packed, { maxOutputLength: batchBytesMax })
  if (kind === 4) return zstdDecompressSync(packed, { maxOutputLength: batchBytesMax })
  const algorithm = compressionsAlgorithmsByBitmask[kind]
  if (!algorithm) throw new RangeError(`compression ${kind}`)
  return algorithm.decompressSync(packed)
}

/** Reads numbers of Kafka's variable length (zigzag, seven bits a byte), one after the other. */
class Walker {
  readonly bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  number(): number {
    const { bytes } = this
    let byte = bytes[this.at++] as number
    let value = byte & 127
    for (let shift = 7; byte > 127 && shift < 35; shift += 7) {
      byte = bytes[this.at++] as number
      value |= (byte & 127) << shift
    }
    return (value >>> 1) ^ -(value & 1)
  }

  /** Passes a number that nobody asks for. */
  skip(): void {
    while ((this.bytes[this.at++] as number) > 127);
  }
}

/** Values of a batch's records, where they lie in `bytes`. */
interface Values {
  readonly bytes: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly offsets: Float64Array
  /** Places of records that hold many events. */
  readonly envelopes: readonly number[]
}

function valuesOf(bytes: Uint8Array, count: number, base: Offset): Values {
  const walker = new Walker(bytes)
  const starts = new Int32Array(count)
  const ends = new Int32Array(count)
  const offsets = new Float64Array(count)
  const envelopes: number[] = []
  for (let record = 0; record < count; record += 1) {
    const length = walker.number()
    const end = walker.at + length
    if (length < 0 || end > bytes.length) throw new RangeError('a record beyond its batch')
    walker.at += 1
    walker.skip()
    offsets[record] = base + walker.number()
    // A length of -1 is a null. Not `+=`, which would take the place from before the number was read.
    const keyBytes = Math.max(0, walker.number())
    walker.at += keyBytes
    const size = Math.max(0, walker.number())
    starts[record] = walker.at
    ends[record] = Math.min(walker.at + size, end)
    if (isEnvelope(bytes, walker.at)) envelopes.push(record)
    walker.at = end
  }
  return { bytes, starts, ends, offsets, envelopes }
}

interface Frame {
  readonly appendMs: number
  /** One past the batch's last offset, which compaction or a transaction's end may have left without a record. */
  readonly nextOffset: Offset
}

/** Records `from` to `to` (exclusive) as one batch of the log. */
function run({ bytes, starts, ends, offsets }: Values, from: number, to: number, frame: Frame): LogBatch {
  const first = offsets[from] as number
  const isDense = (offsets[to - 1] as number) - first === to - 1 - from
  return {
    firstOffset: first,
    nextOffset: to === offsets.length ? frame.nextOffset : (offsets[to - 1] as number) + 1,
    count: to - from,
    appendMs: frame.appendMs,
    bytes,
    starts: starts.subarray(from, to),
    ends: ends.subarray(from, to),
    offsets: isDense ? null : offsets.subarray(from, to),
  }
}

/** One enveloped record as a batch: all of its events have the record's offset. */
function enveloped({ bytes, starts, ends, offsets }: Values, record: number, frame: Frame, place: Place): LogBatch {
  const offset = offsets[record] as number
  const { count, lines } = openEnvelope(bytes.subarray(starts[record], ends[record]), { ...place, offset })
  return {
    firstOffset: offset,
    nextOffset: record === offsets.length - 1 ? frame.nextOffset : offset + 1,
    count,
    appendMs: frame.appendMs,
    bytes: lines,
    ends: null,
    offsets: new Float64Array(count).fill(offset),
  }
}

function batchesOf(values: Values, from: Offset, frame: Frame, place: Place): readonly LogBatch[] {
  const { offsets, envelopes } = values
  // A fetch inside a batch returns it from its start.
  let at = offsets.findIndex((offset) => offset >= from)
  if (at < 0) return [{ ...empty(frame), firstOffset: from }]
  const batches: LogBatch[] = []
  for (const envelope of envelopes) {
    if (envelope < at) continue
    if (envelope > at) batches.push(run(values, at, envelope, frame))
    batches.push(enveloped(values, envelope, frame, place))
    at = envelope + 1
  }
  if (at < offsets.length) batches.push(run(values, at, offsets.length, frame))
  return batches
}

/** Offsets without records: a transaction's marker, or what compaction took. Passed like records, or a cursor would never come to the end. */
function empty({ appendMs, nextOffset }: Frame): LogBatch {
  return {
    firstOffset: nextOffset - 1,
    nextOffset,
    count: 0,
    appendMs,
    bytes: new Uint8Array(),
    ends: null,
    offsets: null,
  }
}

function damaged(place: Place, offset: Offset, cause: unknown): MillraceError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new MillraceError('STREAM_SEGMENT_DAMAGED', { ...place, offset, reason }, { cause })
}

/**
 * What a fetch brought, batch by batch, from `from` on. A batch's append time is the latest of its records' times: the broker's own where the topic
 * stamps with it (`LogAppendTime`), else the producer's. Lazily: what the caller does not take is not unpacked.
 * Throws STREAM_SEGMENT_DAMAGED where a batch is not what its checksum says.
 */
export function* readRecordBatches(fetched: Buffer, from: Offset, place: Place): Generator<LogBatch> {
  for (let start = 0; start + at.records <= fetched.length;) {
    const end = start + headBytes + fetched.readInt32BE(start + at.length)
    // The broker cuts at its limit of bytes; the last batch may be a part, which the next fetch brings whole.
    if (end > fetched.length) return
    const base = Number(fetched.readBigInt64BE(start))
    const nextOffset = base + fetched.readInt32BE(start + at.lastDelta) + 1
    if (nextOffset > from) yield* readOne(fetched.subarray(start, end), base, { from, nextOffset }, place)
    start = end
  }
}

function readOne(
  batch: Buffer,
  base: Offset,
  { from, nextOffset }: { readonly from: Offset; readonly nextOffset: Offset },
  place: Place,
): readonly LogBatch[] {
  if (batch.readInt8(at.magic) !== 2) throw damaged(place, base, `format ${batch.readInt8(at.magic)}`)
  if (crc32c(batch.subarray(at.attributes)) !== batch.readUInt32BE(at.crc)) throw damaged(place, base, 'checksum')
  const frame = { appendMs: Number(batch.readBigInt64BE(at.maxMs)), nextOffset }
  const attributes = batch.readInt16BE(at.attributes)
  const count = batch.readInt32BE(at.count)
  if ((attributes & controlBit) !== 0 || count <= 0) return [empty(frame)]
  let values: Values
  try {
    values = valuesOf(unpacked(batch.subarray(at.records), attributes & compressionBits), count, base)
  } catch (cause) {
    throw damaged(place, base, cause)
  }
  return batchesOf(values, from, frame, place)
}
