import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { seededRandom, systemClock } from '../domain/clock.ts'
import { day } from '../domain/day.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import { defineBody } from './body.ts'
import type { BodyContext, TaskBodies } from './body.ts'
import { beginForeground, workForeground } from './foreground.ts'
import { taskNode } from './graph.ts'
import { uuid } from './identity.ts'

const accounts = ['a', 'b', 'c', 'd']

/** Four accounts, a download and a load each, as the ad pipeline has them. */
const tasks = accounts.flatMap((account) => [
  taskNode({ id: `extract:${account}`, kind: 'extract', account }),
  taskNode({ id: `load:${account}`, kind: 'load', account, after: [`extract:${account}`] }),
])

/** Carries the run out in two slots and tells what began and ended, in order. */
async function carriedOut(download: () => Promise<void>): Promise<readonly string[]> {
  await using warehouse = await openTestWarehouse()
  const runId = uuid(systemClock.nowMs(), seededRandom(1))
  const signal = new AbortController().signal
  const told: string[] = []
  const json = z.json()
  const body = (work: () => Promise<void>) =>
    defineBody({
      input: json,
      output: json,
      async run(_input: unknown, { task }: BodyContext) {
        told.push(`+${task.task}`)
        await work()
        told.push(`-${task.task}`)
        return { kind: 'success', output: null } as const
      },
    })
  const bodies: TaskBodies = { extract: body(download), load: body(() => systemClock.sleep(1_000)) }
  await beginForeground(
    warehouse,
    {
      runId,
      pipeline: 'ads',
      interval: { since: day('2026-11-21'), until: day('2026-11-21') },
      startedAtMs: systemClock.nowMs(),
      graph: { pipeline: 'ads', runsActiveMax: 1, tasks },
      partitionKey: '2026-11-21',
      conf: {},
      clockShiftMs: 0,
    },
    signal,
    () => undefined,
  )
  const nothing = () => undefined
  const more = { bodies, slots: 2, signal, onStart: nothing, onEnd: nothing, onLog: nothing }
  await workForeground({ warehouse, runId, ...more })
  return told
}

/** The most tasks of a kind that were at work at once. */
function atOnce(told: readonly string[], kind: string): number {
  let now = 0
  return Math.max(
    ...told.filter((one) => one.slice(1).startsWith(kind)).map((one) => (now += one.startsWith('+') ? 1 : -1)),
  )
}

/** Computes until the time is up, and lets others have a turn in between, as a download of many rows does. */
async function busyFor(durationMs: number): Promise<void> {
  for (const startedMs = performance.now(); performance.now() - startedMs < durationMs;) {
    for (const turnMs = performance.now(); performance.now() - turnMs < 5;);
    await setImmediate()
  }
}

test('downloads that keep the process busy go one after the other, each beside the load of the one before', async () => {
  const told = await carriedOut(() => busyFor(700))
  expect(atOnce(told, 'extract')).toBe(1)
  expect(told.indexOf('+load:a')).toBeLessThan(told.indexOf('-extract:b'))
  expect(told.indexOf('+extract:b')).toBeLessThan(told.indexOf('-load:a'))
})

test('downloads that wait for their platform fill the slots', async () => {
  const told = await carriedOut(() => systemClock.sleep(2_000))
  expect(atOnce(told, 'extract')).toBe(2)
})
