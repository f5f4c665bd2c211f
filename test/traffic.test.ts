import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom } from '../src/domain/clock.ts'
import type { TimeZone } from '../src/domain/day.ts'
import { day } from '../src/domain/day.ts'
import type { Busy } from '../src/sandbox/traffic.ts'
import { busyChanges, trafficAt } from '../src/sandbox/traffic.ts'
import { makeWorld } from '../src/sandbox/world.ts'
import { hourMs } from '../src/stream/bucket.ts'
import type { Counters } from '../src/stream/counters.ts'
import { landAll } from '../src/stream/land.ts'
import type { EventLog } from '../src/stream/log.ts'
import { adapter as postgresCounters } from '../src/stream/postgres-counters.ts'
import { adapter as postgresLog } from '../src/stream/postgres-log.ts'
import { reconcilePlatform } from '../src/stream/reconcile-platform.ts'
import { runStream } from '../src/stream/run.ts'
import { send } from '../src/stream/send.ts'
import { Traffic } from '../src/stream/traffic.ts'
import type { Job } from './job.ts'
import { openJob } from './job.ts'

/*
 * A day of the demo's events on a clock that is moved by hand: the sandbox's campaigns send as many events as their platforms will
 * report. Sent whole it reconciles with what the nightly run publishes of it; sent in part it is not measured.
 */
const today = day('2026-11-21')
const startMs = Date.parse(`${today}T00:00:00Z`)
const accounts = [
  { platform: 'google_ads', currency: 'KRW', zone: 'Asia/Seoul' },
  { platform: 'meta_ads', currency: 'USD', zone: 'America/Los_Angeles' },
] as const
const busy: Busy = { since: day('2026-11-19'), eventsPerSecond: 0.15 }
const stepMs = 3_600_000
const world = makeWorld(5, { accounts })
const scratchDir = mkdtempSync(join(tmpdir(), 'millrace-traffic-'))
let job: Job
let log: EventLog
let counters: Counters
let atMs = startMs - 15 * hourMs

const changes = busyChanges(world, busy)
const newTraffic = (seed: number) =>
  new Traffic((instantMs) => trafficAt(world, changes, instantMs), seededRandom(seed))
const traffic = newTraffic(1)

beforeAll(async () => {
  job = await openJob({ sandbox: { seed: 5, nowMs: atMs, world: { accounts }, busy } })
  const { warehouse, clock } = job.ports
  // Accounts and their zones are known, as they are when the demo has loaded its days.
  await job.run({ since: day('2026-11-18'), until: day('2026-11-18') })
  log = await postgresLog.open(postgresLog.options.parse({ warehouse, partitions: 2, clock }))
  counters = await postgresCounters.open({ warehouse })
})

afterAll(async () => {
  await log[Symbol.asyncDispose]()
  await job[Symbol.asyncDispose]()
  rmSync(scratchDir, { recursive: true, force: true })
})

/** Time passes, and events are sent as it does; then all of them are counted and land. */
async function passUntil(untilMs: number): Promise<void> {
  const { warehouse, clock, lake } = job.ports
  for (; atMs < untilMs; atMs += stepMs) {
    job.sandbox.setClock(atMs + stepMs)
    await send(log, 2, traffic.between(atMs, atMs + stepMs))
  }
  const spec = (name: string, options: Readonly<Record<string, unknown>>) => ({
    module: new URL(`../src/stream/${name}.ts`, import.meta.url).href,
    options,
  })
  const stores = { log: spec('postgres-log', { partitions: 2 }), counters: spec('postgres-counters', {}) }
  const zone = 'UTC' as TimeZone
  await runStream(
    { warehouse, clock, defaultZone: zone, ...stores, once: true, threads: 1 },
    AbortSignal.timeout(60_000),
  )
  await landAll({ warehouse, log, lake, clock, scratchDir })
}

const reconcile = () => reconcilePlatform({ warehouse: job.ports.warehouse, log, counters }, today)

test('a day is sent as its platforms know it, whatever the steps', () => {
  const sums = (steps: number) => {
    const one = newTraffic(steps)
    const [from, until] = [startMs - 9 * hourMs, startMs + 15 * hourMs]
    for (let step = 0; step < steps; step += 1)
      one.between(from + ((until - from) * step) / steps, from + ((until - from) * (step + 1)) / steps)
    return one.truth
  }
  // Seoul's day, by the sandbox's own word half a day later.
  const account = world.accounts[0]!
  const truth = job.sandbox.truth('google_ads', account.accountId, today, startMs + 27 * hourMs)
  expect(truth.length).toBeGreaterThan(4)
  for (const steps of [1, 7, 96]) {
    const sent = sums(steps)
    for (const row of truth)
      expect([
        row.campaignId,
        sent.get(row.campaignId)?.impressions ?? 0,
        sent.get(row.campaignId)?.clicks ?? 0,
      ]).toEqual([row.campaignId, Number(row.impressions), Number(row.clicks)])
  }
  const events = truth.reduce((sum, row) => sum + Number(row.impressions) + Number(row.clicks), 0)
  expect(events).toBeGreaterThan(1_000)
})

test('in part it is not measured; whole it reconciles with what is published', { timeout: 120_000 }, async () => {
  await passUntil(startMs + 20 * hourMs)
  expect(await reconcile()).toMatchObject({
    outcome: 'not_measured',
    detail: expect.stringMatching(/^counted up to/) as string,
  })
  await passUntil(startMs + 39 * hourMs)
  expect(await reconcile()).toMatchObject({
    outcome: 'not_measured',
    detail: expect.stringMatching(/published row/) as string,
  })
  expect(await job.run({ since: today, until: today })).toMatchObject({ state: 'success' })
  const whole = await reconcile()
  expect(whole).toMatchObject({ outcome: 'within', differing: [] })
  expect(whole.campaigns).toBeGreaterThan(8)
  // A fifth of the impressions that never came is found.
  await job.ports.warehouse.query('update rt_day set impressions = impressions * 8 / 10')
  expect((await reconcile()).outcome).toBe('outside')
})

test('watched from after its first minute in some zone it is not measured', async () => {
  const { warehouse, clock, lake } = job.ports
  await using late = await postgresLog.open(
    postgresLog.options.parse({
      warehouse,
      topic: 'late',
      partitions: 1,
      clock: { ...clock, nowMs: () => startMs - 13 * hourMs },
    }),
  )
  await send(late, 1, newTraffic(9).between(startMs - 13 * hourMs, startMs - 12.5 * hourMs))
  await landAll({ warehouse, log: late, lake, clock, scratchDir })
  const found = await reconcilePlatform({ warehouse, log: late, counters }, today)
  expect(found).toMatchObject({
    outcome: 'not_measured',
    detail: expect.stringMatching(/^the first event was taken/) as string,
  })
})
