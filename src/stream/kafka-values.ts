import { sealEnvelope } from './envelope.ts'
import { lineStart } from './segment.ts'

/** Lines that go as one record batch: below a broker's default limit of 1 MiB even where they do not compress. */
const appendBytesMax = 900_000
/** Events that one enveloped record holds at most. */
const envelopeEventsMax = 1_000

/** A record's value. */
export interface Value {
  readonly value: Buffer
  /** Of the event whose key it goes by. */
  readonly index: number
}

/** One record an event. */
export function records(lines: Uint8Array, count: number): readonly Value[] {
  const whole = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength)
  const values: Value[] = []
  for (let index = 0, at = 0; index < count; index += 1) {
    const end = whole.indexOf(10, at)
    values.push({ value: whole.subarray(at, end < 0 ? whole.length : end), index })
    at = end < 0 ? whole.length : end + 1
  }
  return values
}

/** One record many events. */
export function envelopes(lines: Uint8Array, count: number): readonly Value[] {
  const values: Value[] = []
  for (let index = 0, at = 0; index < count; index += envelopeEventsMax) {
    const events = Math.min(envelopeEventsMax, count - index)
    const to = at + lineStart(lines.subarray(at), events)
    values.push({ value: sealEnvelope(lines.subarray(at, to), events), index })
    at = to
  }
  return values
}

/** Values cut so that each group fits into one record batch, which is whole or not at all. */
export function groups(values: readonly Value[]): readonly (readonly Value[])[] {
  const cut: Value[][] = [[]]
  let bytes = 0
  for (const one of values) {
    bytes += one.value.length
    if (bytes > appendBytesMax && cut.at(-1)?.length) {
      cut.push([])
      bytes = one.value.length
    }
    cut.at(-1)?.push(one)
  }
  return cut
}
