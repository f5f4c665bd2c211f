import type { AdAccount } from '../domain/account.ts'
import type { Day } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { Facts } from '../domain/errors.ts'
import type { ExtractRecord } from '../domain/metric.ts'
import type { Drift } from './drift.ts'
import type { Fragment } from './fragment.ts'

/** The dimensions by their names in the Open Data Contract Standard; its `conformity` is what others call validity. */
export const dimensions = [
  'accuracy',
  'completeness',
  'conformity',
  'consistency',
  'coverage',
  'timeliness',
  'uniqueness',
] as const

export type Dimension = (typeof dimensions)[number]

export const severities = ['info', 'warn', 'error', 'critical'] as const

export type Severity = (typeof severities)[number]

/**
 * `error`: the check could not be carried out, which is never a pass: a blocking check that errors refuses its partition.
 * `skipped`: there was nothing to judge by, and the reason is stored. `learning`: a detector has too short a past. `muted`: it failed
 * or warned, and somebody decided not to hear of it for a time. `superseded`: a newer load made it about rows that nobody sees.
 */
export const outcomes = ['pass', 'warn', 'fail', 'error', 'skipped', 'learning', 'muted', 'superseded'] as const

export type Outcome = (typeof outcomes)[number]

/**
 * What a failure does. `block`: the partition is refused. `quarantine`: the failing rows are kept aside and the others published.
 * `warn`: published, and people are told. `record`: published and kept for whoever looks.
 */
export const onFails = ['block', 'quarantine', 'warn', 'record'] as const

export type OnFail = (typeof onFails)[number]

/** Numbers of the stage that are summed for the platform's control totals. */
export const summedMetrics = ['cost', 'impressions', 'clicks', 'conversions', 'conversionValue'] as const

export type SummedMetric = (typeof summedMetrics)[number]

/** What the one scan says of one staged day; a day without rows has zeros and nulls. */
export interface PartitionFacts {
  readonly date: Day
  readonly rows: number
  /** Different entity ids that are neither null nor empty. */
  readonly distinctEntities: number
  /** Median of cost per click over rows that have both; a ratio for orders of magnitude, not money. */
  readonly medianCostPerClick: number | null
}

/** What is known of an account's published past when a slice is judged. */
export interface PublishedPast {
  /** Rows by day, of the days that were published; a day that was published empty has 0, one never published is absent. */
  readonly rows: ReadonlyMap<Day, number>
  /** Median of cost per click over 28 published days, those before the slice where there are any; null when none was published. */
  readonly medianCostPerClick: number | null
}

/** Shares are statistics from 0 to 1. */
export interface UtmShares {
  /** Of the staged days that have clicks. */
  readonly byDay: ReadonlyMap<Day, number>
  /** Over the published days of the week before the slice; null when none had clicks. */
  readonly before: number | null
}

/** What is true of the load as a whole. */
export interface SliceFacts {
  readonly account: AdAccount
  readonly extract: ExtractRecord
  readonly days: readonly Day[]
  readonly nowMs: number
  readonly settleMs: number
  /** Undefined: whoever extracted did not count columns. */
  readonly drift: Drift | undefined
  readonly past: PublishedPast
  /** Share of landing clicks whose campaign can be told from their UTM parameters; null: no address of the account is known. */
  readonly utm: UtmShares | null
  /** Days of the slice on which the account's currency has a reference rate; null: no rate of any currency was ever loaded. */
  readonly ratedDays: ReadonlySet<Day> | null
  /** Staged rows by day, of the days that have any. */
  readonly staged: ReadonlyMap<Day, number>
  /** Staged rows whose date is none of the days asked for, or no date at all. */
  readonly strayRows: number
  readonly rows: number
  readonly sums: Readonly<Record<SummedMetric, Decimal>>
}

/** How many staged rows of one day a row rule found. */
export interface RowCounts {
  readonly fails: number
  readonly warns: number
  /** How far the worst failing row is off, in the rule's own unit; 0 without one. */
  readonly excessMax: number
  /** Value of the check's own aggregate over the day; absent without one. */
  readonly measure?: number
}

/** Predicates over one staged row, compiled together with those of every other check into one scan of the stage. */
export interface RowRule {
  /** True for a row that breaks the rule. May name values of the slice: they travel as parameters. */
  readonly fails: (slice: SliceValues) => Fragment
  /** True for a row that is odd but may be published. */
  readonly warns?: (slice: SliceValues) => Fragment
  /** By how much a failing row breaks it. */
  readonly excess?: (slice: SliceValues) => Fragment
}

/** Values of the slice that a predicate may compare with. */
export interface SliceValues {
  readonly currency: string
}

export interface CheckInput {
  readonly partition: PartitionFacts
  readonly slice: SliceFacts
  /** Zeros for a check without a row rule. */
  readonly counts: RowCounts
}

/** What a check found; `facts` fill the sentences of `builtin-words.ts` and are stored whole. */
export interface Judgement {
  readonly outcome: 'pass' | 'warn' | 'fail' | 'skipped' | 'learning'
  readonly tested: number
  readonly failed: number
  readonly value?: string | null
  readonly expectedLow?: string | null
  readonly expectedHigh?: string | null
  /** How near a measured value came, 0 to 1, when failed rows among those tested do not say it. */
  readonly score?: number
  readonly facts?: Facts
}

/** A rule about data, as data: what it looks at, how it judges, and what follows when it fails. */
export interface Check {
  /** `[a-z][a-z0-9_.]{0,62}`; stable for ever, because results are kept under it. */
  readonly id: string
  readonly dimension: Dimension
  readonly severity: Severity
  /** Whether a failure, or an error, refuses the partition. */
  readonly blocking: boolean
  /** What a failure does; left out, `block` for a blocking check and `warn` for another. */
  readonly onFail?: OnFail
  readonly rows?: RowRule
  /** A whole number over all rows of a day, when single rows cannot say it; taken in the same scan as the row rules. */
  readonly measure?: () => Fragment
  /** Which rows to keep as samples when the rule cannot say so of a row alone. */
  readonly samples?: (stage: Fragment) => Fragment
  /** The rule and the remedy in the words of whoever wrote the check; a built-in one has its own in both languages. */
  readonly words?: { readonly rule?: string | undefined; readonly fix?: string | undefined }
  /** Pure: same input, same judgement. */
  readonly judge: (input: CheckInput) => Judgement
}

/** What may be wrong before a partition is refused. */
export interface Tolerance {
  /** Failing rows per thousand tested. */
  readonly failedPerMille: number
  /** Excess of the worst row. */
  readonly excessMax: number
}

/** Fails with more than nothing; warns where the rule has rows to warn of. */
export function judgeRows({ partition, counts }: CheckInput): Judgement {
  const outcome = counts.fails > 0 ? 'fail' : counts.warns > 0 ? 'warn' : 'pass'
  return { outcome, tested: partition.rows, failed: counts.fails, facts: { warned: counts.warns } }
}

/** Fails above the tolerance, warns below it. Compared without division, so that one row of a thousand is exactly the limit. */
export function judgeWithin(tolerance: Tolerance): Check['judge'] {
  return ({ partition, counts }) => {
    const tooMany = counts.fails * 1000 > partition.rows * tolerance.failedPerMille
    const tooFar = counts.excessMax > tolerance.excessMax
    const outcome = counts.fails === 0 ? 'pass' : tooMany || tooFar ? 'fail' : 'warn'
    return {
      outcome,
      tested: partition.rows,
      failed: counts.fails,
      value: String(counts.excessMax),
      expectedHigh: String(tolerance.excessMax),
      facts: { excessMax: counts.excessMax },
    }
  }
}

/** What a failure of the check does to its partition. */
export function onFailOf({ blocking, onFail }: Pick<Check, 'blocking' | 'onFail'>): OnFail {
  return onFail ?? (blocking ? 'block' : 'warn')
}
