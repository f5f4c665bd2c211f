import { defineAdapter } from '../domain/adapter.ts'
import type { Day } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { ResolvedSeries } from './series.ts'
import type { Offset } from './log.ts'

/** One job's place in one partition of a topic: where it goes on, and what it needs to decide as it decided before. */
export interface Cursor {
  readonly next: Offset
  /** Rises with every change of owner; a commit with an older one is refused. */
  readonly epoch: number
  /** Event time up to which the partition is thought complete; null before the first event. Marks buckets final, drops nothing. */
  readonly watermarkMs: number | null
  /** The dedupe window is filled again from here before `next` is read. */
  readonly dedupeFloor: Offset
}

export interface PartitionKey {
  readonly job: string
  readonly topic: string
  readonly partition: number
}

/** A partition that is ours until `leaseMs` after the last acquire, renew or commit. */
export interface Lease extends PartitionKey {
  readonly owner: string
  readonly cursor: Cursor
}

export interface Claim extends PartitionKey {
  readonly owner: string
  readonly leaseMs: number
}

/** Running totals of one cursor, counted with the same exactly-once commit. */
export interface Tallies {
  /** Records passed, of any kind. */
  readonly records: number
  readonly duplicates: number
  readonly invalid: number
  /** Older than the oldest bucket that is kept. */
  readonly lateDropped: number
  /** Stamped more than 15 min into the future and therefore counted when they were received. */
  readonly skewed: number
  /** Valid, but of a type that is not counted. */
  readonly uncounted: number
}

/**
 * Additive deltas of one grain, column by column: entry i belongs to `series[i]` (index into `Flush.series`) and `bucket[i]`.
 * Buckets: minutes and hours since 1970 UTC; days since 1970 of the civil day in the series' zone. An hour is a UTC hour; zones with
 * offsets of 30 or 45 min share it between two local hours. No pair of series and bucket comes twice.
 */
export interface GrainDeltas {
  readonly series: Int32Array
  readonly bucket: Int32Array
  /** `metrics.length` values an entry, in that order; whole numbers below 2^53. */
  readonly values: Float64Array
}

/** Counted metrics in the order of `GrainDeltas.values`. `ivt_…` are the invalid part of the gross count. Micros are of the series' currency. */
export const metrics = [
  'impressions',
  'clicks',
  'conversions',
  'revenue_micros',
  'cost_micros',
  'ivt_impressions',
  'ivt_clicks',
  'ivt_conversions',
] as const

export type Metric = (typeof metrics)[number]

export const grains = ['minute', 'hour', 'day'] as const

export type Grain = (typeof grains)[number]

/** Conversions are money: each is handed over with its identity, and the store counts it once for as long as it keeps identities. */
export interface ConversionRow {
  /** A UUID: the event's own id where it is one, else made from source and id, or from topic, partition and offset. */
  readonly id: string
  readonly series: number
  readonly minute: number
  readonly hour: number
  readonly day: number
  /** The event's UTC day since 1970: the identity's partition, the same for every copy of the event. */
  readonly utcDay: number
  /** Which grains still keep its bucket: 0 all, 1 hour and day, 2 day. */
  readonly age: 0 | 1 | 2
  readonly revenueMicros: number
  readonly costMicros: number
  readonly ivt: boolean
}

/** A record that could not be counted, kept whole with the reason, in the same commit. */
export interface DeadLetter {
  readonly offset: Offset
  /** Its index among the events of one enveloped record; 0 otherwise. */
  readonly place: number
  /** `not_json`, `not_utf8`, `too_long`, `not_an_object`, or `field: what`. */
  readonly reason: string
  readonly raw: Uint8Array
}

/** The effect of the log's range [lease.cursor.next, next) of one partition: applied whole, once. */
export interface Flush {
  readonly lease: Lease
  readonly next: Offset
  readonly watermarkMs: number | null
  readonly dedupeFloor: Offset
  readonly leaseMs: number
  readonly series: readonly ResolvedSeries[]
  readonly deltas: Readonly<Record<Grain, GrainDeltas>>
  readonly conversions: readonly ConversionRow[]
  readonly deadLetters: readonly DeadLetter[]
  readonly tallies: Tallies
}

export interface CursorStatus extends PartitionKey, Cursor {
  readonly owner: string | null
  readonly leaseUntilMs: number | null
  readonly committedMs: number | null
  readonly tallies: Tallies
}

export interface TotalsQuery {
  readonly job: string
  readonly grain: Grain
  /** Buckets from and to, both inclusive; all when left out. */
  readonly since?: number | undefined
  readonly until?: number | undefined
}

export interface Total {
  readonly platform: string
  readonly accountId: string
  readonly campaignId: string
  /** Of the money; empty: the account's own. */
  readonly currency: string
  readonly bucket: number
  readonly values: Readonly<Record<Metric, bigint>>
}

/** What a platform says that a campaign has spent on a day of its account, as of an instant; the day may still run. */
export interface PlatformCost {
  readonly platform: string
  readonly accountId: string
  readonly campaignId: string
  readonly day: Day
  readonly currency: string
  /** In units of the currency; negative for a credit. */
  readonly cost: Decimal
  readonly asOfMs: number
  /** The day's ends in the account's zone. */
  readonly startsMs: number
  readonly endsMs: number
}

/** A platform's cost beside what was counted: of a day that was not watched from its beginning it divides nothing. */
export interface ShownCost extends PlatformCost {
  readonly isWatched: boolean
}

/**
 * Where live counters rest, together with the cursors that say what is in them. Contract (`countersContract`):
 * a flush moves the cursor from `lease.cursor.next` to `next` and applies everything in one atomic step, or does nothing;
 * a flush whose expected offset or epoch is no longer the store's is `fenced` and changes nothing, so a lost acknowledgement,
 * a zombie or a second owner can never count twice; under kill -9 of either side counters and cursor agree;
 * a conversion id counts once for as long as the store keeps ids;
 * a cursor that is missing for a job that was begun throws STREAM_CURSOR_MISSING and is never started elsewhere.
 */
export interface Counters extends AsyncDisposable {
  /** For people, without secrets. */
  readonly place: string
  /** Makes the cursors of a job that has none, at these offsets by partition; cursors that are there stay as they are. */
  begin(job: string, topic: string, offsets: readonly Offset[]): Promise<void>
  /** Takes a partition that is free, expired or ours already (which renews it); null while somebody else holds it. */
  acquire(claim: Claim): Promise<Lease | null>
  /** The lease with its cursor moved on, or `fenced`. */
  commit(flush: Flush): Promise<Lease | 'fenced'>
  /** Gives a partition back at once; nothing when it is no longer ours. */
  release(lease: Lease): Promise<void>
  cursors(job: string): Promise<readonly CursorStatus[]>
  /** Reads counters back, for contracts, recounts and reports; in any order. */
  totals(query: TotalsQuery): Promise<readonly Total[]>
  /** Only of a store whose own keys show cost and roas: what the platforms say, for days whose events do not say their cost. */
  showCosts?(costs: readonly ShownCost[]): Promise<void>
}

export const defineCounters = defineAdapter<Counters>()
