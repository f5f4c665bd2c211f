/**
 * How raw rows of a platform become canonical daily metrics, as data: a connector declares its mapping, `unify/` carries it out.
 * Because it is data with a version, a fact can be mapped again from the lake without calling the platform.
 */

/** The types of raw columns; each is exact. `json` is text that holds a JSON value as the platform sent it. */
export type RawType = 'text' | 'day' | 'bigint' | 'decimal' | 'json'

export interface RawColumn {
  readonly name: string
  readonly type: RawType
  /** A row without it breaks the contract of the source (schema drift blocks); others may be null. */
  readonly required: boolean
}

/** Where one canonical number comes from. */
export type MetricSource =
  /** The column as it is. Null or absent counts as `absent`. */
  | { readonly from: 'column'; readonly column: string; readonly absent: 'zero' | 'null' }
  /** A column in millionths of the currency's unit. */
  | { readonly from: 'micros'; readonly column: string; readonly absent: 'zero' | 'null' }
  /** Meta's `actions[]`: the value of the first listed action type that is present, or the sum of those that do not overlap. */
  | {
      readonly from: 'firstAction' | 'sumActions'
      readonly column: string
      readonly actionTypes: readonly string[]
      /** Attribution windows whose counts are added; the account's own window when left out. */
      readonly windows?: readonly string[]
      readonly absent: 'zero' | 'null'
    }
  /** Columns that share nothing, summed: two kinds of conversions that a platform counts apart. `absent` when none of them is there. */
  | { readonly from: 'sum'; readonly columns: readonly string[]; readonly absent: 'zero' | 'null' }
  /** The platform has no such metric. */
  | { readonly from: 'none' }

export interface RawMapping {
  /**
   * `exact`: a second row of one entity and day is an error that the audit must see.
   * `finer`: rows are finer than entity × day (a file split by device, say) and are summed.
   */
  readonly grain: 'exact' | 'finer'
  /** Rises with every change of meaning. */
  readonly version: number
  readonly columns: readonly RawColumn[]
  readonly date: string
  readonly entityId: string
  /** Column with the row's currency; null when rows carry none and the account's is taken. */
  readonly currency: string | null
  readonly cost: MetricSource
  readonly impressions: MetricSource
  readonly clicks: MetricSource
  readonly linkClicks: MetricSource
  readonly videoViews: MetricSource
  readonly conversions: MetricSource
  readonly conversionValue: MetricSource
  /** Columns that hold Meta's lists of actions and of their values; absent where the platform tells no actions. */
  readonly actions?: { readonly conversions: string; readonly values: string }
}

/** A raw row: text exactly as the platform wrote the value (numbers too), or null. Keys are the mapping's column names. */
export type RawRow = Readonly<Record<string, string | null>>

/** The difference between a source's pinned columns and what an extract really saw. */
export interface ColumnDrift {
  /** Required columns that at least one row lacked: a fact made of nothing. */
  readonly removed: readonly string[]
  /** Columns whose values did not read as their type. */
  readonly mistyped: readonly {
    readonly name: string
    readonly type: RawType
    readonly rows: number
    readonly example: string | null
  }[]
  /** Columns that the mapping does not know. */
  readonly added: readonly string[]
  /** Optional columns that the platform knows no more: rows are whole in their numbers, and names stay as they were. */
  readonly vanished?: readonly string[] | undefined
}
