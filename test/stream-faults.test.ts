import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { seededRandom, systemClock } from '../src/domain/clock.ts'
import type { TimeZone } from '../src/domain/day.ts'
import { defaultLimits } from '../src/stream/consume.ts'
import type { Counters } from '../src/stream/counters.ts'
import type { Child } from '../src/stream/fixture.ts'
import { moduleUrl, startChild } from '../src/stream/fixture.ts'
import { EventGenerator, seedProfile } from '../src/stream/generator.ts'
import { lagOf } from '../src/stream/lag.ts'
import type { EventLog } from '../src/stream/log.ts'
import { runStream } from '../src/stream/run.ts'
import type { RunOptions } from '../src/stream/run.ts'
import { simulate } from '../src/stream/simulate.ts'
import { attach, openBySpec } from '../src/stream/worker-thread.ts'
import { startEmbedded } from '../src/warehouse/embedded-server.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'

/*
 * `stream run` over Kafka and Redis while its processes, the broker and Redis are killed. Both servers are this file's own: nobody else's tests
 * live through their deaths. Whatever happens, the totals are the generator's to the last unit.
 */
const hasServices = Boolean(process.env['MILLRACE_TEST_KAFKA_BROKERS'] && process.env['MILLRACE_TEST_REDIS_URL'])
const isLong = process.env['MILLRACE_LONG'] !== undefined
const zone = 'Asia/Seoul' as TimeZone
const limits = { ...defaultLimits, flushMs: 150, leaseMs: 1_500, waitMs: 200 }
const data = hasServices ? mkdtempSync(join(tmpdir(), 'mr-faults-')) : ''
let warehouse: Warehouse
let brokers = ''
let redisUrl = ''

function services(...args: readonly string[]): string {
  const script = join(import.meta.dirname, '..', 'scripts', 'services.sh')
  const ended = spawnSync('bash', [script, ...args], {
    env: { ...process.env, MILLRACE_SERVICES_DATA: data },
    encoding: 'utf8',
  })
  expect(`${ended.status} ${ended.status === 0 ? '' : ended.stderr}`).toBe('0 ')
  return ended.stdout
}

const pidOf = (name: string): number => Number(readFileSync(join(data, name, 'pid'), 'utf8'))

/** Ends a server as a power cut would, and waits until it is gone. */
async function killServer(name: string): Promise<void> {
  const pid = pidOf(name)
  process.kill(pid, 'SIGKILL')
  const isThere = (): boolean => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2] !== 'Z'
    } catch {
      return false
    }
  }
  while (isThere()) await delay(20)
}

beforeAll(async () => {
  if (!hasServices) return
  warehouse = await openTestWarehouse()
  services('start', 'kafka', 'redis')
  brokers = `127.0.0.1:${readFileSync(join(data, 'kafka', 'port'), 'utf8').trim()}`
  redisUrl = `redis://127.0.0.1:${readFileSync(join(data, 'redis', 'port'), 'utf8').trim()}`
}, 120_000)

afterAll(async () => {
  if (!hasServices) return
  services('stop', 'kafka', 'redis')
  rmSync(data, { recursive: true, force: true })
  await warehouse[Symbol.asyncDispose]()
}, 60_000)

/** Log and counters that belong together; Postgres with Postgres is `run.test.ts`. */
const pairs = ['kafka + redis', 'kafka + postgres', 'postgres + redis'] as const
type Pair = (typeof pairs)[number]

const moduleOf = (name: string): string => new URL(`../src/stream/${name}`, import.meta.url).href

const specs = (topic: string, partitions: number, pair: Pair = 'kafka + redis') => ({
  log: pair.startsWith('kafka')
    ? { module: moduleOf('kafka-log.ts'), options: { brokers, topic, partitions } }
    : { module: moduleOf('postgres-log.ts'), options: { topic, partitions } },
  counters: pair.endsWith('redis')
    ? { module: moduleOf('redis-counters.ts'), options: { url: redisUrl } }
    : { module: moduleOf('postgres-counters.ts'), options: {} },
})

const openLog = (topic: string, partitions: number, pair?: Pair): Promise<EventLog> =>
  openBySpec<EventLog>(specs(topic, partitions, pair).log, warehouse)
const openCounters = (pair?: Pair): Promise<Counters> => openBySpec<Counters>(specs('', 1, pair).counters, warehouse)

const optionsOf = (topic: string, partitions: number, job = topic, pair?: Pair): RunOptions => ({
  warehouse,
  clock: systemClock,
  defaultZone: zone,
  job,
  limits,
  ...specs(topic, partitions, pair),
})

const countAll = (topic: string, partitions: number, job = topic, pair?: Pair): Promise<void> =>
  runStream({ ...optionsOf(topic, partitions, job, pair), once: true }, AbortSignal.timeout(isLong ? 600_000 : 120_000))

/** `stream run` in a process of its own, until SIGTERM. */
function startRunner(topic: string, partitions: number, pair?: Pair): Child {
  return startChild(`
    const { attach } = await import(${moduleUrl('worker-thread.ts')})
    const { systemClock } = await import(${moduleUrl('../domain/clock.ts')})
    const { runStream } = await import(${moduleUrl('run.ts')})
    const warehouse = await attach(${JSON.stringify(warehouse.connection)})
    const stop = new AbortController()
    process.on('SIGTERM', () => stop.abort())
    console.log('running')
    await runStream({ warehouse, clock: systemClock, defaultZone: ${JSON.stringify(zone)}, job: ${JSON.stringify(topic)}, threads: 1, shareMs: 300,
      limits: ${JSON.stringify(limits)}, ...${JSON.stringify(specs(topic, partitions, pair))},
      tell: (message) => console.log(JSON.stringify(message)) }, stop.signal)
    console.log('drained')
    process.exit(0)`)
}

const flawed = {
  ...seedProfile,
  campaigns: Array.from({ length: 40 }, (_, n) => `camp_${n}`),
  flaws: { duplicates: 0.05, late: 0.05, bad: 0.02 },
}

async function expectTruth(job: string, generator: EventGenerator, pair: Pair = 'kafka + redis'): Promise<void> {
  await using counters = await openCounters(pair)
  for (const grain of ['minute', 'hour', 'day'] as const) {
    const sums = new Map<string, { impressions: number; clicks: number; conversions: number; revenueMicros: bigint }>()
    for (const { campaignId, values } of await counters.totals({ job, grain })) {
      const sum = sums.get(campaignId) ?? { impressions: 0, clicks: 0, conversions: 0, revenueMicros: 0n }
      sums.set(campaignId, {
        impressions: sum.impressions + Number(values.impressions),
        clicks: sum.clicks + Number(values.clicks),
        conversions: sum.conversions + Number(values.conversions),
        revenueMicros: sum.revenueMicros + values.revenue_micros,
      })
    }
    expect(sums).toEqual(generator.truth)
  }
  const cursors = await counters.cursors(job)
  const invalid = cursors.reduce((sum, { tallies }) => sum + tallies.invalid, 0)
  const letters = pair.endsWith('redis') ? await lettersInRedis(job) : await lettersInPostgres(job)
  expect([invalid, letters]).toEqual([generator.bad, generator.bad])
}

async function lettersInRedis(job: string): Promise<number> {
  const redis = new Redis(redisUrl)
  try {
    return await redis.hlen(`stream:${job}:dead`)
  } finally {
    redis.disconnect()
  }
}

async function lettersInPostgres(job: string): Promise<number> {
  const select = 'select count(*)::int as letters from dead_letter d join stream_job j using (job_id) where j.job = $1'
  const [row] = await warehouse.query<{ letters: number }>(select, [job])
  return row?.letters ?? 0
}

interface Stage {
  readonly generator: EventGenerator
  readonly runners: Child[]
  readonly start: () => Child
}

/** Waits until what is not counted yet is less than was sent in a second and a half. */
async function recovered(topic: string, partitions: number): Promise<void> {
  await using counters = await openCounters()
  await using log = await openLog(topic, partitions)
  const isSo = async (): Promise<boolean> => {
    const lags = await lagOf(log, counters, topic, systemClock.nowMs())
    return lags.reduce((sum, { records }) => sum + records, 0) < 30_000
  }
  await vi.waitUntil(isSo, { timeout: 300_000, interval: 250 })
}

interface Setting {
  readonly pair?: Pair
  readonly partitions?: number
  readonly rate?: number
  readonly seed?: number
}

/** Waits until all partitions of a job are held by so many runners. */
async function held(topic: string, runners: number): Promise<void> {
  await using counters = await openCounters()
  await using log = await openLog(topic, 2)
  const isSo = async (): Promise<boolean> => {
    const owners = (await lagOf(log, counters, topic, systemClock.nowMs())).map(({ owner }) => owner)
    return owners.length === 2 && !owners.includes(null) && new Set(owners).size === runners
  }
  await vi.waitUntil(isSo, { timeout: 60_000, interval: 100 })
}

/** Sends and counts while `harm` goes on, then counts the rest and compares. Returns how many events that were. */
async function survives(
  topic: string,
  { pair = 'kafka + redis', partitions = 4, rate = 3_000, seed = 1 }: Setting,
  harm: (stage: Stage) => Promise<void>,
): Promise<number> {
  await using log = await openLog(topic, partitions, pair)
  const generator = new EventGenerator(flawed, seededRandom(seed))
  const stop = new AbortController()
  const sending = simulate({ log, generator, clock: systemClock, ratePerSecond: rate }, stop.signal)
  const start = (): Child => startRunner(topic, partitions, pair)
  const runners = [start(), start()]
  for (const runner of runners) await runner.printed(2)
  await harm({ generator, runners, start })
  stop.abort()
  await sending
  for (const runner of runners) await runner.printed(1)
  for (const runner of runners) runner.process.kill('SIGTERM')
  for (const runner of runners) expect(await runner.ended).toBe(0)
  await countAll(topic, partitions, topic, pair)
  await expectTruth(topic, generator, pair)
  return generator.sent
}

describe.skipIf(!hasServices)('live counts over Kafka and Redis', { timeout: isLong ? 1_200_000 : 180_000 }, () => {
  test.for(isLong ? pairs : pairs.slice(0, 1))('kill -9 of one of two consumers, again and again: %s', async (pair) => {
    const topic = `consumers-${pair.replaceAll(/\W+/g, '-')}`
    const partitions = isLong ? 12 : 4
    const random = seededRandom(3)
    const sent = await survives(topic, { pair, partitions, rate: 4_000, seed: 2 }, async ({ runners, start }) => {
      for (let cycle = 0; cycle < (isLong ? 100 : 4); cycle += 1) {
        const victim = cycle % 2
        await runners[victim]?.printed(2)
        await delay(random() * 1_000)
        await runners[victim]?.kill()
        runners[victim] = start()
      }
    })
    expect(sent).toBeGreaterThan(1_000)
  })

  test.runIf(isLong)('one of two consumers killed every two seconds for a minute at 20,000 events/s', async () => {
    const sent = await survives('busy', { partitions: 12, rate: 20_000, seed: 14 }, async ({ runners, start }) => {
      for (let cycle = 0; cycle < 30; cycle += 1) {
        await delay(2_000)
        await runners[cycle % 2]?.kill()
        runners[cycle % 2] = start()
      }
      await recovered('busy', 12)
    })
    expect(sent).toBeGreaterThan(300_000)
  })

  test('a consumer that is stopped longer than its lease comes back fenced', async () => {
    const sent = await survives('frozen', { partitions: 2, seed: 4 }, async ({ runners: [frozen] }) => {
      await held('frozen', 2)
      frozen?.process.kill('SIGSTOP')
      await held('frozen', 1)
      frozen?.process.kill('SIGCONT')
      await frozen?.said('"fenced"')
    })
    expect(sent).toBeGreaterThan(1_000)
  })

  test('kill -9 of the broker: producer and consumers go on by themselves', async () => {
    const sent = await survives('broker', { seed: 5 }, async () => {
      for (let cycle = 0; cycle < (isLong ? 10 : 1); cycle += 1) {
        await delay(1_000)
        await killServer('kafka')
        await delay(500)
        services('start', 'kafka')
        await delay(2_000)
      }
    })
    expect(sent).toBeGreaterThan(1_000)
  })

  test('kill -9 of Redis, its file cut anywhere: cursor and counters go back together', async () => {
    const random = seededRandom(6)
    const sent = await survives('store', { seed: 7 }, async () => {
      for (let cycle = 0; cycle < (isLong ? 16 : 2); cycle += 1) {
        await delay(800)
        await killServer('redis')
        cutTail(random)
        services('start', 'redis')
        await rewritten()
      }
    })
    expect(sent).toBeGreaterThan(1_000)
  })

  test('a replica of Redis that is promoted without the last flushes: the log has them', async () => {
    const topic = 'promoted'
    await using log = await openLog(topic, 2)
    const generator = new EventGenerator(flawed, seededRandom(12))
    const stop = new AbortController()
    const sending = simulate({ log, generator, clock: systemClock, ratePerSecond: 2_000 }, stop.signal)
    const runner = startRunner(topic, 2)
    await runner.printed(2)
    await using replica = await startReplica(redisUrl)
    await delay(1_000)
    // What is flushed from here on reaches the primary alone.
    await replica.ask((redis) => redis.call('REPLICAOF', 'NO', 'ONE'))
    await delay(1_000)
    const [kept, lost] = [await replica.ask(nextOf(topic)), await nextOf(topic)(new Redis(redisUrl))]
    expect(lost).toBeGreaterThan(kept)
    await killServer('redis')
    await runner.kill()
    stop.abort()
    await sending
    const before = redisUrl
    redisUrl = replica.url
    try {
      await countAll(topic, 2)
      await expectTruth(topic, generator)
    } finally {
      redisUrl = before
      services('start', 'redis')
    }
  })

  test.runIf(isLong)(
    'a Postgres put back from an older copy: counters and cursors go back together, and the log is read again',
    async () => {
      const topic = 'restored'
      const dir = join(data, 'restored')
      await using log = await openLog(topic, 2)
      const generator = new EventGenerator(flawed, seededRandom(13))
      const send = () =>
        simulate(
          { log, generator, clock: systemClock, ratePerSecond: 0, count: generator.sent === 0 ? 4_000 : 3_000 },
          AbortSignal.timeout(60_000),
        )
      const options = { log: specs(topic, 2).log, counters: { module: moduleOf('postgres-counters.ts'), options: {} } }
      const countIn = async (): Promise<string> => {
        const server = await startEmbedded({ dir })
        try {
          await using own = await attach({ ...server.connection, schema: 'millrace' })
          await own.migrate()
          const job = {
            warehouse: own,
            clock: systemClock,
            defaultZone: zone,
            job: 'live',
            limits,
            ...options,
            once: true,
          }
          await runStream(job, AbortSignal.timeout(120_000))
          const [row] = await own.query<{ sums: string }>(
            "select concat_ws(' ', sum(impressions), sum(clicks), sum(conversions), sum(revenue_micros)) as sums from rt_day",
          )
          return row?.sums ?? ''
        } finally {
          await server.stop()
        }
      }
      const truth = (): string => {
        const all = [...generator.truth.values()]
        const sum = (pick: (one: (typeof all)[number]) => number): number =>
          all.reduce((total, one) => total + pick(one), 0)
        const revenue = all.reduce((total, one) => total + one.revenueMicros, 0n)
        return [sum((one) => one.impressions), sum((one) => one.clicks), sum((one) => one.conversions), revenue].join(
          ' ',
        )
      }
      await send()
      expect(await countIn()).toBe(truth())
      // With its owner and its permissions, without which the server does not start.
      expect(spawnSync('cp', ['-a', dir, `${dir}-copy`]).status).toBe(0)
      await send()
      expect(await countIn()).toBe(truth())
      rmSync(dir, { recursive: true })
      renameSync(`${dir}-copy`, dir)
      expect(await countIn()).toBe(truth())
    },
  )

  test('a Redis that was emptied stops the job instead of beginning it anew', async () => {
    await using log = await openLog('emptied', 1)
    const generator = new EventGenerator(seedProfile, seededRandom(8))
    await simulate({ log, generator, clock: systemClock, ratePerSecond: 0, count: 500 }, AbortSignal.timeout(30_000))
    await countAll('emptied', 1)
    const redis = new Redis(redisUrl)
    await redis.flushall()
    redis.disconnect()
    await expect(countAll('emptied', 1)).rejects.toMatchObject({ facts: { code: 'STREAM_CURSOR_MISSING' } })
  })

  test('a log that was cut below the cursor stops the job', async () => {
    await using log = await openLog('cut', 1)
    const generator = new EventGenerator(seedProfile, seededRandom(9))
    const send = (count: number) =>
      simulate({ log, generator, clock: systemClock, ratePerSecond: 0, count }, AbortSignal.timeout(30_000))
    await send(500)
    await countAll('cut', 1)
    await send(500)
    await log.trim(0, 900, Number.MAX_SAFE_INTEGER)
    await expect(countAll('cut', 1)).rejects.toMatchObject({ facts: { code: 'STREAM_OFFSET_OUT_OF_RANGE' } })
  })

  test('more partitions: the old topic is drained, the new one counts on with the same job', async () => {
    const generator = new EventGenerator(flawed, seededRandom(10))
    for (const [topic, partitions] of [
      ['generation-1', 3],
      ['generation-2', 7],
    ] as const) {
      await using log = await openLog(topic, partitions)
      await simulate(
        { log, generator, clock: systemClock, ratePerSecond: 0, count: 3_000 },
        AbortSignal.timeout(30_000),
      )
      await countAll(topic, partitions, 'generations')
      await expect(openLog(topic, partitions + 1)).rejects.toMatchObject({ code: 'STREAM_PARTITIONS_DIFFER' })
    }
    await using counters = await openCounters()
    const totals = await counters.totals({ job: 'generations', grain: 'day' })
    const sum = totals.reduce((all, { values }) => all + values.revenue_micros, 0n)
    expect(sum).toBe([...generator.truth.values()].reduce((all, one) => all + one.revenueMicros, 0n))
    expect(await counters.cursors('generations')).toHaveLength(10)
  })
})

/** How far a job's partitions are counted, together. */
const nextOf =
  (topic: string) =>
  async (redis: Redis): Promise<number> => {
    const next = await Promise.all(
      [0, 1].map((partition) => redis.hget(`stream:${topic}:cursor:${topic}:${partition}`, 'next')),
    )
    redis.disconnect()
    return next.reduce((sum, one) => sum + Number(one), 0)
  }

interface Replica extends AsyncDisposable {
  readonly url: string
  ask<Answer>(question: (redis: Redis) => Promise<Answer>): Promise<Answer>
}

/** A second Redis that follows the first, once it has all that the first one has. */
async function startReplica(of: string): Promise<Replica> {
  const { port: primary } = new URL(of)
  const port = String(Number(primary) + 1 > 65_535 ? Number(primary) - 1 : Number(primary) + 1)
  const dir = join(data, 'replica')
  mkdirSync(dir, { recursive: true })
  const args = [
    '--bind',
    '127.0.0.1',
    '--port',
    port,
    '--dir',
    dir,
    '--appendonly',
    'yes',
    '--save',
    '',
    '--replicaof',
    '127.0.0.1',
    primary,
  ]
  const child = spawn('redis-server', args, { stdio: 'ignore' })
  const ended = once(child, 'exit')
  const url = `redis://127.0.0.1:${port}`
  const ask: Replica['ask'] = async (question) => {
    const redis = new Redis(url)
    // It needs a moment to listen.
    redis.on('error', () => undefined)
    try {
      return await question(redis)
    } finally {
      redis.disconnect()
    }
  }
  while (!(await ask((redis) => redis.info('replication'))).includes('master_link_status:up')) await delay(50)
  return {
    url,
    ask,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Waits until a consumer has had the file written anew: a Redis that is killed before may refuse to start, and has to be mended by hand. */
async function rewritten(): Promise<void> {
  const redis = new Redis(redisUrl)
  const runOf = (info: string): string | undefined => /^run_id:(.*)$/m.exec(info)?.[1]?.trim()
  while ((await redis.get('stream:server')) !== runOf(await redis.info('server'))) await delay(50)
  redis.disconnect()
}

/** Cuts up to 20 kB off the newest append-only file, as a machine that lost its power leaves it. */
function cutTail(random: () => number): void {
  const folder = join(data, 'redis', 'appendonlydir')
  const newest = readdirSync(folder)
    .filter((name) => name.endsWith('.incr.aof'))
    .at(-1)
  if (newest === undefined) throw new Error('no append-only file')
  const file = openSync(join(folder, newest), 'r+')
  const { size } = statSync(join(folder, newest))
  ftruncateSync(file, Math.max(0, size - Math.floor(random() * 20_000)))
  closeSync(file)
}
