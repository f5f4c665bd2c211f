import { describe, expect, test } from 'vitest'
import { nextLookMs } from './head-watch.ts'

describe('head watch', () => {
  test.each([
    { quietMs: 0, how: 'forty times a second while events come', lookMs: 25 },
    { quietMs: 500, how: 'no less for a short pause', lookMs: 25 },
    { quietMs: 2_000, how: 'less often after two seconds', lookMs: 100 },
    { quietMs: 3_600_000, how: 'four times a second in the night', lookMs: 250 },
  ])('looks $how', ({ quietMs, lookMs }) => {
    expect(nextLookMs(quietMs)).toBe(lookMs)
  })
})
