import { describe, expect, test } from 'vitest'
import { nextLookMs } from './head-watch.ts'

describe('head watch', () => {
  test.each([
    { quietMs: 0, then: 'forty times a second while events come', lookMs: 25 },
    { quietMs: 500, then: 'no less for a short pause', lookMs: 25 },
    { quietMs: 2_000, then: 'less often after two seconds', lookMs: 100 },
    { quietMs: 3_600_000, then: 'four times a second in the night', lookMs: 250 },
  ])('looks $then', ({ quietMs, lookMs }) => {
    expect(nextLookMs(quietMs)).toBe(lookMs)
  })
})
