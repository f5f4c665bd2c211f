import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { seededRandom, standingClock, systemClock } from '../domain/clock.ts'
import type { TimeZone } from '../domain/day.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { PartitionConsumer, defaultLimits } from './consume.ts'
import type { Counters } from './counters.ts'
import { defaultDedupe } from './dedupe.ts'
import type { Child } from './fixture.ts'
import { linesOf, moduleUrl, startChild } from './fixture.ts'
import { EventGenerator, seedProfile } from './generator.ts'
import { lagOf } from './lag.ts'
import type { EventLog } from './log.ts'
import { adapter as postgresCounters } from './postgres-counters.ts'
import { adapter as postgresLog } from './postgres-log.ts'
import { runStream } from './run.ts'
import type { RunOptions } from './run.ts'
import { SeriesRegistry } from './series.ts'
import { shareOf } from './share.ts'
import { simulate } from './simulate.ts'

const isLong = process.env['MILLRACE_LONG'] !== undefined
const zone = 'Asia/Seoul' as TimeZone
const limits = { ...defaultLimits, flushMs: 150, leaseMs: 1_500, waitMs: 200 }
let warehouse: Warehouse
let counters: Counters

beforeAll(async () => {
  warehouse = await openTestWarehouse()
  counters = await postgresCounters.open({ warehouse })
})

afterAll(() => warehouse[Symbol.asyncDispose]())

const openLog = (topic: string, partitions: number): Promise<EventLog> =>
  postgresLog.open(postgresLog.options.parse({ warehouse, topic, partitions }))

/** Adapters as data, each job with its own topic of the same name. */
const specs = (topic: string, partitions: number) => ({
  log: { module: new URL('./postgres-log.ts', import.meta.url).href, options: { topic, partitions } },
  counters: { module: new URL('./postgres-counters.ts', import.meta.url).href, options: {} },
})

const optionsOf = (topic: string, partitions: number): RunOptions => ({
  warehouse,
  clock: systemClock,
  defaultZone: zone,
  job: topic,
  limits,
  ...specs(topic, partitions),
})

/** `stream run` in a process of its own, until SIGTERM. */
function startRunner(topic: string, partitions: number): Child {
  return startChild(`
    const { attach } = await import(${moduleUrl('worker-thread.ts')})
    const { systemClock } = await import(${moduleUrl('../domain/clock.ts')})
    const { runStream } = await import(${moduleUrl('run.ts')})
    const warehouse = await attach(${JSON.stringify(warehouse.connection)})
    const stop = new AbortController()
    process.on('SIGTERM', () => stop.abort())
    console.log('running')
    await runStream({ warehouse, clock: systemClock, defaultZone: ${JSON.stringify(zone)}, job: ${JSON.stringify(topic)}, threads: 1, shareMs: 300,
      limits: ${JSON.stringify(limits)}, ...${JSON.stringify(specs(topic, partitions))},
      tell: (message) => console.log(JSON.stringify(message)) }, stop.signal)
    console.log('drained')
    process.exit(0)`)
}

/** Sums over all buckets of a grain, by campaign. */
async function countedBy(job: string, grain: 'minute' | 'hour' | 'day') {
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
  return sums
}

const expectTruth = async (job: string, generator: EventGenerator): Promise<void> => {
  for (const grain of ['minute', 'hour', 'day'] as const) expect(await countedBy(job, grain)).toEqual(generator.truth)
  const cursors = await counters.cursors(job)
  const sum = (of: 'records' | 'duplicates' | 'invalid') => cursors.reduce((total, one) => total + one.tallies[of], 0)
  expect([sum('records'), sum('duplicates'), sum('invalid')]).toEqual([
    generator.sent,
    generator.duplicates,
    generator.bad,
  ])
  const [{ letters } = { letters: '' }] = await warehouse.query<{ letters: string }>(
    'select count(*) as letters from dead_letter d join stream_job j on j.job_id = d.job_id where j.job = $1',
    [job],
  )
  expect(Number(letters)).toBe(generator.bad)
}

const flawed = {
  ...seedProfile,
  campaigns: Array.from({ length: 40 }, (_, n) => `camp_${n}`),
  flaws: { duplicates: 0.05, late: 0.05, bad: 0.02 },
}

describe('stream run', () => {
  test('counts what was sent, each event once, and the seed’s mix comes out of the generator', async () => {
    await using log = await openLog('plain', 4)
    const generator = new EventGenerator(seedProfile, seededRandom(1))
    await simulate({ log, generator, clock: systemClock, ratePerSecond: 0, count: 20_000 }, AbortSignal.timeout(60_000))
    await runStream({ ...optionsOf('plain', 4), once: true }, AbortSignal.timeout(60_000))
    await expectTruth('plain', generator)
    const all = [...generator.truth.values()]
    const share = (of: 'impressions' | 'clicks' | 'conversions') => all.reduce((sum, one) => sum + one[of], 0) / 20_000
    expect(share('impressions')).toBeCloseTo(0.8, 1)
    expect(share('clicks')).toBeCloseTo(0.15, 1)
    expect(share('conversions')).toBeCloseTo(0.05, 1)
    const lags = await lagOf(log, counters, 'plain', systemClock.nowMs())
    expect(lags.map(({ records, lagMs }) => [records, lagMs])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 0],
    ])
    await runStream({ ...optionsOf('plain', 4), once: true }, AbortSignal.timeout(60_000))
    await expectTruth('plain', generator)
  })

  test('kill -9 of one of two runners, again and again, loses nothing and counts nothing twice', async () => {
    const cycles = isLong ? 100 : 4
    const partitions = isLong ? 12 : 4
    await using log = await openLog('killed', partitions)
    const generator = new EventGenerator(flawed, seededRandom(2))
    const stop = new AbortController()
    const sending = simulate(
      { log, generator, clock: systemClock, ratePerSecond: isLong ? 20_000 : 4_000 },
      stop.signal,
    )
    const runners = [startRunner('killed', partitions), startRunner('killed', partitions)]
    const random = seededRandom(3)
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      const victim = cycle % 2
      // It has begun to count; then it dies at any moment.
      await runners[victim]?.printed(2)
      await delay(random() * 1_000)
      await runners[victim]?.kill()
      runners[victim] = startRunner('killed', partitions)
    }
    stop.abort()
    const sent = await sending
    expect(sent).toBeGreaterThan(cycles * 500)
    for (const runner of runners) await runner.printed(1)
    for (const runner of runners) runner.process.kill('SIGTERM')
    for (const runner of runners) expect(await runner.ended).toBe(0)
    for (const runner of runners) expect(runner.lines.at(-1)).toBe('drained')
    // Else the run below would have counted everything, and nothing that was killed anything.
    const counted = (await counters.cursors('killed')).reduce((sum, one) => sum + one.tallies.records, 0)
    expect(counted).toBeGreaterThan(0)
    await runStream({ ...optionsOf('killed', partitions), once: true }, AbortSignal.timeout(60_000))
    await expectTruth('killed', generator)
  })

  test('a runner that is stopped longer than its lease comes back fenced, and the other has counted on', async () => {
    await using log = await openLog('frozen', 2)
    const generator = new EventGenerator(flawed, seededRandom(4))
    const stop = new AbortController()
    const sending = simulate({ log, generator, clock: systemClock, ratePerSecond: 3_000 }, stop.signal)
    const [frozen, other] = [startRunner('frozen', 2), startRunner('frozen', 2)]
    /** Waits until both partitions are held by so many runners. */
    const held = (runners: number): Promise<boolean> =>
      vi.waitUntil(
        async () => {
          const owners = (await lagOf(log, counters, 'frozen', systemClock.nowMs())).map(({ owner }) => owner)
          return owners.length === 2 && !owners.includes(null) && new Set(owners).size === runners
        },
        { timeout: 50_000, interval: 100 },
      )
    await held(2)
    frozen.process.kill('SIGSTOP')
    // Longer than the lease and than its presence, so that the other takes everything.
    await held(1)
    frozen.process.kill('SIGCONT')
    await frozen.said('"fenced"')
    stop.abort()
    await sending
    for (const runner of [frozen, other]) runner.process.kill('SIGTERM')
    for (const runner of [frozen, other]) expect(await runner.ended).toBe(0)
    await runStream({ ...optionsOf('frozen', 2), once: true }, AbortSignal.timeout(60_000))
    await expectTruth('frozen', generator)
  })

  test('one that is asked to stop while it fills its window of ids stops there, and not when it is full', async () => {
    const job = 'refilled'
    await using log = await openLog(job, 1)
    const one = `{"event_type":"click","campaign_id":"c","timestamp":${systemClock.nowMs()}}`
    for (let n = 0; n < 4; n += 1) await log.append({ partition: 0, ...linesOf([one]) })
    await runStream({ ...optionsOf(job, 1), once: true }, AbortSignal.timeout(60_000))
    const lease = await counters.acquire({ job, topic: job, partition: 0, owner: 'me', leaseMs: 60_000 })
    if (!lease) throw new Error('the partition is held')
    const stop = new AbortController()
    let reads = 0
    const watched: EventLog = {
      place: log.place,
      topic: log.topic,
      partitions: () => log.partitions(),
      append: (append) => log.append(append),
      bounds: (partition) => log.bounds(partition),
      trim: (...trim) => log.trim(...trim),
      async read(partition, from) {
        reads += 1
        stop.abort()
        return log.read(partition, from, { bytesMax: 1, waitMs: 0 })
      },
      [Symbol.asyncDispose]: async () => undefined,
    }
    const registry = new SeriesRegistry(warehouse, zone)
    const options = { limits, dedupe: defaultDedupe, acceptInvalid: false }
    const consumer = new PartitionConsumer({ log: watched, counters, registry, clock: systemClock }, options, lease)
    expect([await consumer.run(stop.signal), reads]).toEqual(['stopped', 1])
    await counters.release(lease)
  })

  test('a broken producer stops its partition, puts nothing aside, and is accepted only when told to', async () => {
    await using log = await openLog('broken', 1)
    await log.append({ partition: 0, ...linesOf(Array.from({ length: 300 }, (_, n) => `{"version":2,"n":${n}}`)) })
    const options = { ...optionsOf('broken', 1), once: true }
    await expect(runStream(options, AbortSignal.timeout(60_000))).rejects.toMatchObject({
      code: 'STREAM_PARTITION_STOPPED',
      facts: { code: 'STREAM_SCHEMA_BREAK' },
    })
    expect((await counters.cursors('broken'))[0]).toMatchObject({ next: 0, tallies: { invalid: 0 } })
    await runStream({ ...options, acceptInvalid: true }, AbortSignal.timeout(60_000))
    expect((await counters.cursors('broken'))[0]).toMatchObject({ next: 300, tallies: { invalid: 300 } })
  })

  test('a log that was cut below the cursor, and a lost cursor, stop the job with what to do', async () => {
    const clock = standingClock(Date.UTC(2026, 0, 1))
    await using log = await postgresLog.open(
      postgresLog.options.parse({ warehouse, topic: 'cut', partitions: 1, clock }),
    )
    const one = `{"event_type":"click","campaign_id":"c","timestamp":${clock.nowMs()}}`
    await log.append({ partition: 0, ...linesOf([one, one]) })
    await runStream({ ...optionsOf('cut', 1), once: true }, AbortSignal.timeout(60_000))
    await log.append({ partition: 0, ...linesOf([one, one]) })
    await clock.sleep(86_400_000)
    await log.append({ partition: 0, ...linesOf([one]) })
    await log.trim(0, 4, clock.nowMs())
    await expect(runStream({ ...optionsOf('cut', 1), once: true }, AbortSignal.timeout(60_000))).rejects.toMatchObject({
      facts: { code: 'STREAM_OFFSET_OUT_OF_RANGE' },
    })
    await warehouse.query(`delete from stream_cursor where job_id = (select job_id from stream_job where job = 'cut')`)
    await expect(runStream({ ...optionsOf('cut', 1), once: true }, AbortSignal.timeout(60_000))).rejects.toMatchObject({
      facts: { code: 'STREAM_CURSOR_MISSING' },
    })
  })

  test('duplicates inside the window are dropped after a restart too, those beyond it count once more but for conversions', async () => {
    await using log = await openLog('window', 1)
    const event = (type: string, n: number) =>
      `{"event_id":"019b76da-a800-7000-8000-${String(n).padStart(12, '0')}","event_type":"${type}","campaign_id":"c","timestamp":${systemClock.nowMs()}}`
    const lines = [event('click', 1), event('conversion', 2)]
    const run = async () =>
      runStream(
        { ...optionsOf('window', 1), dedupe: { ...defaultDedupe, windowEvents: 10 }, once: true },
        AbortSignal.timeout(60_000),
      )
    await log.append({ partition: 0, ...linesOf(lines) })
    await run()
    await log.append({ partition: 0, ...linesOf(lines) })
    await run()
    const counted = async () => (await countedBy('window', 'day')).get('c')
    expect(await counted()).toMatchObject({ clicks: 1, conversions: 1 })
    for (let n = 0; n < 3; n += 1)
      await log.append({
        partition: 0,
        ...linesOf(Array.from({ length: 10 }, (_, i) => event('impression', 100 + n * 10 + i))),
      })
    await log.append({ partition: 0, ...linesOf(lines) })
    await run()
    expect(await counted()).toMatchObject({ impressions: 30, clicks: 2, conversions: 1 })
  })
})

test('shares are whole, disjoint, and as even as can be', () => {
  const workers = ['c', 'a', 'b']
  const takes = workers.map((owner) => shareOf(owner, workers, [], 8).take)
  expect(takes.flat().sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  expect(takes.map((take) => take.length).sort((a, b) => a - b)).toEqual([2, 3, 3])
  expect(shareOf('a', ['a', 'b'], [0, 1, 2], 4)).toEqual({ take: [], give: [1] })
  expect(shareOf('alone', [], [], 2)).toEqual({ take: [0, 1], give: [] })
})
