import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seededRandom, systemClock } from '../src/domain/clock.ts'
import type { TimeZone } from '../src/domain/day.ts'
import { flinkSql } from '../src/stream/flink-export.ts'
import { EventGenerator, seedProfile } from '../src/stream/generator.ts'
import { adapter as kafkaLog } from '../src/stream/kafka-log.ts'
import type { EventLog } from '../src/stream/log.ts'
import { runStream } from '../src/stream/run.ts'
import { send } from '../src/stream/send.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import { FlinkCluster } from './flink-cluster.ts'

/*
 * The exported aggregation in Flink itself, over the same Kafka topic and into the same Postgres: late, duplicate, broken and odd events, its task
 * manager killed with -9 between them. What it comes to is what our counters come to, row by row and to the last millionth.
 */
const home = process.env['MILLRACE_TEST_FLINK'] ?? ''
const brokers = process.env['MILLRACE_TEST_KAFKA_BROKERS'] ?? ''
const postgresUrl = process.env['MILLRACE_TEST_POSTGRES_URL'] ?? ''
const isHere = home !== '' && brokers !== '' && postgresUrl !== ''
const unavailable = 'MILLRACE_TEST_FLINK, MILLRACE_TEST_KAFKA_BROKERS or MILLRACE_TEST_POSTGRES_URL is not set'
const topic = `flink-${process.pid}-${Date.now()}`
const options = { brokers, topic, dedupeMs: 2 * 3_600_000 }

describe('export flink', () => {
  test('is the same bytes each time, and holds no secret', () => {
    const main = join(import.meta.dirname, '..', 'src', 'cli', 'main.ts')
    const run = () =>
      spawnSync(process.execPath, [main, 'export', 'flink', '--project', import.meta.dirname], { encoding: 'utf8' })
    const first = run()
    expect(first.status).toBe(0)
    expect(first.stdout).toMatch(/^-- Written by: millrace export flink\n/)
    expect(first.stdout).toContain(`'properties.bootstrap.servers' = 'BROKER:9092'`)
    expect(first.stdout).toContain(`'password' = 'PASSWORD'`)
    expect(run().stdout).toBe(first.stdout)
  })

  test('quotes what it is given', () => {
    expect(flinkSql({ ...options, topic: "o'hare" })).toContain(`'topic' = 'o''hare'`)
  })
})

let warehouse: Warehouse
let log: EventLog
/** Flink reaches a server by its port alone: its rows go into a schema of its own there. */
let sink: pg.Client
const schema = `flink_${process.pid}`

beforeAll(async () => {
  if (!isHere) return
  warehouse = await openTestWarehouse()
  log = await kafkaLog.open(kafkaLog.options.parse({ brokers, topic, partitions: 2 }))
  sink = new pg.Client(postgresUrl)
  await sink.connect()
  await sink.query(`create schema ${schema}`)
  await sink.query(`set search_path = ${schema}`)
})

afterAll(async () => {
  if (!isHere) return
  await sink.query(`drop schema ${schema} cascade`)
  await sink.end()
  await log[Symbol.asyncDispose]()
  await warehouse[Symbol.asyncDispose]()
})

/** What the generator does not make: other units of time, clocks that are wrong, costs, robots, sources, names of a platform. */
function oddLines(nowMs: number): readonly { readonly campaignId: string; readonly line: string }[] {
  const base = { campaign_id: 'odd', event_type: 'impression', timestamp: nowMs }
  const conversion = { ...base, event_type: 'conversion' }
  const events = [
    { ...base, event_id: 's', timestamp: Math.floor(nowMs / 1000) },
    { ...base, event_id: 'f', timestamp: nowMs / 1000 - 0.25 },
    { ...base, event_id: 'sent', timestamp: nowMs - 7_200_000, sent_at: nowMs - 7_190_000, received_at: nowMs },
    { ...base, event_id: 'future', timestamp: nowMs + 3_600_000, received_at: nowMs - 60_000 },
    { ...base, event_id: 'far', timestamp: nowMs + 3_600_000 },
    { ...base, event_id: 'old', timestamp: nowMs - 49 * 3_600_000 },
    { ...base, event_id: 'edge', timestamp: nowMs - 47 * 3_600_000 },
    ...['a', 'b', 'a'].map((source) => ({ ...base, event_id: 'one', source })),
    ...[1, 2, 3].map(() => base),
    { ...base, event_id: 'bot', event_type: 'click', ivt: 'givt' },
    { ...base, event_id: 'none', event_type: 'click', ivt: 'none' },
    { ...base, event_id: 'paid', cost_micros: 1_234_567 },
    { ...base, event_id: 'viewable', event_type: 'viewable', cost_micros: 7 },
    { ...base, event_id: 'free', event_type: 'viewable' },
    { ...conversion, event_id: 'text', value: '12.3456785' },
    { ...conversion, event_id: 'number', value: 0.1 },
    { ...conversion, event_id: 'dollar', value: 99.99, currency: 'USD', platform: 'facebook_ads', account_id: 'a1' },
    { ...conversion, event_id: 'negative', value: -1 },
    { ...conversion, event_id: 'lower', value: 1, currency: 'usd' },
    { ...base, event_id: 'half', cost_micros: 0.5 },
    { ...base, event_id: '', timestamp: nowMs },
    { ...base, event_id: 'long', campaign_id: 'x'.repeat(65) },
    { ...base, event_id: 'neither', timestamp: 50_000_000_000 },
  ]
  return events.map((one) => ({ campaignId: 'odd', line: JSON.stringify(one) }))
}

interface Sums {
  readonly rows: string
  readonly text: string
}

const columns = `extract(epoch from minute at time zone 'UTC')::bigint::text as minute, platform, account_id, campaign_id, currency, impressions::text, clicks::text,
  conversions::text, trim_scale(revenue)::text as revenue, trim_scale(cost)::text as cost, ivt_impressions::text, ivt_clicks::text, ivt_conversions::text`

type Ask = (sql: string) => Promise<readonly object[]>

/** All rows as one text; equal texts are equal tables. */
async function sumsOf(ask: Ask, table: string, select: string): Promise<Sums> {
  const rows = await ask(`select ${select} from ${table}`)
  const lines = rows.map((row) => Object.values(row).join(' ')).toSorted((one, other) => (one < other ? -1 : 1))
  return { rows: String(rows.length), text: lines.join('\n') }
}

const flinkSums = () => sumsOf(async (sql) => (await sink.query<object>(sql)).rows, 'flink_campaign_minute', columns)
const ourSums = () =>
  sumsOf((sql) => warehouse.query(sql), 'campaign_minute', columns.replace(" at time zone 'UTC'", ''))

async function countOurs(): Promise<void> {
  const spec = (name: string, given: Readonly<Record<string, unknown>>) => ({
    module: new URL(`../src/stream/${name}.ts`, import.meta.url).href,
    options: given,
  })
  await runStream(
    {
      warehouse,
      clock: systemClock,
      defaultZone: 'UTC' as TimeZone,
      log: spec('kafka-log', { brokers, topic, partitions: 2 }),
      counters: spec('postgres-counters', {}),
      once: true,
      threads: 1,
    },
    AbortSignal.timeout(60_000),
  )
}

function jobText(cluster: FlinkCluster): string {
  const { hostname, port, pathname, username, password } = new URL(postgresUrl)
  return flinkSql(options)
    .replace(
      'jdbc:postgresql://HOST:5432/DATABASE?currentSchema=SCHEMA',
      `jdbc:postgresql://${hostname}:${port}${pathname}?currentSchema=${schema}`,
    )
    .replace(`'username' = 'USER'`, `'username' = '${username}'`)
    .replace(`'password' = 'PASSWORD'`, `'password' = '${password}'`)
    .replace('file:///var/lib/flink/checkpoints', `file://${cluster.folder}/checkpoints`)
    .replace(`'execution.checkpointing.interval' = '10 s'`, `'execution.checkpointing.interval' = '2 s'`)
}

/** Waits until Flink's rows are ours; its rows, and what it complains of where they are not. */
async function settled(cluster: FlinkCluster, ours: Sums): Promise<string> {
  for (const startedMs = performance.now(); performance.now() - startedMs < 240_000; await delay(500)) {
    const { text } = await flinkSums()
    if (text === ours.text) return text
  }
  return `${await cluster.trouble()}\n${(await flinkSums()).text}`
}

describe.skipIf(!isHere)(
  `Flink over the same topic and database${isHere ? '' : `: ${unavailable}`}`,
  { timeout: 900_000 },
  () => {
    test('comes to our counts, with late, duplicate and broken events and its task manager killed', async () => {
      const generator = new EventGenerator(
        {
          ...seedProfile,
          campaigns: Array.from({ length: 20 }, (_, n) => `camp_${n}`),
          flaws: { duplicates: 0.05, late: 0.05, bad: 0.02 },
        },
        seededRandom(11),
      )
      const sendSome = (count: number) =>
        send(
          log,
          2,
          Array.from({ length: count }, () => generator.next(Date.now())),
        )
      await using cluster = await FlinkCluster.start(home)
      const ddl = /create table flink_campaign_minute .*;/.exec(flinkSql(options))?.[0] ?? ''
      await sink.query(ddl)
      await sendSome(10_000)
      await cluster.ready()
      const said = cluster.submit(jobText(cluster))
      expect(said).toContain('Job ID:')
      await countOurs()
      const first = await ourSums()
      expect(await settled(cluster, first)).toBe(first.text)
      await cluster.killWorker()
      await send(log, 2, oddLines(Date.now()))
      await sendSome(10_000)
      cluster.startWorker()
      await countOurs()
      const ours = await ourSums()
      expect(Number(ours.rows)).toBeGreaterThan(Number(first.rows))
      expect(ours.text.split('\n').filter((row) => row.includes(' odd ')).length).toBeGreaterThan(2)
      expect(await settled(cluster, ours)).toBe(ours.text)
      const { jobs } = (await cluster.ask<{ jobs: readonly { readonly state: string }[] }>('/jobs/overview'))!
      expect(jobs.map(({ state }) => state)).toEqual(['RUNNING'])
    })
  },
)
