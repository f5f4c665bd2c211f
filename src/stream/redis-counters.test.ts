import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TimeZone } from '../domain/day.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { conversion, countersContract, entries, idOf, noTallies, start } from './counters.contract.ts'
import type { Flush } from './counters.ts'
import { moduleUrl } from './fixture.ts'
import { adapter } from './redis-counters.ts'
import { SeriesRegistry } from './series.ts'

const url = process.env['MILLRACE_TEST_REDIS_URL'] ?? ''
const unavailable = url === '' ? 'MILLRACE_TEST_REDIS_URL is not set: no Redis' : undefined
let warehouse: Warehouse

beforeAll(async () => {
  if (!unavailable) warehouse = await openTestWarehouse()
})

afterAll(async () => {
  await warehouse?.[Symbol.asyncDispose]()
})

const open = () => adapter.open(adapter.options.parse({ url }))

async function wipe(job: string): Promise<void> {
  const redis = new Redis(url)
  const keys = await redis.keys(`stream:${job}:*`)
  if (keys.length > 0) await redis.del(...keys)
  redis.disconnect()
}

countersContract('redis', {
  open: async (place) => {
    await wipe(place)
    return open()
  },
  resolve: (series) => new SeriesRegistry(warehouse, 'UTC' as TimeZone).resolve(series),
  childText: () => `
    const { adapter } = await import(${moduleUrl('redis-counters.ts')})
    const counters = await adapter.open(adapter.options.parse(${JSON.stringify({ url })}))`,
  wipe,
  unavailable,
})

/** A database of its own, in which the live job's names are ours. */
const ownUrl = `${url}/3`

/** One flush of the live job; its partition goes on from where it is. */
async function flushLive(parts: Partial<Flush>, impressionTimeline = 0): Promise<void> {
  await using counters = await adapter.open(adapter.options.parse({ url: ownUrl, impressionTimeline }))
  await counters.begin('live', 'events', [0])
  const lease = await counters.acquire({ job: 'live', topic: 'events', partition: 0, owner: 'me', leaseMs: 60_000 })
  if (!lease) throw new Error('no lease')
  const series = await new SeriesRegistry(warehouse, 'Asia/Seoul' as TimeZone).resolve([
    { platform: 'google_ads', accountId: '', campaignId: 'camp_001', currency: 'KRW' },
    { platform: 'google_ads', accountId: '', campaignId: 'camp_001', currency: 'USD' },
  ])
  const flushed = await counters.commit({
    lease,
    next: lease.cursor.next + 10,
    watermarkMs: null,
    dedupeFloor: 0,
    leaseMs: 60_000,
    series,
    deltas: { minute: entries([]), hour: entries([]), day: entries([]) },
    conversions: [],
    deadLetters: [],
    tallies: noTallies,
    ...parts,
  })
  expect(flushed).not.toBe('fenced')
}

describe.skipIf(unavailable !== undefined)('the keys that readers of the seed know', () => {
  // 2026-01-01T00:00Z is nine in the morning in Seoul.
  const deltas = (day: number, impressions: number): Flush['deltas'] => ({
    minute: entries([[0, day * 1440 + 5, { impressions, clicks: 2, cost_micros: 50_000_000 }]]),
    hour: entries([[0, day * 24, { impressions, clicks: 2, cost_micros: 50_000_000 }]]),
    day: entries([[0, day, { impressions, clicks: 2, cost_micros: 50_000_000 }]]),
  })
  let redis: Redis

  beforeAll(async () => {
    redis = new Redis(ownUrl)
    await redis.flushdb()
  })

  afterAll(() => redis.disconnect())

  test('hold the running day with its ratios, in units, and the local hours', async () => {
    const seven = conversion(idOf(1), 12_345_670_000, { minute: start.minute + 5 })
    await flushLive({ deltas: deltas(start.day, 8), conversions: [seven, seven] })
    expect(await redis.hgetall('campaign:camp_001:daily')).toEqual({
      _date: '20260101',
      _currency: 'KRW',
      impressions: '8',
      clicks: '2',
      conversions: '1',
      revenue_micros: '12345670000',
      cost_micros: '50000000',
      revenue: '12345.67',
      cost: '50',
      cost_source: 'events',
      roas_as_of_ms: expect.stringMatching(/^\d{13}$/) as string,
      ctr: '0.25',
      roas: '246.9134',
    })
    const hourly = await redis.hgetall('campaign:camp_001:hourly')
    expect(hourly).toMatchObject({ 'impressions:09': '8', 'clicks:09': '2', 'conversions:09': '1', _date: '20260101' })
    const { impressions, clicks, conversions } = await redis.hgetall('campaign:camp_001:daily:20260101')
    expect([impressions, clicks, conversions]).toEqual(['8', '2', '1'])
    expect(await redis.hgetall('campaign:camp_001:timeline:2026010100')).toEqual({
      i05: '8',
      c05: '2',
      v05: '1',
      r05: '12345670000',
    })
  })

  test('turn over with the day, and a late event changes the past day alone', async () => {
    await flushLive({ deltas: deltas(start.day + 1, 3) })
    await flushLive({ deltas: deltas(start.day, 1) })
    expect(await redis.hgetall('campaign:camp_001:daily')).toMatchObject({ _date: '20260102', impressions: '3' })
    expect(await redis.hget('campaign:camp_001:daily:20260101', 'impressions')).toBe('9')
    expect(await redis.hget('campaign:camp_001:daily:20260102', 'impressions')).toBe('3')
    expect(await redis.hget('campaign:camp_001:hourly', 'impressions:09')).toBe('3')
  })

  test('never add up two currencies', async () => {
    const dollars = conversion(idOf(2), 5_000_000, { series: 1, day: start.day + 1, minute: start.minute + 1440 })
    await flushLive({ conversions: [dollars] })
    const daily = await redis.hgetall('campaign:camp_001:daily')
    expect(daily).toMatchObject({ conversions: '1', 'revenue_micros:USD': '5000000' })
    expect(daily['revenue_micros']).toBeUndefined()
  })

  test('all expire, but for the cursors', async () => {
    const keys = await redis.keys('*')
    const ttls = await Promise.all(keys.map((key) => redis.ttl(key)))
    const lasting = keys.filter((_, index) => ttls[index] === -1)
    expect(lasting.toSorted()).toEqual([
      'stream:live:cursor:events:0',
      'stream:live:cursors',
      'stream:live:series',
      'stream:server',
    ])
    expect(keys.length).toBeGreaterThan(10)
    expect(Math.max(...ttls)).toBeLessThanOrEqual(401 * 86_400)
  })

  test('keep the timeline of impressions, bounded, only when it is asked for', async () => {
    expect(await redis.exists('campaign:camp_001:impression_timeline')).toBe(0)
    const minutes = Array.from({ length: 30 }, (_, n) => [0, start.minute + n, { impressions: 1 }] as const)
    await flushLive({ deltas: { minute: entries(minutes), hour: entries([]), day: entries([]) } }, 10)
    const members = await redis.zrange('campaign:camp_001:impression_timeline', '0', '-1')
    expect(members).toHaveLength(10)
    expect(members.at(-1)).toBe(`${(start.minute + 29) * 60}`)
  })
})

test.skipIf(unavailable !== undefined)('a Redis that may forget keys is refused', async () => {
  const redis = new Redis(url)
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
  try {
    await expect(open()).rejects.toMatchObject({ code: 'STREAM_COUNTERS_UNSAFE' })
  } finally {
    await redis.config('SET', 'maxmemory-policy', 'noeviction')
    redis.disconnect()
  }
})

test.skipIf(unavailable !== undefined)('a step that came back in part, or twice, stops the job', async () => {
  await using counters = await open()
  const redis = new Redis(url)
  for (const [field, value] of [
    ['steps', 2],
    ['ended', 0],
  ] as const) {
    const job = `torn-${field}`
    await wipe(job)
    await counters.begin(job, 'events', [0])
    await redis.hset(`stream:${job}:cursor:events:0`, { began: 1, steps: 1, ended: 1, [field]: value })
    const claim = { job, topic: 'events', partition: 0, owner: 'me', leaseMs: 1_000 }
    await expect(counters.acquire(claim)).rejects.toMatchObject({ code: 'STREAM_COUNTERS_TORN' })
  }
  redis.disconnect()
})
