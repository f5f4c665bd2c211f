import { width } from './cells.ts'
import type { ConversionRow, DeadLetter, Flush, GrainDeltas } from './counters.ts'
import { metrics } from './counters.ts'
import type { ResolvedSeries } from './series.ts'

/** Arrays go to Postgres as its own text for arrays, joined once: the driver would look at every element. */
type ArrayText = string

const none: ArrayText = '{}'

/** What deltas carry; conversions and their money come one by one. */
const summed = (['impressions', 'clicks', 'cost_micros', 'ivt_impressions', 'ivt_clicks'] as const).map((metric) =>
  metrics.indexOf(metric),
)

/** One metric of all entries; nothing at all when it is zero everywhere, which unnest fills up with nulls. */
function metricText(values: Float64Array, metric: number): ArrayText {
  let text = ''
  let sum = 0
  for (let at = metric; at < values.length; at += width) {
    const value = values[at] as number
    sum += value
    text += text === '' ? value : `,${value}`
  }
  return sum === 0 ? none : `{${text}}`
}

function grainValues({ series, bucket, values }: GrainDeltas, known: readonly ResolvedSeries[]): readonly ArrayText[] {
  const ids = Array.from(series, (one) => (known[one] as ResolvedSeries).seriesId)
  return [`{${ids.join(',')}}`, `{${bucket.join(',')}}`, ...summed.map((metric) => metricText(values, metric))]
}

function conversionValues(rows: readonly ConversionRow[], known: readonly ResolvedSeries[]): readonly ArrayText[] {
  let [ids, utcDays, series, minutes, days, ages, revenues, costs, ivts] = ['', '', '', '', '', '', '', '', '']
  let comma = ''
  // One pass: nine of them over objects that no cache holds cost three times as much.
  for (const row of rows) {
    ids += comma + row.id
    utcDays += comma + row.utcDay
    series += comma + (known[row.series] as ResolvedSeries).seriesId
    minutes += comma + row.minute
    days += comma + row.day
    ages += comma + row.age
    revenues += comma + row.revenueMicros
    costs += comma + row.costMicros
    ivts += comma + (row.ivt ? 't' : 'f')
    comma = ','
  }
  return [ids, utcDays, series, minutes, days, ages, revenues, costs, ivts].map((text) => `{${text}}`)
}

/** A text as an element of an array's text (Postgres manual, "Array Input and Output Syntax"). NUL cannot be kept and becomes U+FFFD. */
const element = (text: string): string =>
  `"${text.replaceAll('\0', '\uFFFD').replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

function deadValues(dead: readonly DeadLetter[]): readonly ArrayText[] {
  return [
    `{${dead.map(({ offset }) => offset).join(',')}}`,
    `{${dead.map(({ place }) => place).join(',')}}`,
    `{${dead.map(({ reason }) => element(reason)).join(',')}}`,
    `{${dead.map(({ raw }) => `"\\\\x${Buffer.from(raw).toString('hex')}"`).join(',')}}`,
  ]
}

/** The parameters of `counters-commit.sql`, in its order. */
export function commitValues(flush: Flush): readonly (string | number | null)[] {
  const { lease, tallies, deltas, series } = flush
  return [
    lease.job,
    lease.topic,
    lease.partition,
    lease.owner,
    lease.cursor.epoch,
    lease.cursor.next,
    flush.next,
    flush.watermarkMs,
    flush.dedupeFloor,
    flush.leaseMs,
    tallies.records,
    tallies.duplicates,
    tallies.invalid,
    tallies.lateDropped,
    tallies.skewed,
    tallies.uncounted,
    ...conversionValues(flush.conversions, series),
    ...grainValues(deltas.minute, series),
    ...grainValues(deltas.hour, series),
    ...grainValues(deltas.day, series),
    ...deadValues(flush.deadLetters),
  ]
}
