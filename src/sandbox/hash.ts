/**
 * Mixes integers into one 32-bit seed. Every campaign-day gets its own generator from (salt, day) alone, so that any day
 * can be computed without walking the days before it.
 */
export function mixSeed(...parts: readonly number[]): number {
  let h = 0x9e3779b9
  for (const part of parts) h = mixTwo(h, part)
  return h
}

/** The two-argument case without an array, for the loop that makes a million rows. */
export function mixTwo(a: number, b: number): number {
  let h = Math.imul(a ^ (b + 0x7f4a7c15), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** FNV-1a of a text as a 32-bit number: names, ids and queries as seeds. */
export function textSeed(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}
