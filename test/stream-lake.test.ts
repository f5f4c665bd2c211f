import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seededRandom, systemClock } from '../src/domain/clock.ts'
import { dayAt } from '../src/domain/day.ts'
import type { TimeZone } from '../src/domain/day.ts'
import { adapter as folderLake } from '../src/lake/folder.ts'
import { EventGenerator, seedProfile } from '../src/stream/generator.ts'
import { adapter as kafkaLog } from '../src/stream/kafka-log.ts'
import { landAll } from '../src/stream/land.ts'
import { reconcileDay } from '../src/stream/reconcile.ts'
import { adapter as redisCounters } from '../src/stream/redis-counters.ts'
import { fillFromLake } from '../src/stream/replay.ts'
import { runStream } from '../src/stream/run.ts'
import { SeriesRegistry } from '../src/stream/series.ts'
import { simulate } from '../src/stream/simulate.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'

/* The lake's copy of a real Kafka topic, and a real Redis made again from it. */
const brokers = process.env['MILLRACE_TEST_KAFKA_BROKERS'] ?? ''
const server = process.env['MILLRACE_TEST_REDIS_URL'] ?? ''
const zone = 'Asia/Seoul' as TimeZone
const folder = mkdtempSync(join(tmpdir(), 'millrace-stream-lake-'))
/** A database of this file alone: it is emptied. */
const url = server === '' ? '' : `${new URL(server).origin.replace('null', '')}${server.replace(/\/\d*$/, '')}/7`
let warehouse: Warehouse

beforeAll(async () => {
  if (!brokers || !server) return
  warehouse = await openTestWarehouse()
  const redis = new Redis(url)
  await redis.flushdb()
  redis.disconnect()
}, 60_000)

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await (warehouse as Warehouse | undefined)?.[Symbol.asyncDispose]()
})

describe.skipIf(!brokers || !server)('Kafka’s events in the lake', () => {
  test.each(['event', 'batch'] as const)(
    'a Redis that was emptied comes back to the same totals (%s)',
    async (envelope) => {
      const topic = `landed-${envelope}-${process.pid}`
      const options = { brokers, topic, partitions: 2, envelope }
      await using log = await kafkaLog.open(kafkaLog.options.parse(options))
      await using lake = await folderLake.open({ root: join(folder, envelope) })
      await using counters = await redisCounters.open(redisCounters.options.parse({ url }))
      const ports = {
        log,
        lake,
        warehouse,
        counters,
        registry: new SeriesRegistry(warehouse, zone),
        clock: systemClock,
        scratchDir: join(folder, 'scratch'),
      }
      const none = new AbortController().signal
      const flaws = { duplicates: 0.02, late: 0.02, bad: 0.02 }
      const generator = new EventGenerator({ ...seedProfile, flaws }, seededRandom(11))
      await simulate({ log, generator, clock: systemClock, ratePerSecond: 0, count: 6_000 }, none)
      const count = () =>
        runStream(
          {
            warehouse,
            clock: systemClock,
            defaultZone: zone,
            job: 'live',
            once: true,
            threads: 1,
            log: { module: new URL('../src/stream/kafka-log.ts', import.meta.url).href, options },
            counters: { module: new URL('../src/stream/redis-counters.ts', import.meta.url).href, options: { url } },
          },
          none,
        )
      await count()
      const totals = async () =>
        (await counters.totals({ job: 'live', grain: 'day' }))
          .map(({ values, campaignId, bucket }) => `${campaignId} ${bucket} ${Object.values(values).join(' ')}`)
          .sort()
      const before = await totals()
      expect(before.length).toBeGreaterThan(2)
      const landed = await landAll(ports)
      expect(landed.reduce((sum, { rows }) => sum + rows, 0)).toBe(generator.sent)
      expect(await reconcileDay(ports, dayAt(systemClock.nowMs(), zone))).toMatchObject({
        outcome: 'equal',
        differing: [],
      })
      const redis = new Redis(url)
      await redis.flushdb()
      redis.disconnect()
      await warehouse.query('delete from stream_begun where topic = $1', [topic])
      for await (const _ of fillFromLake(ports, 'live'));
      expect(await totals()).toEqual(before)
      await simulate({ log, generator, clock: systemClock, ratePerSecond: 0, count: 500 }, none)
      await count()
      const counted = await counters.cursors('live')
      expect(counted.reduce((sum, { tallies }) => sum + tallies.records, 0)).toBe(generator.sent)
      const cleared = new Redis(url)
      await cleared.flushdb()
      cleared.disconnect()
    },
    120_000,
  )
})
