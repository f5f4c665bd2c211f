import type { Day, DayRange } from './day.ts'
import type { Decimal } from './decimal.ts'
import type { ColumnDrift, RawMapping } from './mapping.ts'
import type { Currency } from './money.ts'
import type { Level, Platform } from './platform.ts'

/** Names a partition: the unit of loading and locking. */
export interface PartitionKey {
  readonly platform: Platform
  readonly accountId: string
  readonly level: Level
  readonly breakdownKey: string
  readonly date: Day
}

/** One text per partition; the advisory lock of a load is its hash, so two writers of one partition must build the same text. */
export function partitionText(key: PartitionKey): string {
  return ['fact_ad_daily', key.platform, key.accountId, key.level, key.breakdownKey, key.date].join('|')
}

/**
 * The canonical daily metric: one entity, one day, numbers that mean the same on every platform (connectors-and-hub §5).
 * Ratios are not here: they are computed from sums where they are shown. `null` means the platform has no such metric.
 */
export interface DailyMetric {
  readonly entityId: string
  readonly date: Day
  readonly currency: Currency
  /** In units of the currency, not micros. Negative for a credit. */
  readonly cost: Decimal
  readonly impressions: Decimal
  /** All clicks. */
  readonly clicks: Decimal
  readonly linkClicks: Decimal | null
  readonly videoViews: Decimal | null
  /** By the account's primary conversion definition; fractional. */
  readonly conversions: Decimal
  readonly conversionValue: Decimal | null
  /** All actions behind the conversions, where the platform tells them: another definition is then computed from these. */
  readonly actions?: readonly ActionMetric[] | undefined
}

/**
 * Daily metrics as lines of text, which is how they are fastest handed from file to table: whole lines, each ended by a newline, fields
 * between tabs in the order date, entity id, currency, cost, impressions, clicks, link clicks, video views, conversions, conversion
 * value, actions; `\N` for none. ASCII, and nothing in it that would have to be escaped.
 */
export interface MetricLines {
  readonly lines: Uint8Array
}

export type MetricBatch = readonly DailyMetric[] | MetricLines

/** One action of one entity's day in one attribution window, as the platform counted it. Null: the platform did not name it. */
export interface ActionMetric {
  readonly actionKey: string
  /** `default`: the account's own; `7d_click`, `1d_view`, … where the platform told them apart. */
  readonly window: string
  readonly conversions: Decimal | null
  readonly value: Decimal | null
}

/** Sums that a platform returned beside its rows; only those that it returned. */
export interface ControlTotals {
  readonly cost?: Decimal
  readonly impressions?: Decimal
  readonly clicks?: Decimal
  readonly conversions?: Decimal
  readonly conversionValue?: Decimal
}

/** What is asked of a platform at once: one account, one level, a range of its days. */
export interface Slice extends DayRange {
  readonly platform: Platform
  readonly accountId: string
  readonly level: Level
  readonly breakdownKey: string
  readonly kind: 'advance' | 'refresh' | 'repair'
}

/** The ledger's line for one extract. */
export interface ExtractRecord extends Slice {
  /** UUID v7 or v4 in lower case; part of every file name in the lake. */
  readonly extractId: string
  readonly requestedAtMs: number
  readonly finishedAtMs: number
  readonly rows: number
  readonly apiVersion: string
  readonly requestIds: readonly string[]
  /** Calls that counted against the platform's quota; absent in records of before this was kept. */
  readonly operations?: number | undefined
  /** Null when the platform returned none. */
  readonly controlTotals: ControlTotals | null
  /** Version of the mapping from raw to canonical that the connector declared. */
  readonly mapVersion: number
  /** The lake's key of the raw file, by day; a day without rows has no file. */
  readonly rawKeys: Readonly<Record<Day, string>>
  /** What differed from the source's pinned columns; absent when nobody looked. Kept with the extract, so that a load repeated from the lake judges it too. */
  readonly drift?: ColumnDrift | undefined
  /** The mapping that its rows came with, where it is no connector's: of a file, of another's source. */
  readonly mapping?: RawMapping | undefined
}
