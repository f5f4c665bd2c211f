import { expect, test } from 'vitest'
import { standingClock } from '../domain/clock.ts'
import { paceOf } from './pace.ts'

const signal = new AbortController().signal

test('the first goes at once, each other one interval after the one before, in the order of their coming', async () => {
  const clock = standingClock(1_000)
  const waitedMs: number[] = []
  const sleep = (durationMs: number) => Promise.resolve(void waitedMs.push(durationMs))
  const context = { clock: { nowMs: () => clock.nowMs(), sleep }, signal }
  const pace = paceOf(5_000)
  await Promise.all([pace.turn(context), pace.turn(context), pace.turn(context)])
  expect(waitedMs).toEqual([5_000, 10_000])
})

test('a turn that comes after the interval is not waited for', async () => {
  const clock = standingClock(0)
  const pace = paceOf(5_000)
  await pace.turn({ clock, signal })
  await clock.sleep(6_000)
  await pace.turn({ clock, signal })
  expect(clock.nowMs()).toBe(6_000)
})
