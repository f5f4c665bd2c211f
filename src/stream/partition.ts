const seed = 0x9747b28c
const m = 0x5bd1e995

function scrambled(word: number): number {
  const k = Math.imul(word, m)
  return Math.imul(k ^ (k >>> 24), m)
}

/** Java Kafka's murmur2 (org.apache.kafka.common.utils.Utils.murmur2), signed 32 bits; kafka-python's is the same. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes
  const at = (index: number): number => bytes[index] as number
  let h = seed ^ length
  let index = 0
  for (; index + 4 <= length; index += 4) {
    const word = at(index) | (at(index + 1) << 8) | (at(index + 2) << 16) | (at(index + 3) << 24)
    h = Math.imul(h, m) ^ scrambled(word)
  }
  const rest = length - index
  if (rest === 3) h ^= at(index + 2) << 16
  if (rest >= 2) h ^= at(index + 1) << 8
  if (rest >= 1) h = Math.imul(h ^ at(index), m)
  h = Math.imul(h ^ (h >>> 13), m)
  return h ^ (h >>> 15)
}

const encoder = new TextEncoder()

/**
 * The partition of a key among `count`, as Java's default partitioner and kafka-python choose it, so that our collector and
 * anybody's producer put a campaign's events into one partition: duplicates can only meet there.
 */
export function partitionOf(key: string, count: number): number {
  return (murmur2(encoder.encode(key)) & 0x7fffffff) % count
}
