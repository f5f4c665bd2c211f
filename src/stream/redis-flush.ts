import { roundDecimal, toUnits } from '../domain/decimal.ts'
import { dayText, hourMs, localHour, minuteMs } from './bucket.ts'
import { width } from './cells.ts'
import type { ConversionRow, DeadLetter, Flush, Grain, Metric, ShownCost } from './counters.ts'
import { metrics } from './counters.ts'
import { liveJob } from './job.ts'
import type { ResolvedSeries } from './series.ts'

/** What the names of keys follow from. */
export interface KeyNames {
  readonly job: string
  /** Members that `impression_timeline` keeps of each campaign; 0: there is none. */
  readonly timelineMax: number
}

const dayS = 86_400
const hourS = 3_600
/** How long keys stay after their bucket's end, or after the last write where that is later. */
const keptS = { minute: 48 * hourS, hour: 35 * dayS, day: 400 * dayS, conversions: 100 * dayS } as const
/** Seed's names: the running day, its past, its hours, its minutes. */
const seedKeptS = { running: 26 * hourS, daily: 8 * dayS, hourly: 3 * dayS, timeline: 48 * hourS } as const

/** Buckets that share a key. */
export const grainSpans: Readonly<Record<Grain, number>> = { minute: 60, hour: 24, day: 1 }

export const jobPrefix = (job: string): string => `stream:${job}:`

/** The seed's names belong to the live job; another job's counts stay beside. */
const seedPrefix = (job: string): string => (job === liveJob ? 'campaign:' : `${jobPrefix(job)}campaign:`)

/** Letters of metrics in a timeline's fields. */
const letters: Partial<Record<Metric, string>> = {
  impressions: 'i',
  clicks: 'c',
  conversions: 'v',
  revenue_micros: 'r',
}

type Key = readonly [name: string, endsAt: number, ttl: number, kind: '' | 'ratios', date: string, currency: string]
type Conversion = readonly (readonly [metric: number, amount: number])[]

const named = (metric: Metric): number => metrics.indexOf(metric)

/** Builds the arguments of one call of `millrace_v1_flush`: every key and field once, by number. */
class FlushText {
  readonly keys: Key[] = []
  readonly fields: string[] = []
  readonly #keyNumbers = new Map<string, number>()
  readonly #fieldNumbers = new Map<string, number>()
  amounts = ''

  key(name: string, endsAt: number, ttl: number, kind: Key[3] = '', date = '', currency = ''): number {
    const whole = `${name}|${date}|${currency}`
    const known = this.#keyNumbers.get(whole)
    if (known !== undefined) return known
    const number = this.keys.push([name, endsAt, ttl, kind, date, currency]) - 1
    this.#keyNumbers.set(whole, number)
    return number
  }

  field(name: string): number {
    const known = this.#fieldNumbers.get(name)
    if (known !== undefined) return known
    const number = this.fields.push(name) - 1
    this.#fieldNumbers.set(name, number)
    return number
  }
}

/** Places of one amount: "key field", for each key that shows it. */
type Places = (metric: number) => readonly string[]

interface Bucket {
  readonly series: ResolvedSeries
  readonly bucket: number
}

const two = (value: number): string => String(value).padStart(2, '0')

class Writer {
  readonly text = new FlushText()
  readonly timelines = new Map<string, readonly [string, number, number, number]>()
  readonly #names: KeyNames

  constructor(names: KeyNames) {
    this.#names = names
  }

  /** Where the store keeps a grain's amount for its own reading: by bucket, series and metric. */
  #own(grain: Grain, { series, bucket }: Bucket, spanS: number): Places {
    const index = Math.floor(bucket / grainSpans[grain])
    const name = `${jobPrefix(this.#names.job)}${grain}:${index}`
    const key = this.text.key(name, (index + 1) * spanS, keptS[grain])
    return (metric) => [`${key} ${this.text.field(`${bucket}|${series.seriesId}|${metric}`)}`]
  }

  #seed({ series }: Bucket, rest: string): string {
    return `${seedPrefix(this.#names.job)}${series.campaignId}:${rest}`
  }

  day(at: Bucket): Places {
    const { text } = this
    const date = dayText(at.bucket)
    const endsAt = (at.bucket + 1) * dayS + dayS / 2
    const own = this.#own('day', at, dayS)
    const keys = [
      text.key(this.#seed(at, 'daily'), endsAt, seedKeptS.running, 'ratios', date, at.series.currency),
      text.key(this.#seed(at, `daily:${date}`), endsAt, seedKeptS.daily, 'ratios', '', at.series.currency),
    ]
    return (metric) => {
      const field = text.field(metrics[metric] as Metric)
      return [...own(metric), ...keys.map((key) => `${key} ${field}`)]
    }
  }

  hour(at: Bucket): Places {
    return this.#own('hour', at, dayS)
  }

  minute(at: Bucket): Places {
    const { text } = this
    const atMs = at.bucket * minuteMs
    const { day, hour } = localHour(atMs, at.series.zone)
    const date = dayText(day)
    const endsAt = (day + 1) * dayS + dayS / 2
    const own = this.#own('minute', at, hourS)
    const hourly = [
      text.key(this.#seed(at, 'hourly'), endsAt, seedKeptS.running, '', date),
      text.key(this.#seed(at, `hourly:${date}`), endsAt, seedKeptS.hourly),
    ]
    const utcHour = Math.floor(atMs / hourMs)
    const stamp = `${dayText(Math.floor(utcHour / 24))}${two(utcHour % 24)}`
    const timeline = text.key(this.#seed(at, `timeline:${stamp}`), (utcHour + 1) * hourS, seedKeptS.timeline)
    return (metric) => {
      const name = metrics[metric] as Metric
      const field = text.field(`${name}:${two(hour)}`)
      const letter = letters[name]
      if (name === 'impressions') this.#keepTimeline(at)
      const minute = letter ? [`${timeline} ${text.field(`${letter}${two(at.bucket % 60)}`)}`] : []
      return [...own(metric), ...hourly.map((key) => `${key} ${field}`), ...minute]
    }
  }

  #keepTimeline(at: Bucket): void {
    const { timelineMax } = this.#names
    if (timelineMax === 0) return
    const key = this.#seed(at, 'impression_timeline')
    this.timelines.set(`${key} ${at.bucket}`, [key, at.bucket * 60, timelineMax, seedKeptS.timeline])
  }
}

function addDeltas(writer: Writer, { deltas, series }: Flush): void {
  const parts: string[] = []
  for (const grain of ['minute', 'hour', 'day'] as const) {
    const { series: numbers, bucket, values } = deltas[grain]
    for (let row = 0; row < bucket.length; row += 1) {
      const known = series[numbers[row] as number] as ResolvedSeries
      const places = writer[grain]({ series: known, bucket: bucket[row] as number })
      for (let metric = 0; metric < width; metric += 1) {
        const amount = values[row * width + metric] as number
        if (amount !== 0) for (const place of places(metric)) parts.push(`${place} ${amount}`)
      }
    }
  }
  writer.text.amounts = parts.join(' ')
}

function amountsOf({ revenueMicros, costMicros, ivt }: ConversionRow): Conversion {
  return [
    [named('conversions'), 1],
    ...(revenueMicros === 0 ? [] : [[named('revenue_micros'), revenueMicros] as const]),
    ...(costMicros === 0 ? [] : [[named('cost_micros'), costMicros] as const]),
    ...(ivt ? [[named('ivt_conversions'), 1] as const] : []),
  ]
}

type ConversionSet = readonly [name: string, endsAt: number, ttl: number]

/** Each conversion with its identity and where it would be added. */
function conversionsText(
  writer: Writer,
  { conversions, series }: Flush,
  job: string,
): { readonly sets: readonly ConversionSet[]; readonly text: string } {
  const days = [...new Set(conversions.map(({ utcDay }) => utcDay))]
  const parts = conversions.map((one) => {
    const known = series[one.series] as ResolvedSeries
    const places = [
      ...(one.age === 0 ? [writer.minute({ series: known, bucket: one.minute })] : []),
      ...(one.age <= 1 ? [writer.hour({ series: known, bucket: one.hour })] : []),
      writer.day({ series: known, bucket: one.day }),
    ]
    const added = amountsOf(one).flatMap(([metric, amount]) =>
      places.flatMap((of) => of(metric).map((place) => `${place} ${amount}`)),
    )
    const id = Buffer.from(one.id.replaceAll('-', ''), 'hex').toString('base64url')
    return `${days.indexOf(one.utcDay)} ${id} ${added.length} ${added.join(' ')}`
  })
  return {
    sets: days.map((day) => [`${jobPrefix(job)}conversions:${day}`, (day + 1) * dayS, keptS.conversions]),
    text: parts.join(' '),
  }
}

const letterOf = (topic: string, partition: number, { offset, place, reason, raw }: DeadLetter) => [
  `${topic}/${partition}/${offset}/${place}`,
  JSON.stringify({ reason, raw: Buffer.from(raw).toString('base64') }),
]

/** The arguments of `millrace_v1_flush`, in its order. */
export function flushArguments(flush: Flush, names: KeyNames): readonly string[] {
  const { lease, tallies } = flush
  const writer = new Writer(names)
  addDeltas(writer, flush)
  const { sets, text } = conversionsText(writer, flush, names.job)
  const used = new Set([
    ...flush.conversions.map((one) => one.series),
    ...(['minute', 'hour', 'day'] as const).flatMap((grain) => [...flush.deltas[grain].series]),
  ])
  const series = [...used].map((number) => {
    const { seriesId, platform, accountId, campaignId, currency } = flush.series[number] as ResolvedSeries
    return [String(seriesId), JSON.stringify([platform, accountId, campaignId, currency])]
  })
  const json = (value: unknown): string => JSON.stringify(value)
  const { records, duplicates, invalid, lateDropped, skewed, uncounted } = tallies
  const cursor = [lease.owner, lease.cursor.epoch, lease.cursor.next, flush.next, flush.watermarkMs ?? '']
  return [
    ...cursor,
    flush.dedupeFloor,
    flush.leaseMs,
    ...Object.values({ records, duplicates, invalid, lateDropped, skewed, uncounted }),
    json(writer.text.keys),
    json(writer.text.fields),
    json(sets),
    writer.text.amounts,
    text,
    json(series),
    json(flush.deadLetters.map((one) => letterOf(lease.topic, lease.partition, one))),
    json([...writer.timelines.values()]),
  ].map(String)
}

const microDigits = 6

/** The argument of `millrace_v1_cost`. A campaign's key does not name its platform, as the seed has it. */
export function costArgument(costs: readonly ShownCost[]): string {
  return JSON.stringify(
    costs.map(({ campaignId, day, currency, cost, asOfMs, isWatched }) => {
      const date = day.replaceAll('-', '')
      const daily = `${seedPrefix(liveJob)}${campaignId}:daily`
      const micros = toUnits(roundDecimal(cost, microDigits), microDigits)
      return [
        daily,
        `${daily}:${date}`,
        date,
        String(micros),
        currency,
        String(asOfMs),
        isWatched ? '' : 'part_watched',
      ]
    }),
  )
}
