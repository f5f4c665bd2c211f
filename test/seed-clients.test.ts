import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Admin } from '@platformatic/kafka'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { systemClock } from '../src/domain/clock.ts'
import type { TimeZone } from '../src/domain/day.ts'
import { runStream } from '../src/stream/run.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'

// The chapter's own producer and a reader of its keys, in Python with other people's clients, on both ends of `stream run`.
const brokers = process.env['MILLRACE_TEST_KAFKA_BROKERS'] ?? ''
const redisUrl = process.env['MILLRACE_TEST_REDIS_URL'] ?? ''
const python = process.env['MILLRACE_TEST_CLIENTS'] ?? ''
const absent = [brokers === '' && 'Kafka', redisUrl === '' && 'Redis', python === '' && 'kafka-python'].filter(Boolean)

/** Counts by their names in the seed's keys; of one campaign and one day. */
type Sent = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>>
type Read = Readonly<
  Record<
    string,
    { readonly daily: Readonly<Record<string, string>>; readonly hourly: Readonly<Record<string, string>> }
  >
>

async function runPython(script: string, ...args: readonly string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(python, [join(import.meta.dirname, script), ...args])
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null')
}

async function makeTopic(topic: string): Promise<void> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [brokers] })
  // As anybody makes it: stamped by its producers.
  await admin.createTopics({ topics: [topic], partitions: 3, replicas: 1 })
  await admin.close()
}

const module = (name: string): string => new URL(`../src/stream/${name}`, import.meta.url).href

test('the seed’s producer is counted, and the seed’s keys are read, by clients that know nothing of us', async ({
  skip,
}) => {
  skip(absent.length > 0, `absent: ${absent.join(', ')}`)
  await using warehouse = await openTestWarehouse()
  const topic = `ad-events-${process.pid}-${Math.floor(systemClock.nowMs())}`
  const url = `${redisUrl}/5`
  const redis = new Redis(url)
  await redis.flushdb()
  redis.disconnect()
  await makeTopic(topic)
  const sent = (await runPython('seed_producer.py', brokers, topic, '3000')) as Sent
  await runStream(
    {
      warehouse,
      clock: systemClock,
      defaultZone: 'Asia/Seoul' as TimeZone,
      log: { module: module('kafka-log.ts'), options: { brokers, topic } },
      counters: { module: module('redis-counters.ts'), options: { url } },
      once: true,
    },
    AbortSignal.timeout(60_000),
  )
  const read = (await runPython('seed_reader.py', url)) as Read
  expect(Object.keys(sent).toSorted()).toEqual(['camp_001', 'camp_002', 'camp_003'])
  for (const [campaign, days] of Object.entries(sent)) {
    // A run over midnight in Seoul: the keys hold the last day.
    const [, counts = {}] =
      Object.entries(days)
        .toSorted(([a], [b]) => a.localeCompare(b))
        .at(-1) ?? []
    const held = read[campaign]
    const hourly = Object.fromEntries(Object.entries(counts).filter(([name]) => name.includes(':')))
    expect({ ...held?.hourly }).toMatchObject(Object.fromEntries(Object.entries(hourly).map(([k, v]) => [k, `${v}`])))
    const { impressions = 0, clicks = 0, conversions = 0, revenue_micros: micros = 0 } = counts
    expect(held?.daily).toMatchObject({
      impressions: `${impressions}`,
      clicks: `${clicks}`,
      conversions: `${conversions}`,
    })
    expect(held?.daily['revenue_micros']).toBe(`${micros}`)
    expect(Number(held?.daily['revenue'])).toBe(micros / 1e6)
    expect(Number(held?.daily['ctr'])).toBeCloseTo(clicks / impressions, 12)
  }
})
