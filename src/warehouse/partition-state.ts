import { isoInstant } from '../domain/clock.ts'
import type { Day, DayRange } from '../domain/day.ts'
import { partitionText } from '../domain/metric.ts'
import type { ExtractRecord, PartitionKey } from '../domain/metric.ts'
import type { Platform } from '../domain/platform.ts'
import { statement } from './statements.ts'
import type { Session, Warehouse } from './warehouse.ts'

/** What is known of a partition before a load, read under its lock. */
export interface PartitionRow {
  readonly date: Day
  readonly partitionId: number
  readonly published: boolean
  /** When the published extract was asked for; null when nothing was published. */
  readonly requestedAtMs: number | null
  readonly rows: number
  /** Of the rows that were loaded last; null when nothing was published. */
  readonly fingerprint: string | null
}

/**
 * Takes the partitions' locks for the rest of the transaction, in the order of their numbers: two loads that share days in any
 * order wait for each other and never for ever. Locks of the transaction, not of the session, so that a pooler may stand between.
 */
export async function lockPartitions(session: Session, texts: readonly string[]): Promise<void> {
  await session.query(
    `select count(pg_advisory_xact_lock(k.key))
     from (select distinct hashtextextended(t.name, 0) as key from unnest($1::text[]) as t (name) order by key offset 0) k`,
    [texts],
  )
}

/** The partitions of a load, made where they are missing, in the order of `days`. */
export async function openPartitions(
  session: Session,
  extract: ExtractRecord,
  days: readonly Day[],
): Promise<readonly PartitionRow[]> {
  const { platform, accountId, level, breakdownKey } = extract
  const key = [platform, accountId, level, breakdownKey, days]
  const read = () =>
    session.query<PartitionRow & Readonly<Record<string, unknown>>>(
      `select date, partition_id as "partitionId", published_at is not null as published, rows, fingerprint,
              floor(extract(epoch from requested_at) * 1000)::float8 as "requestedAtMs"
       from partition_state
       where platform = $1 and account_id = $2 and level = $3 and breakdown_key = $4 and date = any ($5::date[])
       order by date`,
      key,
    )
  const found = await read()
  if (found.length === days.length) return found
  await session.query(
    `insert into partition_state (platform, account_id, level, breakdown_key, date, problem_at)
     select $1, $2, $3, $4, d.date, now() from unnest($5::date[]) as d (date)
     on conflict (platform, account_id, level, breakdown_key, date) do nothing`,
    key,
  )
  return read()
}

/** Why a partition could not even be loaded, in the words of the error that stopped it. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly atMs: number
}

/** Marks partitions whose load failed before it could begin: what was published stays and is stale, what never was is failed. */
export async function markFailed(session: Session, keys: readonly PartitionKey[], failure: Failure): Promise<void> {
  await lockPartitions(session, keys.map(partitionText))
  const column = (name: keyof PartitionKey) => keys.map((key) => key[name])
  await session.query(
    `insert into partition_state as p (platform, account_id, level, breakdown_key, date, problem_codes, problem_message, problem_at)
     select k.platform, k.account_id, k.level, k.breakdown_key, k.date, array[$6::text], $7::text, $8::timestamptz
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[]) as k (platform, account_id, level, breakdown_key, date)
     order by k.platform, k.account_id, k.level, k.breakdown_key, k.date
     on conflict (platform, account_id, level, breakdown_key, date) do update
     set state = case when p.published_at is null then 'failed' else 'stale' end,
         problem_extract_id = null, problem_codes = excluded.problem_codes, problem_message = excluded.problem_message, problem_at = excluded.problem_at`,
    [
      column('platform'),
      column('accountId'),
      column('level'),
      column('breakdownKey'),
      column('date'),
      failure.code,
      failure.message,
      isoInstant(failure.atMs),
    ],
  )
}

/** What a check of the refused extract said about the partition. */
export interface RefusingCheck {
  readonly checkId: string
  readonly outcome: string
  readonly tested: number | null
  readonly failed: number | null
  readonly explain: Readonly<Record<string, unknown>> | null
  readonly error: string | null
}

/** One partition as `millrace status` shows it. */
export interface PartitionStatus {
  readonly platform: Platform
  readonly accountId: string
  readonly accountName: string | null
  readonly level: string
  readonly breakdownKey: string
  readonly date: Day
  readonly state: 'published' | 'stale' | 'failed'
  readonly rows: number
  readonly completeness: 'provisional' | 'settling' | 'final' | null
  readonly extractId: string | null
  /** When its rows last changed, and when they were last found right. */
  readonly publishedAt: Date | null
  readonly confirmedAt: Date | null
  /** Ids of the checks that refused it last, or the code of the error that stopped its load; empty when published. */
  readonly problemCodes: readonly string[]
  readonly problemMessage: string | null
  readonly problemAt: Date | null
  readonly refusedExtractId: string | null
  readonly refusingChecks: readonly RefusingCheck[]
}

/** The state of every partition of the range, in the order of platform, account and day. */
export async function readStatus(
  warehouse: Pick<Warehouse, 'query'>,
  range: DayRange,
): Promise<readonly PartitionStatus[]> {
  return warehouse.query<PartitionStatus & Readonly<Record<string, unknown>>>(statement('status'), [
    range.since,
    range.until,
  ])
}

/** Extracts whose numbers readers see now, or that were refused last and may be published after all; a lake must keep them. */
export async function extractsInUse(warehouse: Pick<Warehouse, 'query'>): Promise<ReadonlySet<string>> {
  const rows = await warehouse.query<{ id: string }>(
    `select extract_id::text as id from partition_state where extract_id is not null
     union select problem_extract_id::text from partition_state where problem_extract_id is not null`,
  )
  return new Set(rows.map(({ id }) => id))
}
