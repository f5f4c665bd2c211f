import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { seededRandom, systemClock } from '../domain/clock.ts'
import type { TimeZone } from '../domain/day.ts'
import { startEmbedded } from '../warehouse/embedded-server.ts'
import { defaultLimits } from './consume.ts'
import { moduleUrl, startChild } from './fixture.ts'
import { EventGenerator, seedProfile } from './generator.ts'
import { adapter as postgresCounters } from './postgres-counters.ts'
import { adapter as postgresLog } from './postgres-log.ts'
import { runStream } from './run.ts'
import { simulate } from './simulate.ts'
import { attach } from './worker-thread.ts'

const isLong = process.env['MILLRACE_LONG'] !== undefined
const cycles = isLong ? 100 : 3
const zone = 'Asia/Seoul' as TimeZone
const limits = { ...defaultLimits, flushMs: 100, leaseMs: 1_500, waitMs: 200 }
const specs = {
  log: { module: new URL('./postgres-log.ts', import.meta.url).href, options: { topic: 'killed', partitions: 2 } },
  counters: { module: new URL('./postgres-counters.ts', import.meta.url).href, options: {} },
}

test(
  'kill -9 of Postgres while it counts: log, counters and cursor come back together, and the consumer goes on by itself',
  { timeout: isLong ? 1_200_000 : 180_000 },
  async () => {
    // Its own server: nobody else's tests live through its deaths.
    const dir = join(mkdtempSync(join(tmpdir(), 'mr-kill-')), 'pg')
    let server = await startEmbedded({ dir })
    const connection = { ...server.connection, schema: 'millrace' }
    await using warehouse = await attach(connection)
    await warehouse.migrate()
    const log = await postgresLog.open(postgresLog.options.parse({ warehouse, topic: 'killed', partitions: 2 }))
    const runner = startChild(`
      const { attach } = await import(${moduleUrl('worker-thread.ts')})
      const { systemClock } = await import(${moduleUrl('../domain/clock.ts')})
      const { runStream } = await import(${moduleUrl('run.ts')})
      const warehouse = await attach(${JSON.stringify(connection)})
      const stop = new AbortController()
      process.on('SIGTERM', () => stop.abort())
      console.log('running')
      await runStream({ warehouse, clock: systemClock, defaultZone: 'Asia/Seoul', job: 'killed', threads: 1, shareMs: 300,
        limits: ${JSON.stringify(limits)}, ...${JSON.stringify(specs)}, tell: (message) => console.log(JSON.stringify(message)) }, stop.signal)
      process.exit(0)`)
    await runner.printed(2)
    const profile = { ...seedProfile, flaws: { duplicates: 0.05, late: 0.05, bad: 0.02 } }
    const generator = new EventGenerator(profile, seededRandom(21))
    const random = seededRandom(22)
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      const options = { log, generator, clock: systemClock, ratePerSecond: 0, count: 3_000 }
      await simulate(options, AbortSignal.timeout(30_000))
      await delay(random() * 300)
      process.kill(server.pid, 'SIGKILL')
      await delay(100)
      server = await startEmbedded({ dir })
    }
    await delay(1_000)
    runner.process.kill('SIGTERM')
    expect(await runner.ended).toBe(0)
    const run = { warehouse, clock: systemClock, defaultZone: zone, job: 'killed', limits, ...specs, once: true }
    await runStream(run, AbortSignal.timeout(60_000))
    await using counters = await postgresCounters.open({ warehouse })
    const counted = new Map<string, bigint[]>()
    for (const { campaignId, values } of await counters.totals({ job: 'killed', grain: 'day' })) {
      const [a = 0n, b = 0n, c = 0n, d = 0n] = counted.get(campaignId) ?? []
      const { impressions, clicks, conversions, revenue_micros: revenue } = values
      counted.set(campaignId, [a + impressions, b + clicks, c + conversions, d + revenue])
    }
    const truth = [...generator.truth].map(([campaign, one]): [string, bigint[]] => [
      campaign,
      [BigInt(one.impressions), BigInt(one.clicks), BigInt(one.conversions), one.revenueMicros],
    ])
    expect(counted).toEqual(new Map(truth))
    await log[Symbol.asyncDispose]()
    await server.stop()
    await rm(dir, { recursive: true, force: true })
  },
)
