import { join } from 'node:path'
import { isoInstant, seededRandom } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import { timeZone } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Truth } from '../stream/generator.ts'
import type { Given, Invocation } from './command.ts'
import type { Output } from './output.ts'
import { numberOf, openStreamProject } from './stream-project.ts'
import type { StreamProject } from './stream-project.ts'
import { formatOf, printRows } from './table.ts'
import { keepMsOf, tellLanding } from './up-stream.ts'

const command = 'stream'

/** `stream run`: counts until Ctrl-C, or until the end of the log as it was at the start. */
export async function runCounting(invocation: Invocation, given: Given): Promise<number> {
  const { output, signal } = invocation
  const threads = numberOf(given, { command, name: 'threads', min: 1, max: 64 })
  await using project = await openStreamProject(invocation)
  const { openLake, streamSpecs } = await import('../config.ts')
  const { startStream } = await import('../stream/start.ts')
  const { SeriesRegistry } = await import('../stream/series.ts')
  const { settings, warehouse, log, counters, clock } = project
  const zone = timeZone(settings.stream.zone)
  // A count that ends is somebody's question; what runs on keeps the lake as well.
  const keepsLake = settings.stream.landing && given['once'] !== true
  await using lake = keepsLake ? await openLake(settings) : undefined
  const registry = new SeriesRegistry(warehouse, zone)
  const scratchDir = join(invocation.projectDir, '.millrace', 'land')
  output.say(`${log.place} → ${counters.place}`)
  await startStream(
    {
      warehouse,
      clock,
      opened: log,
      landing: lake && {
        ports: { log, lake, warehouse, counters, registry, clock, scratchDir },
        zone,
        keepMs: keepMsOf(settings),
        tell: (event) => tellLanding(output, event),
      },
      ...streamSpecs(settings),
      defaultZone: zone,
      threads,
      once: given['once'] === true,
      acceptInvalid: given['acceptInvalid'] === true,
      tell(message) {
        if (output.json) output.record(message)
        else output.say(Object.values(message).join('  '))
      },
    },
    signal,
  )
  if (signal.aborted) return 130
  await showCounted(invocation, project)
  return 0
}

async function showCounted({ output }: Invocation, { counters, log }: StreamProject): Promise<void> {
  const cursors = (await counters.cursors('live')).filter(({ topic }) => topic === log.topic)
  const columns = ['partition', 'next', 'records', 'duplicates', 'invalid', 'late_dropped']
  const rows = cursors.map(({ partition, next, tallies }) => ({
    partition,
    next,
    ...tallies,
    late_dropped: tallies.lateDropped,
  }))
  printRows(output, formatOf(undefined, output), columns, rows)
}

/** `stream lag`: every partition against the end of its log. */
export async function showLag(invocation: Invocation): Promise<number> {
  const { output } = invocation
  await using project = await openStreamProject(invocation)
  const { lagOf } = await import('../stream/lag.ts')
  const lags = await lagOf(project.log, project.counters, 'live', project.clock.nowMs())
  const columns = ['partition', 'next', 'end', 'records', 'lag_s', 'watermark', 'owner']
  const rows = lags.map(({ lagMs, watermarkMs, ...lag }) => ({
    ...lag,
    lag_s: lagMs / 1_000,
    watermark: watermarkMs === null ? null : isoInstant(watermarkMs),
  }))
  printRows(output, formatOf(undefined, output), columns, rows)
  if (lags.length === 0) output.warn(nothingCounted[invocation.language])
  return 0
}

const nothingCounted = {
  en: 'Nothing was counted yet: millrace stream run',
  ko: '아직 집계한 적이 없습니다: millrace stream run',
} as const

const rateUsual = 1_000
const progressEvery = 50_000

/** `stream simulate`: made-up events, and their true totals by campaign at the end. */
export async function sendSimulated(invocation: Invocation, given: Given): Promise<number> {
  return given['profile'] === 'world' ? sendWorld(invocation, given) : sendSeed(invocation, given)
}

async function sendSeed(invocation: Invocation, given: Given): Promise<number> {
  const { output, signal } = invocation
  const share = (name: string): number => numberOf(given, { command, name, min: 0, max: 1, whole: false }) ?? 0
  const ratePerSecond = numberOf(given, { command, name: 'rate', min: 0, max: 10_000_000 }) ?? rateUsual
  const count = numberOf(given, { command, name: 'count', min: 1, max: 2 ** 40 })
  const seed = numberOf(given, { command, name: 'seed', min: 0, max: 2 ** 31 - 1 })
  const flaws = { duplicates: share('duplicates'), late: share('late'), bad: share('bad') }
  const { EventGenerator, seedProfile } = await import('../stream/generator.ts')
  const { simulate } = await import('../stream/simulate.ts')
  await using project = await openStreamProject(invocation)
  // Without a seed every run makes other events: the ids of the last run would be found to be copies.
  const random = seededRandom(seed ?? project.clock.nowMs())
  const generator = new EventGenerator({ ...seedProfile, flaws }, random)
  await simulate(
    {
      log: project.log,
      generator,
      clock: project.clock,
      ratePerSecond,
      count,
      tell(sent) {
        if (sent % progressEvery < 1_000) output.footer([`${sent.toLocaleString('en')} …`])
      },
    },
    signal,
  )
  output.footer([])
  output.say(`${generator.sent} → ${project.log.place}; ${generator.duplicates} duplicates, ${generator.bad} bad`)
  printTruth(output, generator.truth)
  return 0
}

/** The campaigns of the project's sandbox, each as often as the platform will report, in real time until Ctrl-C. */
async function sendWorld(invocation: Invocation, given: Given): Promise<number> {
  const { output, signal } = invocation
  for (const name of ['count', 'duplicates', 'late', 'bad'])
    if (given[name] !== undefined)
      throw new MillraceError('CLI_USAGE', { command, detail: `--${name} goes with --profile seed` })
  const ratePerSecond = numberOf(given, { command, name: 'rate', min: 1, max: 10_000_000 }) ?? rateUsual
  const seed = numberOf(given, { command, name: 'seed', min: 0, max: 2 ** 31 - 1 })
  const { worldTraffic } = await import('./demo-events.ts')
  const { simulateTraffic } = await import('../stream/simulate.ts')
  await using project = await openStreamProject(invocation)
  const { clock, log, settings } = project
  const busy = { since: '1970-01-01' as Day, eventsPerSecond: ratePerSecond }
  const traffic = await worldTraffic(settings, busy, seededRandom(seed ?? clock.nowMs()))
  await simulateTraffic({ log, traffic, clock }, signal)
  output.say(`${traffic.sent} → ${log.place}`)
  printTruth(output, traffic.truth)
  return 0
}

function printTruth(output: Output, truth: ReadonlyMap<string, Truth>): void {
  const columns = ['campaign_id', 'impressions', 'clicks', 'conversions', 'revenue_micros']
  const rows = [...truth].map(([campaign, one]) => ({
    campaign_id: campaign,
    ...one,
    revenue_micros: one.revenueMicros,
  }))
  printRows(output, formatOf(undefined, output), columns, rows)
}

const collectPort = 4_410

/** `stream collect`: events over HTTP until Ctrl-C; then nothing more is taken, and what was taken is durable. */
export async function collectEvents(invocation: Invocation, given: Given): Promise<number> {
  const { output, signal, projectDir } = invocation
  const port = numberOf(given, { command, name: 'port', min: 0, max: 65_535 }) ?? collectPort
  const { startCollector } = await import('../stream/collect-server.ts')
  const { collectKeyName } = await import('../access/keys.ts')
  await using project = await openStreamProject(invocation)
  await using server = await startCollector({
    log: project.log,
    clock: project.clock,
    keys: project.settings.stream.writeKeys,
    findKey: (key) => collectKeyName(project.warehouse, key, project.clock.nowMs()),
    host: typeof given['host'] === 'string' ? given['host'] : '127.0.0.1',
    port,
    spoolDir: join(projectDir, '.millrace', 'spool'),
  })
  output.say(`${server.url} → ${project.log.place}`)
  if (output.json) output.record({ event: 'listening', url: server.url })
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  return 130
}
