import { crc32, constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { MillraceError } from '../domain/errors.ts'

/** How a segment's payload is kept: the column `codec`. */
const codecs = { plain: 0, zstd: 1 } as const

export interface Packed {
  readonly codec: number
  /** CRC-32 of the payload as stored, as a signed 32-bit number. */
  readonly crc: number
  readonly payload: Uint8Array
  /** Bytes of the lines. */
  readonly size: number
}

/** Below this, compression saves less than it costs. */
const plainBytesMax = 256

/** Level 1: within 4 % of level 3's size on events, and a third faster. */
const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** A segment as the log keeps it. */
export function packSegment(lines: Uint8Array): Packed {
  const small = lines.length <= plainBytesMax
  const payload = small ? lines : zstdCompressSync(lines, zstdOptions)
  return { codec: small ? codecs.plain : codecs.zstd, crc: crc32(payload) | 0, payload, size: lines.length }
}

/** A chunk that is filled to its end makes zlib begin another; and zlib takes no chunk below 64. */
const tailBytes = 128

/** A segment decompresses to at most this; more is damage or malice, because appends are cut far below it. */
const segmentBytesMax = 64 * 1024 * 1024

/** The lines of a segment. Throws STREAM_SEGMENT_DAMAGED when what is stored is not what was written. */
export function unpackSegment(
  packed: Packed,
  where: { readonly topic: string; readonly partition: number; readonly offset: number },
): Uint8Array {
  if ((crc32(packed.payload) | 0) !== packed.crc)
    throw new MillraceError('STREAM_SEGMENT_DAMAGED', { ...where, reason: 'checksum' })
  if (packed.codec === codecs.plain) return packed.payload
  try {
    return zstdDecompressSync(packed.payload, {
      maxOutputLength: segmentBytesMax,
      // One piece: the default would make many small ones and then join them. The rest of the piece is room for the scanner's loads.
      chunkSize: Math.min(packed.size, segmentBytesMax) + tailBytes,
    })
  } catch (cause) {
    throw new MillraceError('STREAM_SEGMENT_DAMAGED', { ...where, reason: 'zstd' }, { cause })
  }
}

/** Where the line with this index begins; the length of `lines` when there are not so many. */
export function lineStart(lines: Uint8Array, index: number): number {
  let at = 0
  for (let line = 0; line < index; line += 1) {
    const end = lines.indexOf(10, at)
    if (end < 0) return lines.length
    at = end + 1
  }
  return at
}
