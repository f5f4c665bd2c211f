import { expect, test } from 'vitest'
import { murmur2, partitionOf } from './partition.ts'

/** From Apache Kafka's own UtilsTest (testMurmur2). */
const known: readonly (readonly [string, number])[] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
]

test('keys are hashed as Java’s Kafka hashes them', () => {
  for (const [key, hash] of known) expect(murmur2(new TextEncoder().encode(key))).toBe(hash)
})

test('every key has a partition, and all of them are used', () => {
  const found = Array.from({ length: 1000 }, (_, n) => partitionOf(`camp_${n}`, 12))
  expect(new Set(found).size).toBe(12)
  expect(Math.min(...found)).toBe(0)
})
