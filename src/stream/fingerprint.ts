/** The 64 bits of an event's identity, as two 32-bit halves; written in place because it is made for every event. */
export interface Fingerprint {
  low: number
  high: number
}

/** MurmurHash3's finaliser: every bit of the input moves every bit of the result. */
function finished(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/**
 * Adds `bytes[from, to)` to what `into` holds; start with zeros, and end each part with `endFingerprint`.
 * Two multiplicative chains with different constants; the shift between words carries high bits down, without which the
 * low bits of both chains would say the same. For n ids the chance that any two share a fingerprint is n²/2^65.
 * The compiled scanner takes the same steps while it skips the id.
 */
export function addToFingerprint(bytes: Uint8Array, from: number, to: number, into: Fingerprint): void {
  let a = into.low
  let b = into.high
  let at = from
  for (const whole = to - 3; at < whole; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    a = Math.imul(a ^ word, 0x9e3779b1)
    a ^= a >>> 15
    b = Math.imul(b ^ word, 0x5f356495)
    b ^= b >>> 13
  }
  for (; at < to; at += 1) {
    const byte = bytes[at] as number
    a = Math.imul(a ^ byte, 0x01000193)
    a ^= a >>> 15
    b = Math.imul(b ^ byte, 0x27d4eb2f)
    b ^= b >>> 13
  }
  into.low = a
  into.high = b
}

/** Ends a part of so many bytes: mixes its length in, so that "ab" + "c" is not "a" + "bc". */
export function endFingerprint(into: Fingerprint, length: number): void {
  const { low, high } = into
  into.low = finished(low ^ length ^ (high >>> 7))
  into.high = finished(high ^ length)
}
