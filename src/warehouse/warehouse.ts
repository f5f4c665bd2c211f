import { defineAdapter } from '../domain/adapter.ts'
import type { AdAccount } from '../domain/account.ts'
import type { Day } from '../domain/day.ts'
import type { ExtractRecord, MetricBatch } from '../domain/metric.ts'

export type SqlValue = string | number | bigint | boolean | null | Uint8Array | Date | readonly string[]

/** Rows come with `numeric` and `bigint` as text (exact), `date` as `YYYY-MM-DD` text, `timestamptz` as Date. */
export type SqlRow = Readonly<Record<string, unknown>>

/** A connection inside one transaction, or none. */
export interface Session {
  query<Row extends SqlRow = SqlRow>(sql: string, values?: readonly SqlValue[]): Promise<readonly Row[]>
}

/** What is about to be published: one extract's rows, staged in a temporary table that only this session sees. */
export interface Stage {
  /** Quoted name of the temporary table; columns as `fact_ad_daily`'s metrics with `entity_id`, `date`, `currency`. */
  readonly table: string
  readonly extract: ExtractRecord
  readonly account: AdAccount
  /** The days of the load: each is a partition, also those without any row. */
  readonly days: readonly Day[]
}

export interface Verdict {
  readonly date: Day
  /** Ids of the blocking checks that refused the partition; empty when it may be published. */
  readonly refusedBy: readonly string[]
  /** Rows of the day that the audit took out of the stage and kept aside; the others are published. */
  readonly quarantined?: number
}

/** Judges a stage inside the load's own transaction, writes its results there, and says which partitions may pass. */
export type Audit = (session: Session, stage: Stage) => Promise<readonly Verdict[]>

export interface PartitionReport {
  readonly date: Day
  /** `superseded`: a newer extract of the same partition was already published; this one changed nothing. */
  readonly outcome: 'published' | 'unchanged' | 'refused' | 'superseded'
  readonly rows: number
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
  readonly refusedBy: readonly string[]
}

export interface LoadRequest {
  readonly extract: ExtractRecord
  readonly account: AdAccount
  readonly days: readonly Day[]
  /** Rows of any of the days, in any order, in batches. */
  readonly rows: AsyncIterable<MetricBatch>
  readonly audit: Audit
  /** The version of the definition that the rows' conversions were counted by; absent where the platform tells no actions. */
  readonly conversions?: { readonly version: number } | undefined
  /** The instant of the load by the program's clock, for what is written down about it; the extract's end when left out. */
  readonly atMs?: number | undefined
  /**
   * Written in the load's own transaction, behind everything else: it is there if and only if the load is, and when it throws nothing is.
   */
  readonly alongside?: ((session: Session, reports: readonly PartitionReport[]) => Promise<void>) | undefined
}

export interface Connection {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string | null
  readonly database: string
  readonly schema: string
}

/** Where canonical facts live: a Postgres 15 or newer, ours or yours. */
export interface Warehouse extends AsyncDisposable {
  /** For dbt and for people's own tools. */
  readonly connection: Connection
  /** For people, without a password: `embedded Postgres 18.4 in /path`. */
  readonly place: string
  /** Applies the migrations that are missing, one transaction each, under a lock; safe for any number of starters at once. */
  migrate(): Promise<readonly string[]>
  /** One statement outside a transaction. */
  query<Row extends SqlRow = SqlRow>(sql: string, values?: readonly SqlValue[]): Promise<readonly Row[]>
  /** All of `work` or none of it. */
  transaction<Result>(work: (session: Session) => Promise<Result>): Promise<Result>
  /**
   * Stage, audit, publish: one transaction under the partitions' locks. Running it twice is running it once;
   * a refused partition keeps its last good rows and is marked stale; the ledger keeps every changed number.
   */
  load(request: LoadRequest): Promise<readonly PartitionReport[]>
}

export const defineWarehouse = defineAdapter<Warehouse>()
