import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'
import type { SqlRow, Warehouse } from '../warehouse/warehouse.ts'
import { commitValues } from './commit-values.ts'
import type {
  Claim,
  Counters,
  Cursor,
  CursorStatus,
  Flush,
  Grain,
  Lease,
  Metric,
  PartitionKey,
  Total,
  TotalsQuery,
} from './counters.ts'
import { defineCounters, metrics } from './counters.ts'
import type { Offset } from './log.ts'
import { RangePartitions, rangeTables } from './range-partition.ts'
import { statement } from './statements.ts'

/** Table and bucket column of each grain. */
const grainTables = {
  minute: { table: 'rt_minute', bucket: 'minute' },
  hour: { table: 'rt_hour', bucket: 'hour' },
  day: { table: 'rt_day', bucket: 'day' },
} as const satisfies Record<Grain, { table: string; bucket: string }>

/** Whole numbers that come as text, because `bigint` does. */
const whole = (value: unknown): number => Number(value)
const wholeOrNull = (value: unknown): number | null => (value === null ? null : Number(value))

function cursorOf(row: SqlRow): Cursor {
  return {
    next: whole(row['next']),
    epoch: whole(row['epoch']),
    watermarkMs: wholeOrNull(row['watermark_ms']),
    dedupeFloor: whole(row['dedupe_floor']),
  }
}

function statusOf(job: string, row: SqlRow): CursorStatus {
  const time = (value: unknown): number | null => (value instanceof Date ? value.getTime() : null)
  return {
    job,
    topic: row['topic'] as string,
    partition: row['partition'] as number,
    ...cursorOf(row),
    owner: row['owner'] as string | null,
    leaseUntilMs: time(row['lease_until']),
    committedMs: time(row['committed_at']),
    tallies: {
      records: whole(row['records']),
      duplicates: whole(row['duplicates']),
      invalid: whole(row['invalid']),
      lateDropped: whole(row['late_dropped']),
      skewed: whole(row['skewed']),
      uncounted: whole(row['uncounted']),
    },
  }
}

function totalOf(row: SqlRow): Total {
  return {
    platform: row['platform'] as string,
    accountId: row['account_id'] as string,
    campaignId: row['campaign_id'] as string,
    currency: row['currency'] as string,
    bucket: row['bucket'] as number,
    values: Object.fromEntries(metrics.map((metric) => [metric, BigInt(row[metric] as string)])) as Record<
      Metric,
      bigint
    >,
  }
}

class PostgresCounters implements Counters {
  readonly #warehouse: Warehouse
  readonly #partitions: RangePartitions

  constructor(warehouse: Warehouse) {
    this.#warehouse = warehouse
    this.#partitions = new RangePartitions(warehouse)
  }

  get place(): string {
    return `counters in ${this.#warehouse.place}`
  }

  async begin(job: string, topic: string, offsets: readonly Offset[]): Promise<void> {
    await this.#warehouse.transaction(async (session) => {
      await session.query('insert into stream_job (job) values ($1) on conflict (job) do nothing', [job])
      // The first job is the one that readers see, until a replay is swapped in.
      await session.query(
        'insert into stream_live (job_id) select job_id from stream_job where job = $1 on conflict do nothing',
        [job],
      )
      await session.query(
        `insert into stream_cursor (job_id, topic, partition, next, dedupe_floor)
         select j.job_id, $2, o.place - 1, o.at, o.at
         from stream_job j, unnest($3::bigint[]) with ordinality as o (at, place) where j.job = $1
         on conflict do nothing`,
        [job, topic, offsets.map(String)],
      )
    })
  }

  async acquire(claim: Claim): Promise<Lease | null> {
    const { job, topic, partition, owner, leaseMs } = claim
    const [row] = await this.#warehouse.query(statement('counters-acquire'), [job, topic, partition, owner, leaseMs])
    if (row) return { job, topic, partition, owner, cursor: cursorOf(row) }
    await this.#checkCursor(claim)
    return null
  }

  async commit(flush: Flush): Promise<Lease | 'fenced'> {
    const { minute } = flush.deltas
    const kept = flush.conversions.filter(({ age }) => age === 0)
    await this.#partitions.ensure(rangeTables.minute, [...minute.bucket, ...kept.map((one) => one.minute)])
    await this.#partitions.ensure(
      rangeTables.conversion,
      flush.conversions.map(({ utcDay }) => utcDay),
    )
    const [row] = await this.#warehouse.query<{ moved: number }>(statement('counters-commit'), commitValues(flush))
    if (row?.moved !== 1) {
      await this.#checkCursor(flush.lease)
      return 'fenced'
    }
    const { next, watermarkMs, dedupeFloor } = flush
    return { ...flush.lease, cursor: { ...flush.lease.cursor, next, watermarkMs, dedupeFloor } }
  }

  async release({ job, topic, partition, owner, cursor }: Lease): Promise<void> {
    await this.#warehouse.query(
      `update stream_cursor c set owner = null, lease_until = null from stream_job j
       where j.job = $1 and c.job_id = j.job_id and c.topic = $2 and c.partition = $3 and c.owner = $4 and c.epoch = $5`,
      [job, topic, partition, owner, cursor.epoch],
    )
  }

  async cursors(job: string): Promise<readonly CursorStatus[]> {
    const rows = await this.#warehouse.query(
      `select c.topic, c.partition, c.next, c.epoch, c.watermark_ms, c.dedupe_floor, c.owner, c.lease_until, c.committed_at,
         c.records, c.duplicates, c.invalid, c.late_dropped, c.skewed, c.uncounted
       from stream_cursor c join stream_job j on j.job_id = c.job_id where j.job = $1 order by c.topic, c.partition`,
      [job],
    )
    return rows.map((row) => statusOf(job, row))
  }

  async totals({ job, grain, since, until }: TotalsQuery): Promise<readonly Total[]> {
    const { table, bucket } = grainTables[grain]
    const rows = await this.#warehouse.query(
      `select s.platform, s.account_id, s.campaign_id, s.currency, t.${bucket} as bucket, ${metrics.map((one) => `t.${one}`).join(', ')}
       from ${table} t join stream_job j on j.job_id = t.job_id join stream_series s on s.series_id = t.series_id
       where j.job = $1 and t.${bucket} between coalesce($2::int, -2147483648) and coalesce($3::int, 2147483647)`,
      [job, since ?? null, until ?? null],
    )
    return rows.map(totalOf)
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #checkCursor({ job, topic, partition }: PartitionKey): Promise<void> {
    const cursors = await this.cursors(job)
    if (cursors.some((one) => one.topic === topic && one.partition === partition)) return
    throw new MillraceError('STREAM_CURSOR_MISSING', { job, topic, partition, place: this.place })
  }
}

export const adapter = defineCounters({
  name: 'postgres',
  summary: 'tables in the warehouse’s own Postgres: counters, conversions and cursor in one commit',
  options: z.object({
    /** The opened warehouse, migrated. */
    warehouse: z.custom<Warehouse>(),
  }),
  async open({ warehouse }) {
    return new PostgresCounters(warehouse)
  },
})
