/** A hash of some bytes: words of four, the last one overlapping; single bytes where there are fewer than four. */
export function hashed(view: DataView, from: number, to: number, start: number): number {
  let hash = start
  if (to - from < 4) {
    for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ view.getUint8(at), 0x01000193)
    return hash
  }
  for (let at = from; at < to - 4; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash ^ view.getInt32(to - 4, true), 0x9e3779b1)
  return hash ^ (hash >>> 13)
}

/** Whether as many bytes at two places are the same. */
export function equal(a: DataView, aFrom: number, b: DataView, bFrom: number, length: number): boolean {
  if (length < 4) {
    for (let at = 0; at < length; at += 1) if (a.getUint8(aFrom + at) !== b.getUint8(bFrom + at)) return false
    return true
  }
  for (let at = 0; at < length - 4; at += 4)
    if (a.getInt32(aFrom + at, true) !== b.getInt32(bFrom + at, true)) return false
  return a.getInt32(aFrom + length - 4, true) === b.getInt32(bFrom + length - 4, true)
}

/** Copies bytes to another place; those two places do not overlap. A call of the engine's costs more for texts this short. */
export function copied(from: DataView, fromAt: number, to: DataView, toAt: number, length: number): void {
  if (length < 4) {
    for (let at = 0; at < length; at += 1) to.setUint8(toAt + at, from.getUint8(fromAt + at))
    return
  }
  for (let at = 0; at < length - 4; at += 4) to.setInt32(toAt + at, from.getInt32(fromAt + at, true), true)
  to.setInt32(toAt + length - 4, from.getInt32(fromAt + length - 4, true), true)
}
