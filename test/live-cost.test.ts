import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { declareClients } from '../src/access/clients.ts'
import { createKey } from '../src/access/keys.ts'
import { loadAdapter } from '../src/config-check.ts'
import type { Connector } from '../src/connectors/connector.ts'
import { standingClock } from '../src/domain/clock.ts'
import type { TimeZone } from '../src/domain/day.ts'
import { dayAt } from '../src/domain/day.ts'
import type { CostToday } from '../src/orchestrate/costs-today.ts'
import { costsToday } from '../src/orchestrate/costs-today.ts'
import type { Ports } from '../src/orchestrate/ports.ts'
import type { Sandbox } from '../src/sandbox/sandbox.ts'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import type { Server } from '../src/server/server.ts'
import { startServer } from '../src/server/server.ts'
import { dayNumberAt, hourMs, minuteMs } from '../src/stream/bucket.ts'
import type { Counters, PlatformCost } from '../src/stream/counters.ts'
import { conversion, entries, idOf, noTallies } from '../src/stream/counters.contract.ts'
import { liveCounts } from '../src/stream/live-counts.ts'
import type { EventLog } from '../src/stream/log.ts'
import { followCosts } from '../src/stream/platform-cost.ts'
import { adapter as postgresCounters } from '../src/stream/postgres-counters.ts'
import { adapter as postgresLog } from '../src/stream/postgres-log.ts'
import { adapter as redisCounters } from '../src/stream/redis-counters.ts'
import { SeriesRegistry } from '../src/stream/series.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'

/*
 * What a running day costs where the events do not say: asked of the platforms through the real clients, shown with its hour, on both
 * stores. Redis is part of it when there is one.
 */
const nowMs = Date.parse('2026-11-22T12:00:00Z')
const clock = standingClock(nowMs)
const redisUrl = process.env['MILLRACE_TEST_REDIS_URL']
const ownUrl = `${redisUrl}/4`
let sandbox: Sandbox
let warehouse: Warehouse
let log: EventLog
let counters: Counters
let costs: readonly CostToday[]
const platforms = ['google_ads', 'meta_ads'] as const
const unreachable: string[] = []

async function portsOf(): Promise<Pick<Ports, 'clock' | 'random' | 'fetch' | 'warehouse' | 'connections'>> {
  const connections = []
  for (const name of platforms) {
    const adapter = await loadAdapter('connector', name)
    const connector = (await adapter.open(adapter.options.parse(sandbox.connections[name]))) as Connector
    connections.push({ name, connector, accountIds: [] })
  }
  return { clock, random: () => 0.5, fetch, warehouse, connections }
}

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 3, nowMs, clock })
  warehouse = await openTestWarehouse()
  log = await postgresLog.open(postgresLog.options.parse({ warehouse, partitions: 1 }))
  counters = await postgresCounters.open({ warehouse })
})

afterAll(async () => {
  await log[Symbol.asyncDispose]()
  await warehouse[Symbol.asyncDispose]()
  await sandbox.stop()
})

/** The busiest campaign of an account today, as its platform says. */
const busiest = (platform: string): CostToday => {
  const found = costs
    .filter((one) => one.platform === platform && one.currency === 'KRW' && one.day === '2026-11-22')
    .toSorted((a, b) => Number(b.cost) - Number(a.cost))[0]
  if (!found) throw new Error('no cost')
  return found
}

/** A flush of today's counts: Google's campaign in two currencies without a cost, Meta's with its own cost beside. */
async function flush(store: Counters): Promise<void> {
  await store.begin('live', log.topic, [0])
  const lease = await store.acquire({ job: 'live', topic: log.topic, partition: 0, owner: 'me', leaseMs: 60_000 })
  if (!lease) throw new Error('no lease')
  const [google, meta] = [busiest('google_ads'), busiest('meta_ads')]
  const series = await new SeriesRegistry(warehouse, 'Asia/Seoul' as TimeZone).resolve([
    { platform: '', accountId: '', campaignId: google.campaignId, currency: '' },
    { platform: 'google_ads', accountId: google.accountId, campaignId: google.campaignId, currency: 'KRW' },
    { platform: 'meta_ads', accountId: meta.accountId, campaignId: meta.campaignId, currency: 'KRW' },
  ])
  const day = dayNumberAt(nowMs, 'Asia/Seoul' as TimeZone)
  const [minute, hour] = [Math.floor(nowMs / minuteMs) - 2, Math.floor(nowMs / hourMs)]
  const rows = (bucket: number): Parameters<typeof entries>[0] => [
    [0, bucket, { impressions: 90 }],
    [1, bucket, { impressions: 10, clicks: 4 }],
    [2, bucket, { impressions: 7, clicks: 1, cost_micros: 3_000_000 }],
  ]
  const done = await store.commit({
    lease,
    next: 112,
    watermarkMs: nowMs - 600_000,
    dedupeFloor: 0,
    leaseMs: 60_000,
    series,
    deltas: { minute: entries(rows(minute)), hour: entries(rows(hour)), day: entries(rows(day)) },
    conversions: [
      conversion(idOf(1), 5_000_000_000_000, { series: 1, minute, hour, day }),
      conversion(idOf(2), 9_000_000, { series: 2, minute, hour, day }),
    ],
    deadLetters: [],
    tallies: { ...noTallies, records: 112 },
  })
  expect(done).not.toBe('fenced')
}

const live = async (server: Server, key?: string) => {
  const answer = await fetch(`${server.url}/api/v1/live`, key ? { headers: { authorization: `Bearer ${key}` } } : {})
  expect(answer.status).toBe(200)
  return (await answer.json()) as {
    minutes: unknown[]
    campaigns: Record<string, unknown>[]
    partitions: Record<string, unknown>[]
    sources: Record<string, { query: string }>
  }
}

/** Ratios as numbers: a query pads them with zeros. */
const numbers = (row: Record<string, unknown>) => ({
  ...row,
  ctr: row['ctr'] && Number(row['ctr']),
  roas: row['roas'] && Number(row['roas']),
})

/** The server over a store that it asks through the port, or by SQL when there is none. */
async function served(store?: Counters, access?: Parameters<typeof startServer>[0]['access']): Promise<Server> {
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    portSearch: false,
    key: undefined,
    access,
    clock,
    onError: (error) => expect(error).toBeUndefined(),
    live: { counts: store && ((query) => liveCounts({ log, counters: store, warehouse }, query)) },
  })
  server.attach({ warehouse, project: { name: 'cost', zone: 'Asia/Seoul' as TimeZone, isDemo: false } })
  return server
}

/** One round of the job. */
async function follow(store: Counters, pull: () => Promise<readonly PlatformCost[]>): Promise<void> {
  const stop = new AbortController()
  const ending = { ...clock, sleep: () => Promise.resolve(stop.abort()) }
  await followCosts(
    { warehouse, counters: store, clock: ending, pull, tell: (error) => expect(error).toBeUndefined() },
    stop.signal,
  )
}

/** As if events had been taken since then without a pause. */
const watched = (since: string) => warehouse.query('update stream_watch set since = $1', [since])

describe('the cost of a running day', () => {
  test('is what the platforms say now, of every account’s today and yesterday', async () => {
    costs = await costsToday(await portsOf(), (place) => void unreachable.push(place), AbortSignal.timeout(30_000))
    expect(unreachable).toEqual([])
    const truth = sandbox.accounts.flatMap(({ platform, accountId, zone }) => {
      const today = dayAt(nowMs, zone)
      return sandbox.truth(platform as 'google_ads', accountId, today, nowMs).map((row) => [row.campaignId, row.cost])
    })
    const today = costs.filter((one) => {
      const account = sandbox.accounts.find(({ accountId }) => accountId === one.accountId)
      return account && one.day === dayAt(nowMs, account.zone)
    })
    expect(truth.length).toBeGreaterThan(20)
    expect(Object.fromEntries(today.map((one) => [one.campaignId, Number(one.cost)]))).toEqual(
      Object.fromEntries(truth.map(([campaign, cost]) => [campaign, Number(cost)])),
    )
    expect(new Set(costs.map((one) => one.asOfMs))).toEqual(new Set([nowMs]))
    expect(costs.length).toBeGreaterThan(today.length)
  })

  test('leaves out an account that refuses, and says which', async () => {
    const ports = await portsOf()
    const [google] = ports.connections
    const told: string[] = []
    const refused = google!.connector.extract.bind(google!.connector)
    google!.connector.extract = (slice, account, ...rest) =>
      account.currency === 'USD' ? Promise.reject(new Error('refused')) : refused(slice, account, ...rest)
    const some = await costsToday(ports, (place) => void told.push(place), AbortSignal.timeout(30_000))
    expect(told).toHaveLength(1)
    expect(told[0]).toMatch(/^google_ads/)
    expect(some.length).toBe(costs.filter((one) => !(one.platform === 'google_ads' && one.currency === 'USD')).length)
  })

  test('stands in where the events say none, once, with its hour; and their own where they do', async () => {
    await flush(counters)
    await using server = await served()
    const before = (await live(server)).campaigns
    expect(before.map((one) => one['costSource'])).toEqual([null, null, 'events'])
    await follow(counters, () => Promise.resolve(costs))
    const part = (await live(server)).campaigns
    expect(part[1]).toMatchObject({ cost: busiest('google_ads').cost, roas: null, roasWhy: 'part_watched' })
    expect(part[2]).toMatchObject({ roas: '3.0000', roasWhy: null })
    await watched('2026-11-21T14:59:00Z')
    await follow(counters, () => Promise.resolve(costs))
    const { campaigns } = await live(server)
    const google = busiest('google_ads')
    const roas = Math.round((5_000_000 / Number(google.cost)) * 1e4) / 1e4
    expect(campaigns[0]).toMatchObject({ currency: '', cost: '0', roas: null, costSource: null, costAsOf: null })
    expect(campaigns[1]).toMatchObject({
      currency: 'KRW',
      cost: google.cost,
      roas: roas.toFixed(4),
      costSource: 'provisional',
      costAsOf: '2026-11-22T12:00:00.000Z',
      roasWhy: null,
    })
    expect(campaigns[2]).toMatchObject({ cost: '3', roas: '3.0000', costSource: 'events' })
    expect(campaigns[2]!['costAsOf']).not.toBeNull()
    const older = costs.map((one) => ({ ...one, asOfMs: nowMs - 1, cost: '1' as CostToday['cost'] }))
    await follow(counters, () => Promise.resolve(older))
    expect((await live(server)).campaigns).toEqual(campaigns)
  })

  test('is the same on the screen when the counters are asked through their port', async () => {
    await using bySql = await served()
    await using byPort = await served(counters)
    const [sql, port] = [await live(bySql), await live(byPort)]
    expect(port.minutes).toEqual(sql.minutes)
    expect(port.campaigns.map(numbers)).toEqual(sql.campaigns.map(numbers))
    const progress = ({ partition, records, committedAt, running }: Record<string, unknown>) => [
      partition,
      records,
      committedAt,
      running,
    ]
    expect(port.partitions.map(progress)).toEqual(sql.partitions.map(progress))
    expect(port.sources['live-minutes']?.query).toMatch(/^counters in /)
  })

  test('over a store that SQL cannot ask, somebody limited to clients sees their minutes and campaigns, and no others', async () => {
    const google = busiest('google_ads')
    await warehouse.query(
      `insert into dim_account (platform, account_id, name, currency, timezone, first_seen, last_seen)
       select platform, account_id, account_id, 'KRW', 'Asia/Seoul', now(), now() from unnest($1::text[], $2::text[]) a (platform, account_id)`,
      [
        ['google_ads', 'meta_ads'],
        [google.accountId, busiest('meta_ads').accountId],
      ],
    )
    const key = await warehouse.transaction(async (session) => {
      await declareClients(session, { acme: [`google_ads/${google.accountId}`] }, { by: 'test', nowMs })
      const wanted = { name: 'acme', scope: 'viewer', clients: ['acme'], expiresAtMs: null, by: 'test', nowMs } as const
      return (await createKey(session, wanted)).key
    })
    const access = { login: true, scryptCost: 2 ** 10 }
    await using bySql = await served(undefined, access)
    await using byPort = await served(counters, access)
    const [sql, port] = [await live(bySql, key), await live(byPort, key)]
    expect(port.campaigns.map(({ accountId }) => accountId)).toEqual([google.accountId])
    expect(port.campaigns.map(numbers)).toEqual(sql.campaigns.map(numbers))
    const impressions = (minutes: unknown[]) =>
      (minutes as { impressions: string }[]).reduce((sum, one) => sum + Number(one.impressions), 0)
    expect(impressions(port.minutes)).toBe(10)
    expect(port.minutes).toEqual(sql.minutes)
    expect(port.partitions).toEqual([])
  })

  test.skipIf(redisUrl === undefined)('is in Redis’s keys and on the screen over Redis', async () => {
    const redis = new Redis(ownUrl)
    await redis.flushdb()
    await using store = await redisCounters.open(redisCounters.options.parse({ url: ownUrl }))
    await flush(store)
    const [google, meta] = [busiest('google_ads'), busiest('meta_ads')]
    const key = `campaign:${google.campaignId}:daily`
    expect(await redis.hget(key, 'roas')).toBeNull()
    await watched('2026-11-21T15:01:00Z')
    await follow(store, () => Promise.resolve(costs))
    const part = await redis.hgetall(key)
    expect(part).toMatchObject({ cost: google.cost, cost_source: 'provisional', roas_why: 'part_watched' })
    expect(part).not.toHaveProperty('roas')
    await watched('2026-11-21T15:00:00Z')
    await follow(store, () => Promise.resolve(costs))
    expect(await redis.hget(key, 'roas_why')).toBeNull()
    const micros = String(BigInt(google.cost) * 1_000_000n)
    for (const name of [key, `${key}:20261122`])
      expect(await redis.hgetall(name)).toMatchObject({
        cost: google.cost,
        cost_source: 'provisional',
        platform_cost_micros: micros,
        roas_as_of_ms: String(nowMs),
        roas: String(5e12 / Number(micros)),
      })
    expect(await redis.hgetall(`campaign:${meta.campaignId}:daily`)).toMatchObject({
      cost: '3',
      cost_source: 'events',
      roas: '3',
    })
    // A campaign without events has no key, and its cost makes none.
    const keys = await redis.keys('campaign:*:daily')
    expect(keys).toHaveLength(2)
    await using server = await served(store)
    await using bySql = await served()
    const [ours, theirs] = [await live(server), await live(bySql)]
    const bare = (row: Record<string, unknown>) => ({ ...numbers(row), costAsOf: row['costSource'] })
    expect(ours.minutes).toEqual(theirs.minutes)
    expect(ours.campaigns.map(bare)).toEqual(theirs.campaigns.map(bare))
    redis.disconnect()
  })
})
