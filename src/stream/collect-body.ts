import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib'
import { MillraceError } from '../domain/errors.ts'

/** A request's bytes at most, as they arrive. */
export const bodyBytesMax = 512_000
/** What they may unpack to: a body that unpacks to more is a bomb. */
const unpackedBytesMax = 4_000_000
/** Events of one request at most. */
const batchEventsMax = 2_500

const unpackers = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
} as const

const refused = (reason: string): MillraceError => new MillraceError('STREAM_BODY_REFUSED', { reason })

/** The body unpacked. Throws STREAM_BODY_TOO_LARGE for one that unpacks to too much, STREAM_BODY_REFUSED for one that cannot be unpacked. */
export async function unpacked(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  const name = (encoding ?? 'identity').trim().toLowerCase()
  if (name === 'identity' || name === '') return body
  if (!Object.hasOwn(unpackers, name)) throw refused('content_encoding')
  try {
    return await unpackers[name as keyof typeof unpackers](body, { maxOutputLength: unpackedBytesMax })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw refused('not_unpackable')
    throw new MillraceError('STREAM_BODY_TOO_LARGE', { bytesMax: unpackedBytesMax }, { cause })
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The body as JSON. Throws STREAM_BODY_REFUSED. */
export function jsonOf(body: Buffer): unknown {
  let text: string
  try {
    text = utf8.decode(body)
  } catch {
    throw refused('not_utf8')
  }
  try {
    return JSON.parse(text)
  } catch {
    throw refused('not_json')
  }
}

/** Throws STREAM_BODY_TOO_LARGE for more events than a request may have. */
export function checkCount(events: number): void {
  if (events > batchEventsMax) throw new MillraceError('STREAM_BATCH_TOO_LARGE', { events, eventsMax: batchEventsMax })
}
