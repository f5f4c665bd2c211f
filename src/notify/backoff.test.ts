import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoffMs, delayAfter } from './backoff.ts'

test('the waits are 5 s, 30 s, 2 min, 10 min, 1 h and 6 h, with full jitter', () => {
  const longest = backoffMs.map((_, index) => delayAfter(index + 1, () => 0.999999999, undefined))
  expect(longest).toEqual([5_000, 30_000, 120_000, 600_000, 3_600_000, 21_600_000])
  expect(backoffMs.map((_, index) => delayAfter(index + 1, () => 0, undefined))).toEqual([0, 0, 0, 0, 0, 0])
})

test('after the seventh attempt there is no other', () => {
  expect(delayAfter(7, () => 0.5, undefined)).toBeNull()
  expect(delayAfter(7, () => 0.5, 10)).toBeNull()
})

test('never sooner than the other side asked', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.nat({ max: 100_000_000 }),
      (attempts, chance, retryAfterMs) => {
        expect(delayAfter(attempts, () => chance, retryAfterMs)).toBeGreaterThanOrEqual(retryAfterMs)
      },
    ),
    { seed: 7 },
  )
})
