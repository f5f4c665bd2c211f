import { isoInstant } from '../domain/clock.ts'
import { addDays, daysBetween } from '../domain/day.ts'
import type { Day } from '../domain/day.ts'
import { hourMs } from './bucket.ts'
import type { CursorStatus, Flush, Metric } from './counters.ts'
import { metrics } from './counters.ts'
import { liveJob } from './job.ts'
import { foldLake } from './lake-fold.ts'
import type { LakeFolded } from './lake-fold.ts'
import { landAll } from './land.ts'
import { listEventFiles } from './land-care.ts'
import type { ReplayPorts } from './replay.ts'
import { rollUp } from './roll-up.ts'
import type { ResolvedSeries, Series } from './series.ts'

type Sums = Record<Metric, bigint>

/** One campaign's day as the counters have it and as the lake does. */
export interface CampaignDay {
  readonly series: ResolvedSeries
  readonly counted: Sums
  readonly recounted: Sums
  /** What copies that came later would add: explains counters that are above. */
  readonly copies: Sums
}

export type LakeOutcome = 'equal' | 'adjusted' | 'outside' | 'not_measured'

export interface LakeReconciliation {
  readonly day: Day
  readonly outcome: LakeOutcome
  readonly campaigns: number
  readonly differing: readonly CampaignDay[]
  /** Why nothing was measured; empty otherwise. */
  readonly detail: string
}

const zero = (): Sums => Object.fromEntries(metrics.map((metric) => [metric, 0n])) as Sums

const epoch = '1970-01-01' as Day

/** Around a civil day in any zone. */
const marginMs = 26 * hourMs

/**
 * Counters of one account-local day against a recount of the clean lake, both up to the cursors' offsets: they must be equal to the last
 * event. Where the counters are above by no more than copies that came after their dedupe window, the difference is written
 * as a signed adjustment; anything else is `outside`, which is a defect and nothing that time mends.
 * `scratchDir` is for landing what the counters are ahead by.
 */
export async function reconcileDay(
  ports: ReplayPorts & { readonly scratchDir: string },
  day: Day,
): Promise<LakeReconciliation> {
  const { counters } = ports
  await landAll(ports)
  const wanted = daysBetween(epoch, day)
  // A job may have counted several topics one after the other: its sums are of all of them.
  const cursors = await counters.cursors(liveJob)
  const counted = await counters.totals({ job: liveJob, grain: 'day', since: wanted, until: wanted })
  const after = await counters.cursors(liveJob)
  if (cursors.length === 0) return notMeasured(day, 'nothing was counted yet')
  if (placesOf(cursors) !== placesOf(after)) return notMeasured(day, 'the counters moved while they were read')
  const days = new Map<string, CampaignDay>()
  for (const cursor of cursors) {
    const lost = await recountPartition(ports, cursor, day, days)
    if (lost !== null) return notMeasured(day, lost)
  }
  const known = [...days.values()].map(({ series }) => series)
  const others = await ports.registry.resolve(counted.filter((total) => !days.has(keyOf(total))))
  for (const series of [...known, ...others]) {
    const total = counted.find((one) => keyOf(one) === keyOf(series))
    const one = days.get(keyOf(series)) ?? { series, counted: zero(), recounted: zero(), copies: zero() }
    days.set(keyOf(series), { ...one, counted: total ? { ...total.values } : zero() })
  }
  return judged(day, [...days.values()])
}

/** Stores list cursors in any order. */
const placesOf = (cursors: readonly CursorStatus[]): string =>
  cursors
    .map(({ topic, partition, next }) => `${topic}/${partition} ${next}`)
    .sort()
    .join(' ')

const keyOf = ({ platform, accountId, campaignId, currency }: Series): string =>
  JSON.stringify([platform, accountId, campaignId, currency])

const notMeasured = (day: Day, detail: string): LakeReconciliation => ({
  day,
  outcome: 'not_measured',
  campaigns: 0,
  differing: [],
  detail,
})

/** Adds a partition's campaigns to `days`; why it could not, otherwise. */
async function recountPartition(
  ports: ReplayPorts,
  cursor: CursorStatus,
  day: Day,
  days: Map<string, CampaignDay>,
): Promise<string | null> {
  const { lake, warehouse, registry } = ports
  const { topic, partition } = cursor
  const files = (await listEventFiles(warehouse, topic)).filter((file) => file.partition === partition)
  const landed = files.at(-1)?.next ?? 0
  if (cursor.tallies.records > 0 && landed < cursor.next)
    return `${topic}/${partition} has landed up to ${landed} of ${cursor.next}`
  const sinceMs = Date.parse(`${day}T00:00:00Z`) - marginMs
  const untilMs = Date.parse(`${addDays(day, 1)}T00:00:00Z`) + marginMs
  const [oldest] = files
  if (oldest && oldest.first > 0 && oldest.appendMsMin > sinceMs)
    return `${topic}/${partition} has landed since ${isoInstant(oldest.appendMsMin)} only`
  const near = files.filter(
    ({ eventMsMin, eventMsMax, first }) =>
      first < cursor.next &&
      eventMsMin !== null &&
      eventMsMax !== null &&
      eventMsMax >= sinceMs &&
      eventMsMin < untilMs,
  )
  if (near.length === 0) return null
  const folded = await foldLake(lake, {
    topic,
    partition,
    from: near[0]?.first ?? 0,
    until: cursor.next,
    files: near,
  })
  const series = await registry.resolve(folded.series)
  addDay(days, series, rollUp(folded, series), day, 'recounted')
  addDay(days, series, rollUp(copiesOf(folded), series), day, 'copies')
  return null
}

const copiesOf = (folded: LakeFolded): LakeFolded => ({ ...folded, cells: folded.copies, conversions: [] })

function addDay(
  days: Map<string, CampaignDay>,
  series: readonly ResolvedSeries[],
  { deltas, conversions }: Pick<Flush, 'deltas' | 'conversions'>,
  day: Day,
  side: 'recounted' | 'copies',
): void {
  const wanted = daysBetween(epoch, day)
  const sumsOf = (number: number): Sums => {
    const one = series[number] as ResolvedSeries
    const key = keyOf(one)
    const known = days.get(key) ?? { series: one, counted: zero(), recounted: zero(), copies: zero() }
    days.set(key, known)
    return known[side]
  }
  const { day: cells } = deltas
  for (let cell = 0; cell < cells.bucket.length; cell += 1) {
    if (cells.bucket[cell] !== wanted) continue
    const sums = sumsOf(cells.series[cell] as number)
    for (const [index, metric] of metrics.entries())
      sums[metric] += BigInt(cells.values[cell * metrics.length + index] as number)
  }
  const seen = new Set<string>()
  for (const one of conversions) {
    const key = `${one.id.toLowerCase()} ${one.utcDay}`
    if (one.day !== wanted || seen.has(key)) continue
    seen.add(key)
    const sums = sumsOf(one.series)
    sums.conversions += 1n
    sums.revenue_micros += BigInt(one.revenueMicros)
    sums.cost_micros += BigInt(one.costMicros)
    if (one.ivt) sums.ivt_conversions += 1n
  }
}

/** Pure: whether a day's differences are none, explained by copies, or a defect. */
function judged(day: Day, campaigns: readonly CampaignDay[]): LakeReconciliation {
  const differing = campaigns.filter(({ counted, recounted }) =>
    metrics.some((metric) => counted[metric] !== recounted[metric]),
  )
  const isExplained = differing.every(({ counted, recounted, copies }) =>
    metrics.every(
      (metric) => counted[metric] >= recounted[metric] && counted[metric] - recounted[metric] <= copies[metric],
    ),
  )
  const outcome = differing.length === 0 ? 'equal' : isExplained ? 'adjusted' : 'outside'
  return { day, outcome, campaigns: campaigns.length, differing, detail: '' }
}

/** Keeps what was found. Adjustments bring the days' view to the recount; those of an earlier finding are taken into account. */
export async function recordReconciliation(
  { warehouse, log, clock }: Pick<ReplayPorts, 'warehouse' | 'log' | 'clock'>,
  found: LakeReconciliation,
): Promise<void> {
  const at = isoInstant(clock.nowMs())
  await warehouse.transaction(async (session) => {
    // Two processes that found the same would otherwise both take back what was there and both add theirs.
    await session.query(`select pg_advisory_xact_lock(hashtext('stream_adjustment'))`)
    await session.query(
      `insert into stream_reconciliation (topic, kind, day, outcome, campaigns, differing, detail, at)
       values ($1, 'lake', $2, $3, $4, $5, $6, $7)`,
      [log.topic, found.day, found.outcome, found.campaigns, found.differing.length, found.detail, at],
    )
    if (found.outcome === 'not_measured') return
    const day = daysBetween(epoch, found.day)
    // A new recount stands for every one before it: what they added is taken back in the same commit.
    await session.query(
      `insert into stream_adjustment (job_id, series_id, day, ${metrics.join(', ')}, reason, found_at)
       select a.job_id, a.series_id, a.day, ${metrics.map((metric) => `-sum(a.${metric})::bigint`).join(', ')}, 'duplicate', $3
       from stream_adjustment a join stream_job j on j.job_id = a.job_id where j.job = $1 and a.day = $2
       group by a.job_id, a.series_id, a.day
       having ${metrics.map((metric) => `sum(a.${metric}) <> 0`).join(' or ')}`,
      [liveJob, day, at],
    )
    if (found.outcome !== 'adjusted') return
    for (const { series, counted, recounted } of found.differing)
      await session.query(
        `insert into stream_adjustment (job_id, series_id, day, ${metrics.join(', ')}, reason, found_at)
         select job_id, $2, $3, ${metrics.map((_, index) => `$${index + 5}`).join(', ')}, 'duplicate', $4
         from stream_job where job = $1`,
        [liveJob, series.seriesId, day, at, ...metrics.map((metric) => String(recounted[metric] - counted[metric]))],
      )
  })
}
