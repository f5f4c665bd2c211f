/**
 * A sum over rows that does not depend on their order: two lanes of 32 bits, each row's hash added to them. Equal rows give equal
 * sums; other rows give the same sum with a chance of one in 2^64. It lets a load see that a day is as it was without reading it.
 */
export interface Fingerprint {
  add(line: string): void
  /** The line of ASCII that stands between two places of the bytes; it counts as `add` of the same text. */
  addBytes(bytes: Uint8Array, from: number, until: number): void
  readonly rows: number
  /** Short text with the number of rows in it. */
  text(): string
}

export function openFingerprint(): Fingerprint {
  let rows = 0
  let sumA = 0
  let sumB = 0
  // The two multiplicative lanes and the crossed finish of cyrb53 (public domain, bryc): every input bit reaches every output bit.
  const finish = (laneA: number, laneB: number): void => {
    const a = Math.imul(laneA ^ (laneA >>> 16), 2_246_822_507) ^ Math.imul(laneB ^ (laneB >>> 13), 3_266_489_909)
    const b = Math.imul(laneB ^ (laneB >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909)
    sumA = (sumA + a) >>> 0
    sumB = (sumB + b) >>> 0
    rows += 1
  }
  return {
    add(line) {
      let a = 0xdeadbeef
      let b = 0x41c6ce57
      for (let at = 0; at < line.length; at += 1) {
        const character = line.charCodeAt(at)
        a = Math.imul(a ^ character, 2_654_435_761)
        b = Math.imul(b ^ character, 1_597_334_677)
      }
      finish(a, b)
    },
    addBytes(bytes, from, until) {
      let a = 0xdeadbeef
      let b = 0x41c6ce57
      for (let at = from; at < until; at += 1) {
        const byte = bytes[at]!
        a = Math.imul(a ^ byte, 2_654_435_761)
        b = Math.imul(b ^ byte, 1_597_334_677)
      }
      finish(a, b)
    },
    get rows() {
      return rows
    },
    text: () => `1:${rows}:${sumA.toString(16)}:${sumB.toString(16)}`,
  }
}
