import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seededRandom, systemClock } from '../domain/clock.ts'
import { dayAt } from '../domain/day.ts'
import type { TimeZone } from '../domain/day.ts'
import { adapter as folderLake } from '../lake/folder.ts'
import type { Lake } from '../lake/lake.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { Counters } from './counters.ts'
import { defaultDedupe } from './dedupe.ts'
import { linesOf } from './fixture.ts'
import { EventGenerator, seedProfile } from './generator.ts'
import { landAll, landLimits } from './land.ts'
import { compact, listEventFiles, planCompaction, planSweep, sweep } from './land-care.ts'
import type { EventLog } from './log.ts'
import { adapter as postgresCounters } from './postgres-counters.ts'
import { adapter as postgresLog } from './postgres-log.ts'
import { recordReconciliation, reconcileDay } from './reconcile.ts'
import { checkSwap, compareJobs, fillFromLake, nextRange, replayLimits, swapJobs } from './replay.ts'
import { runStream } from './run.ts'
import { SeriesRegistry } from './series.ts'
import { simulate } from './simulate.ts'
import { attach } from './worker-thread.ts'

const zone = 'Asia/Seoul' as TimeZone
const topic = 'replayed'
const folder = mkdtempSync(join(tmpdir(), 'millrace-replay-'))
let warehouse: Warehouse
let counters: Counters
let lake: Lake
let log: EventLog
let generator: EventGenerator

/** Copies later than this are counted again: the recount has to find them. */
const dedupe = { ...defaultDedupe, windowEvents: 300 }

const portsOf = () => ({
  log,
  lake,
  warehouse,
  counters,
  registry: new SeriesRegistry(warehouse, zone),
  clock: systemClock,
  scratchDir: join(folder, 'scratch'),
})

const count = (job: string) =>
  runStream(
    {
      warehouse,
      clock: systemClock,
      defaultZone: zone,
      job,
      dedupe,
      once: true,
      threads: 1,
      log: { module: new URL('./postgres-log.ts', import.meta.url).href, options: { topic, partitions: 2 } },
      counters: { module: new URL('./postgres-counters.ts', import.meta.url).href, options: {} },
    },
    new AbortController().signal,
  )

beforeAll(async () => {
  warehouse = await openTestWarehouse()
  lake = await folderLake.open({ root: join(folder, 'lake') })
  counters = await postgresCounters.open({ warehouse })
  log = await postgresLog.open(postgresLog.options.parse({ warehouse, topic, partitions: 2 }))
  generator = new EventGenerator({ ...seedProfile, flaws: { duplicates: 0, late: 0.05, bad: 0.02 } }, seededRandom(3))
  // Sent in pieces, because a segment is what one sending makes of it.
  for (let piece = 0; piece < 8; piece += 1)
    await simulate({ log, generator, clock: systemClock, ratePerSecond: 0, count: 500 }, new AbortController().signal)
  // A clock that is an hour ahead: counted when the log took it, on both ways.
  const ahead = `{"event_type":"click","campaign_id":"ahead","timestamp":${systemClock.nowMs() + 3_600_000}}`
  // Conversions are told apart by their id and source, and without one by their place.
  const conversion = (fields: string) =>
    `{"event_type":"conversion","campaign_id":"bought","timestamp":${systemClock.nowMs()},"value":1.5,${fields}}`
  const conversions = ['"event_id":null', '"event_id":null', '"event_id":"1"', '"event_id":"1","source":"shop \\" é"']
  await log.append({ partition: 1, ...linesOf([ahead, ...conversions.map(conversion)]) })
  await count('live')
}, 60_000)

afterAll(async () => {
  await log[Symbol.asyncDispose]()
  await warehouse[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const today = () => dayAt(systemClock.nowMs(), zone)

describe('counting again from the lake', () => {
  test('comes to the counters of the log to the last unit, for every grain, with its dead letters', async () => {
    const files = await landAll(portsOf(), { ...landLimits, recordsMax: 700, bytesMax: 50_000 })
    expect(files.length).toBeGreaterThan(3)
    const limits = { ...replayLimits, recordsMax: 900 }
    const filled = []
    for await (const one of fillFromLake(portsOf(), 'shadow', limits)) filled.push(one)
    expect(filled.reduce((sum, { records }) => sum + records, 0)).toBe(generator.sent + 5)
    for (const grain of ['minute', 'hour', 'day'] as const) {
      const of = async (job: string) =>
        (await counters.totals({ job, grain })).map((total) => JSON.stringify(Object.values(total).map(plain))).sort()
      expect(await of('shadow')).toEqual(await of('live'))
    }
    expect(await compareJobs(counters, 'shadow')).toEqual([])
    const conversionIds = (job: string) =>
      warehouse.query(
        `select id, utc_day, revenue_micros from stream_conversion c join stream_job j on j.job_id = c.job_id where j.job = $1 order by 1, 2`,
        [job],
      )
    expect(await conversionIds('shadow')).toEqual(await conversionIds('live'))
    const letters = (job: string) =>
      warehouse.query(
        `select partition, record_offset, reason from dead_letter d join stream_job j on j.job_id = d.job_id where j.job = $1 order by 1, 2`,
        [job],
      )
    expect(await letters('shadow')).toEqual(await letters('live'))
    expect((await letters('live')).length).toBe(generator.bad)
  })

  test('small files become one; the list changes in one commit, and what it replaced goes after an hour', async () => {
    const ports = portsOf()
    const before = await listEventFiles(warehouse, topic)
    const runs = planCompaction(before, { smallBytes: 1e9, mergedBytesMax: 1e9, filesMin: 2 })
    expect(runs.map((run) => run[0]?.partition)).toEqual([0, 1])
    for (const run of runs) expect(await compact(ports, run)).toBe(true)
    // Somebody else's list: the same files cannot be replaced twice.
    expect(await compact(ports, runs[0] ?? [])).toBe(false)
    const after = await listEventFiles(warehouse, topic)
    expect(after.map(({ partition, first, next, rows }) => [partition, first, next, rows])).toEqual(
      runs.map((run) => [
        run[0]?.partition,
        run[0]?.first,
        run.at(-1)?.next,
        run.reduce((sum, { rows }) => sum + rows, 0),
      ]),
    )
    expect((await planSweep(ports)).replaced).toEqual([])
    const swept = await planSweep(ports, { replacedMs: -1_000, orphanMs: -48 * 3_600_000 })
    expect(swept.replaced.toSorted()).toEqual(before.map(({ key }) => key).toSorted())
    expect(swept.orphans).toHaveLength(1)
    await sweep(ports, swept)
    expect(await planSweep(ports, { replacedMs: -1_000, orphanMs: -48 * 3_600_000 })).toEqual({
      replaced: [],
      orphans: [],
    })
    expect(await reconcileDay(ports, today())).toMatchObject({ outcome: 'equal', differing: [] })
  })

  test('copies beyond the window are found by the recount, adjusted once, and gone after a replay is swapped in', async () => {
    const timestamp = systemClock.nowMs()
    const copied = `{"event_id":"again","event_type":"click","campaign_id":"copied","timestamp":${timestamp}}`
    const other = (id: number) =>
      `{"event_id":"o${id}","event_type":"click","campaign_id":"others","timestamp":${timestamp}}`
    await log.append({ partition: 0, ...linesOf([copied]) })
    for (let round = 0; round < 3; round += 1)
      await log.append({ partition: 0, ...linesOf(Array.from({ length: 400 }, (_, at) => other(round * 400 + at))) })
    await log.append({ partition: 0, ...linesOf([copied]) })
    await count('live')
    const clicks = async () =>
      (await warehouse.query(`select sum(clicks)::int as clicks from campaign_day where campaign_id = 'copied'`))[0]?.[
        'clicks'
      ]
    expect(await clicks()).toBe(2)
    await using closing = new AsyncDisposableStack()
    const others: Warehouse[] = []
    for (let at = 0; at < 6; at += 1) others.push(closing.use(await attach(warehouse.connection)))
    await Promise.all(others.map((other) => other.query('select 1')))
    for (let times = 0; times < 2; times += 1) {
      const found = await reconcileDay(portsOf(), today())
      expect(found).toMatchObject({ outcome: 'adjusted', differing: [{ series: { campaignId: 'copied' } }] })
      // As many processes find the same at the same time.
      await Promise.all(others.map((other) => recordReconciliation({ ...portsOf(), warehouse: other }, found)))
      const running = await warehouse.query<{ readonly sum: number }>(
        'select sum(clicks) over (order by adjustment_id)::int as sum from stream_adjustment',
      )
      expect(new Set(running.map(({ sum }) => sum))).toEqual(new Set([-1, 0]))
      expect(await clicks()).toBe(1)
    }
    for await (const _ of fillFromLake(portsOf(), 'again'));
    await count('again')
    expect(await compareJobs(counters, 'again')).toMatchObject([
      { campaignId: 'copied', metric: 'clicks', live: 2n, shadow: 1n },
    ])
    await swapJobs(warehouse, 'again', 'before')
    expect(await clicks()).toBe(1)
    expect(await reconcileDay(portsOf(), today())).toMatchObject({ outcome: 'equal' })
    await log.append({ partition: 0, ...linesOf([other(5_000)]) })
    await count('live')
    expect(await reconcileDay(portsOf(), today())).toMatchObject({ outcome: 'equal' })
  })

  test('counters that nothing explains are outside, and are not adjusted', async () => {
    await warehouse.query(
      `update rt_day set impressions = impressions + 1 where job_id = (select job_id from stream_job where job = 'live')
       and series_id = (select series_id from stream_series where campaign_id = 'copied')`,
    )
    const found = await reconcileDay(portsOf(), today())
    expect(found).toMatchObject({ outcome: 'outside', differing: [{ series: { campaignId: 'copied' } }] })
    await recordReconciliation(portsOf(), found)
    expect(
      await warehouse.query('select outcome from stream_reconciliation order by reconciliation_id desc limit 1'),
    ).toEqual([{ outcome: 'outside' }])
    expect(
      await warehouse.query('select 1 from stream_adjustment a join stream_live l on l.job_id = a.job_id'),
    ).toEqual([])
  })

  test('a range stops before a gap and begins within a file', () => {
    const file = (first: number, next: number) => ({ first, next, rows: next - first }) as never
    const files = [file(0, 10), file(10, 20), file(30, 40)]
    expect(nextRange(files, 0, { recordsMax: 100 })).toEqual(files.slice(0, 2))
    expect(nextRange(files, 15, { recordsMax: 100 })).toEqual(files.slice(1, 2))
    expect(nextRange(files, 20, { recordsMax: 100 })).toEqual([])
    expect(nextRange(files, 0, { recordsMax: 10 })).toEqual(files.slice(0, 1))
  })

  test('two replays into one job do not take turns', async () => {
    const fill = fillFromLake(portsOf(), 'contended', { ...replayLimits, recordsMax: 1 })
    expect((await fill.next()).value).toMatchObject({ partition: 0 })
    await expect(fillFromLake(portsOf(), 'contended').next()).rejects.toMatchObject({ code: 'STREAM_REPLAY_BUSY' })
  })

  test('counters of another store cannot be swapped', () => {
    expect(() => checkSwap({ adapter: 'redis', place: 'Redis' })).toThrow(/Redis/)
    expect(() => checkSwap({ adapter: 'postgres', place: 'Postgres' })).not.toThrow()
  })

  test('a job that is not there cannot be swapped in, and the live one stays', async () => {
    await expect(swapJobs(warehouse, 'nobody', 'kept')).rejects.toMatchObject({ code: 'STREAM_JOB_UNKNOWN' })
    expect((await counters.cursors('live')).length).toBe(2)
  })
})

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return typeof value === 'object' && value !== null ? Object.values(value).map(plain) : value
}
