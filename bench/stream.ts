import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../src/domain/clock.ts'
import { seededRandom, systemClock } from '../src/domain/clock.ts'
import type { TimeZone } from '../src/domain/day.ts'
import { defaultLimits } from '../src/stream/consume.ts'
import type { Counters } from '../src/stream/counters.ts'
import { defaultDedupe } from '../src/stream/dedupe.ts'
import { EventGenerator, noFlaws, seedProfile } from '../src/stream/generator.ts'
import { beginJob } from '../src/stream/job.ts'
import type { EventLog } from '../src/stream/log.ts'
import { adapter as kafkaLog } from '../src/stream/kafka-log.ts'
import { adapter as postgresCounters } from '../src/stream/postgres-counters.ts'
import { adapter as postgresLog } from '../src/stream/postgres-log.ts'
import { runStream } from '../src/stream/run.ts'
import { simulate } from '../src/stream/simulate.ts'
import { attach } from '../src/stream/worker-thread.ts'
import type { AdapterSpec, ThreadSpec } from '../src/stream/worker-thread.ts'
import { startEmbedded } from '../src/warehouse/embedded-server.ts'
import type { EmbeddedServer } from '../src/warehouse/embedded-server.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import type { Bench, BenchOptions } from './figures.ts'
import { median, runProgram } from './measure.ts'
import { benchCollector } from './stream-collect-load.ts'
import { benchLake } from './stream-lake.ts'
import type { ConsumerTook } from './stream-consumer.ts'
import { peerRates } from './stream-peers.ts'
import { benchSoak } from './stream-soak.ts'

type Say = (line: string) => void

const zone = 'UTC' as TimeZone
const moduleOf = (name: string): string => new URL(`../src/stream/${name}`, import.meta.url).href

/** 207 bytes an event, 1,000 campaigns, an hour of event time for every million: the workload of the published ad benchmarks. */
const profile = {
  ...seedProfile,
  campaigns: Array.from({ length: 1_000 }, (_, n) => `camp_${String(n).padStart(4, '0')}`),
  flaws: noFlaws,
}

/** CPU seconds of a server and all its processes so far; null where there is no /proc. */
function treeCpuSeconds(pid: number): number | null {
  if (!existsSync('/proc/self/stat')) return null
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const text = readFileSync(`/proc/${name}/stat`, 'utf8')
        return [
          [
            Number(name),
            ...text
              .slice(text.lastIndexOf(')') + 2)
              .split(' ')
              .map(Number),
          ] as const,
        ]
      } catch {
        return [] // It ended while we looked.
      }
    })
  // Of those that have ended their parent knows: cutime and cstime.
  const own = stats.filter(([process, , parent]) => process === pid || parent === pid)
  const ticks = own.reduce((sum, fields) => sum + (fields[12] ?? 0) + (fields[13] ?? 0), 0)
  const root = own.find(([process]) => process === pid)
  return (ticks + (root?.[14] ?? 0) + (root?.[15] ?? 0)) / 100
}

async function fill(log: EventLog, generator: EventGenerator, count: number): Promise<void> {
  const encoder = new TextEncoder()
  const startMs = systemClock.nowMs() - (count / 1_000_000) * 3_600_000
  for (let sent = 0; sent < count; sent += 1_000) {
    const nowMs = Math.floor(startMs + sent * 3.6)
    const lines = Array.from({ length: 1_000 }, () => `${generator.next(nowMs).line}\n`)
    await log.append({ partition: 0, count: 1_000, lines: encoder.encode(lines.join('')) })
  }
}

/** What the engine's own parser alone takes for the same lines here and now: a yardstick for machines and for busy neighbours. */
function parsedPerSecond(): number {
  const generator = new EventGenerator(profile, seededRandom(13))
  const lines = Array.from({ length: 100_000 }, () => generator.next(1_767_225_600_000).line)
  const rates = [0, 1, 2].map(() => {
    const before = process.cpuUsage()
    for (const line of lines) JSON.parse(line)
    const { user, system } = process.cpuUsage(before)
    return (lines.length * 1e6) / (user + system)
  })
  return median(rates)
}

interface Place {
  readonly warehouse: Warehouse
  readonly server: EmbeddedServer
  readonly counters: Counters
}

async function consumed(
  { warehouse, server, counters }: Place,
  log: EventLog,
  job: string,
  from: AdapterSpec = { module: moduleOf('postgres-log.ts'), options: { topic: log.topic, partitions: 1 } },
): Promise<ConsumerTook & { readonly storeSeconds: number | null }> {
  await beginJob(warehouse, log, counters, job)
  const spec: ThreadSpec = {
    connection: warehouse.connection,
    log: from,
    counters: { module: moduleOf('postgres-counters.ts'), options: {} },
    defaultZone: zone,
    worker: {
      job,
      owner: job,
      shareMs: 1_000,
      once: true,
      limits: defaultLimits,
      dedupe: defaultDedupe,
      acceptInvalid: false,
    },
  }
  const before = treeCpuSeconds(server.pid)
  // Flags of ours are the consumer's too: `node --cpu-prof bench/main.ts stream embedded` profiles it.
  const args = [...process.execArgv, join(import.meta.dirname, 'stream-consumer.ts'), JSON.stringify(spec)]
  // One core, as the figure is called; where nothing pins, CPU seconds still say the same within a few percent.
  const ended = existsSync('/usr/bin/taskset')
    ? await runProgram('/usr/bin/taskset', ['-c', '0', process.execPath, ...args])
    : await runProgram(process.execPath, args)
  if (ended.code !== 0) throw new Error(`consumer ended with ${ended.code}: ${ended.stderr.slice(-800)}`)
  const after = treeCpuSeconds(server.pid)
  const took = JSON.parse(ended.stdout.trim().split('\n').at(-1) ?? '{}') as ConsumerTook
  return { ...took, storeSeconds: before === null || after === null ? null : after - before }
}

/** Totals have to be the generator's to the last unit, or the speed means nothing. */
async function checkTotals({ counters }: Place, job: string, generator: EventGenerator): Promise<void> {
  const totals = await counters.totals({ job, grain: 'day' })
  const counted = totals.reduce((sum, { values }) => sum + values.impressions + values.clicks + values.conversions, 0n)
  const revenue = totals.reduce((sum, { values }) => sum + values.revenue_micros, 0n)
  const truth = [...generator.truth.values()].reduce((sum, one) => sum + one.revenueMicros, 0n)
  if (counted !== BigInt(generator.sent) || revenue !== truth)
    throw new Error(`${job}: counted ${counted} of ${generator.sent}, revenue ${revenue} of ${truth}`)
}

const openBench = (warehouse: Warehouse): Promise<EventLog> =>
  postgresLog.open(postgresLog.options.parse({ warehouse, topic: 'bench', partitions: 1 }))

/** The log that is counted and landed, filled once; with the generator that knows its totals. */
async function filledBench(warehouse: Warehouse, count: number, say: Say): Promise<EventGenerator> {
  const generator = new EventGenerator(profile, seededRandom(11))
  await using log = await openBench(warehouse)
  if ((await log.bounds(0)).next > 0) return generator
  say(`filling the log with ${count.toLocaleString('en')} events …`)
  await fill(log, generator, count)
  return generator
}

async function benchEmbedded(place: Place, count: number, say: Say): Promise<Bench> {
  const generator = await filledBench(place.warehouse, count, say)
  await using log = await openBench(place.warehouse)
  say('log → counters, three times …')
  const runs = []
  for (const job of ['bench-1', 'bench-2', 'bench-3']) {
    runs.push(await consumed(place, log, job))
    await checkTotals(place, job, generator)
  }
  const rate = median(runs.map(({ cpuSeconds }) => count / cpuSeconds))
  const stores = runs.map(({ storeSeconds }) => storeSeconds).filter((one) => one !== null)
  const withStore =
    stores.length === runs.length
      ? median(runs.map(({ cpuSeconds, storeSeconds }) => count / (cpuSeconds + (storeSeconds ?? 0))))
      : null
  const wall = median(runs.map(({ wallSeconds }) => count / wallSeconds))
  const parsed = parsedPerSecond()
  const rss = Math.max(...runs.map(({ rssMb }) => rssMb))
  return {
    figures: {
      embedded_events_per_cpu_s: rate,
      embedded_with_store_events_per_cpu_s: withStore,
      embedded_events_per_s: wall,
      embedded_rss_mb: rss,
      json_parse_events_per_cpu_s: parsed,
    },
    lines: [
      {
        what: 'log → counters, exactly once, embedded',
        ours: rate,
        unit: 'ev/cpu-s',
        rival: { name: 'JSON.parse alone', value: parsed },
        bar: { atLeast: 1_000_000 },
      },
      { what: '… with the CPU of Postgres', ours: withStore, unit: 'ev/cpu-s' },
      { what: '… by the clock on the wall', ours: wall, unit: 'ev/s' },
      { what: 'memory of the consumer', ours: rss, unit: 'MB', bar: { atMost: 400 } },
    ],
  }
}

interface KafkaFigures {
  /** Filled with so many events; null where there is no broker. */
  readonly topic: string | null
  readonly rate: number | null
  readonly withStore: number | null
}

/** The same through a real broker; null where there is none. */
async function measureKafka(place: Place, envelope: 'event' | 'batch', count: number, say: Say): Promise<KafkaFigures> {
  const brokers = process.env['MILLRACE_TEST_KAFKA_BROKERS']
  if (!brokers) return { topic: null, rate: null, withStore: null }
  const topic = `bench-${envelope}-${systemClock.nowMs()}`
  const options = { brokers, topic, partitions: 1, envelope, compression: 'lz4' }
  say(`Kafka → counters, ${count.toLocaleString('en')} events, envelope '${envelope}', lz4: filling the topic …`)
  const generator = new EventGenerator(profile, seededRandom(11))
  await using log = await kafkaLog.open(kafkaLog.options.parse(options))
  await fill(log, generator, count)
  const runs = []
  for (const run of [1, 2, 3]) {
    const job = `${topic}-${run}`
    runs.push(await consumed(place, log, job, { module: moduleOf('kafka-log.ts'), options }))
    await checkTotals(place, job, generator)
  }
  return {
    topic,
    rate: median(runs.map(({ cpuSeconds }) => count / cpuSeconds)),
    withStore: median(runs.map(({ cpuSeconds, storeSeconds }) => count / (cpuSeconds + (storeSeconds ?? 0)))),
  }
}

/** The chapter's consumer on the first events of such a topic: events a CPU second of its process; null where a part of it is absent. */
async function measureSeed(say: Say): Promise<number | null> {
  const {
    MILLRACE_TEST_KAFKA_BROKERS: brokers,
    MILLRACE_TEST_REDIS_URL: redis,
    MILLRACE_TEST_CLIENTS: python,
  } = process.env
  if (!brokers || !redis || !python) return null
  const events = 8_000
  const topic = `bench-seed-${systemClock.nowMs()}`
  say(`the chapter's consumer, ${events.toLocaleString('en')} events …`)
  await using log = await kafkaLog.open(kafkaLog.options.parse({ brokers, topic, partitions: 1, compression: 'gzip' }))
  await fill(log, new EventGenerator(profile, seededRandom(11)), events + 2_000)
  const script = join(import.meta.dirname, 'rivals', 'seed_consumer.py')
  const ended = await runProgram(python, [script, brokers, topic, `${redis}/9`, String(events)])
  if (ended.code !== 0) throw new Error(`the chapter's consumer ended with ${ended.code}: ${ended.stderr.slice(-800)}`)
  return events / (JSON.parse(ended.stdout.trim()) as { readonly cpuSeconds: number }).cpuSeconds
}

async function benchKafka(place: Place, count: number, say: Say): Promise<Bench> {
  const event = await measureKafka(place, 'event', count, say)
  const batch = await measureKafka(place, 'batch', count, say)
  const seed = await measureSeed(say)
  const none = { kafkaStreams: null, plainJava: null }
  const { kafkaStreams, plainJava } = event.topic === null ? none : await peerRates(event.topic, count, say)
  const rival = { name: 'the chapter’s consumer', value: seed }
  return {
    figures: {
      kafka_events_per_cpu_s: event.rate,
      kafka_with_store_events_per_cpu_s: event.withStore,
      kafka_batch_events_per_cpu_s: batch.rate,
      kafka_batch_with_store_events_per_cpu_s: batch.withStore,
      seed_events_per_cpu_s: seed,
      kafka_streams_events_per_cpu_s: kafkaStreams,
      java_consumer_events_per_cpu_s: plainJava,
    },
    lines: [
      { what: 'Kafka Streams, exactly once, no dedupe', ours: kafkaStreams, unit: 'ev/cpu-s' },
      { what: 'plain Java consumer, no guarantees', ours: plainJava, unit: 'ev/cpu-s' },
      {
        what: 'Kafka → counters, a record an event',
        ours: event.rate,
        unit: 'ev/cpu-s',
        rival,
        bar: { atLeast: 600_000 },
      },
      { what: '… with the CPU of Postgres', ours: event.withStore, unit: 'ev/cpu-s' },
      {
        what: 'Kafka → counters, envelope batch',
        ours: batch.rate,
        unit: 'ev/cpu-s',
        rival,
        bar: { atLeast: 1_000_000 },
      },
      { what: '… with the CPU of Postgres', ours: batch.withStore, unit: 'ev/cpu-s' },
    ],
  }
}

/** Marked events among others: from their send to the moment a reader sees them counted. */
async function benchLatency(place: Place, seconds: number, rate: number, say: Say): Promise<Bench> {
  say(`event → visible counter, ${rate.toLocaleString('en')} ev/s for ${seconds} s …`)
  const { warehouse, counters } = place
  const options = { topic: 'latency', partitions: 2 }
  await using log = await postgresLog.open(postgresLog.options.parse({ warehouse, ...options }))
  const stop = new AbortController()
  const running = runStream(
    {
      warehouse,
      clock: systemClock,
      defaultZone: zone,
      job: 'latency',
      threads: 1,
      log: { module: moduleOf('postgres-log.ts'), options },
      counters: { module: moduleOf('postgres-counters.ts'), options: {} },
    },
    stop.signal,
  )
  const generator = new EventGenerator(profile, seededRandom(12))
  const sent: { readonly records: number; readonly atMs: number }[] = []
  const seen: number[] = []
  const clock: Clock = systemClock
  const sending = simulate(
    { log, generator, clock, ratePerSecond: rate, tell: (records) => sent.push({ records, atMs: performance.now() }) },
    AbortSignal.timeout(seconds * 1000),
  )
  let checked = 0
  const look = async (): Promise<number> => {
    const cursors = await counters.cursors('latency')
    const counted = cursors.reduce((sum, { tallies }) => sum + tallies.records, 0)
    const nowMs = performance.now()
    for (; (sent[checked]?.records ?? Number.POSITIVE_INFINITY) <= counted; checked += 1)
      seen.push(nowMs - (sent[checked]?.atMs ?? nowMs))
    return counted
  }
  const state = { isSending: true }
  void sending.finally(() => (state.isSending = false))
  while ((await look()) < generator.sent || state.isSending) await systemClock.sleep(25)
  stop.abort()
  await running
  const sorted = seen.sort((a, b) => a - b)
  const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? null
  const reached = generator.sent / seconds
  return {
    figures: { visible_p99_ms: p99, visible_events_per_s: reached },
    lines: [
      { what: `event → visible counter, p99`, ours: p99, unit: 'ms', bar: { atMost: 2_000 } },
      { what: '… at', ours: reached, unit: 'ev/s', bar: { atLeast: rate * 0.98 } },
    ],
  }
}

async function benchHttp({ warehouse }: Place, say: Say): Promise<Bench> {
  const options = { warehouse, topic: 'collected', partitions: 4 }
  await using log = await postgresLog.open(postgresLog.options.parse(options))
  return benchCollector(warehouse, log, new EventGenerator(profile, seededRandom(14)), say)
}

/** Each part by its name, as `npm run bench -- stream embedded lake` names them. */
function partsOf(place: Place, long: boolean, say: Say): Readonly<Record<string, () => Promise<Bench>>> {
  // A third of a second of each run is the engine's compiling: a consumer runs for days, so it is held against enough events.
  const count = long ? 10_000_000 : 4_000_000
  return {
    embedded: () => benchEmbedded(place, count, say),
    lake: async () => {
      await filledBench(place.warehouse, count, say)
      return benchLake(place, count, say)
    },
    kafka: () => benchKafka(place, count, say),
    latency: () => benchLatency(place, long ? 60 : 10, 50_000, say),
    collector: () => benchHttp(place, say),
    ...(long && { soak: () => benchSoak(place, { profile, seconds: 600, rate: 50_000 }, say) }),
  }
}

/** `npm run bench -- stream`. What is not measured in this run is null. */
export async function bench({ long, parts: asked, say }: BenchOptions): Promise<Bench> {
  const dir = join(await mkdtemp(join(tmpdir(), 'millrace-stream-')), 'pg')
  const server = await startEmbedded({ dir })
  try {
    await using warehouse = await attach({ ...server.connection, schema: 'millrace' })
    await warehouse.migrate()
    await using counters = await postgresCounters.open({ warehouse })
    const parts: Bench[] = []
    for (const [name, run] of Object.entries(partsOf({ warehouse, server, counters }, long, say)))
      if (asked.length === 0 || asked.includes(name)) parts.push(await run())
    return {
      figures: {
        kafka_events_per_cpu_s: null,
        kafka_batch_events_per_cpu_s: null,
        kafka_streams_events_per_cpu_s: null,
        flink_events_per_cpu_s: null,
        seed_events_per_cpu_s: null,
        ...(Object.assign({}, ...parts.map((part) => part.figures)) as Bench['figures']),
      },
      lines: parts.flatMap((part) => part.lines),
    }
  } finally {
    await server.stop()
    await rm(dir, { recursive: true, force: true })
  }
}
