import { seededRandom, systemClock } from '../src/domain/clock.ts'
import type { TimeZone } from '../src/domain/day.ts'
import type { Counters } from '../src/stream/counters.ts'
import { EventGenerator } from '../src/stream/generator.ts'
import type { Profile } from '../src/stream/generator.ts'
import { adapter as postgresLog } from '../src/stream/postgres-log.ts'
import { runStream } from '../src/stream/run.ts'
import { simulate } from '../src/stream/simulate.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import type { Bench } from './figures.ts'

const sampleMs = 10_000
/** Memory is taken as flat from here on: windows and pools have filled. */
const settleShare = 0.3

const moduleOf = (name: string): string => new URL(`../src/stream/${name}`, import.meta.url).href
const rssMb = (): number => process.memoryUsage().rss / 1_048_576
const mean = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0) / Math.max(1, list.length)

/** Generator, log and consumer in one process for ten minutes: nothing lost, nothing twice, memory flat. */
export async function benchSoak(
  { warehouse, counters }: { readonly warehouse: Warehouse; readonly counters: Counters },
  { profile, seconds, rate }: { readonly profile: Profile; readonly seconds: number; readonly rate: number },
  say: (line: string) => void,
): Promise<Bench> {
  say(`soak, ${rate.toLocaleString('en')} ev/s for ${seconds} s …`)
  const options = { topic: 'soak', partitions: 4 }
  await using log = await postgresLog.open(postgresLog.options.parse({ warehouse, ...options }))
  const stop = new AbortController()
  const running = runStream(
    {
      warehouse,
      clock: systemClock,
      defaultZone: 'UTC' as TimeZone,
      job: 'soak',
      threads: 1,
      log: { module: moduleOf('postgres-log.ts'), options },
      counters: { module: moduleOf('postgres-counters.ts'), options: {} },
    },
    stop.signal,
  )
  const generator = new EventGenerator(profile, seededRandom(21))
  const samples: number[] = []
  const sampling = setInterval(() => samples.push(rssMb()), sampleMs)
  await simulate({ log, generator, clock: systemClock, ratePerSecond: rate }, AbortSignal.timeout(seconds * 1_000))
  const countedOf = async (): Promise<number> => {
    const cursors = await counters.cursors('soak')
    return cursors.reduce((sum, { tallies }) => sum + tallies.records, 0)
  }
  while ((await countedOf()) < generator.sent) await systemClock.sleep(200)
  clearInterval(sampling)
  stop.abort()
  await running
  const totals = await counters.totals({ job: 'soak', grain: 'day' })
  const counted = totals.reduce((sum, { values }) => sum + values.impressions + values.clicks + values.conversions, 0n)
  const truth = [...generator.truth.values()].reduce(
    (sum, one) => sum + one.impressions + one.clicks + one.conversions,
    0,
  )
  if (counted !== BigInt(truth)) throw new Error(`soak: counted ${counted} of ${truth}`)
  const settled = samples.slice(Math.floor(samples.length * settleShare))
  const [first, last] = [settled.slice(0, settled.length / 2), settled.slice(settled.length / 2)]
  const growth = mean(last) - mean(first)
  return {
    figures: {
      soak_events: truth,
      soak_events_per_s: truth / seconds,
      soak_rss_mb: Math.max(...samples),
      soak_rss_growth_mb: growth,
    },
    lines: [
      {
        what: `soak of ${seconds} s, exact totals, at`,
        ours: truth / seconds,
        unit: 'ev/s',
        bar: { atLeast: rate * 0.98 },
      },
      { what: '… memory of its second half over its first', ours: growth, unit: 'MB', bar: { atMost: 20 } },
    ],
  }
}
