import { z } from 'zod'
import { systemClock } from '../domain/clock.ts'
import type { Clock } from '../domain/clock.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { PostgresPool } from '../warehouse/postgres-pool.ts'
import type { Session, Warehouse } from '../warehouse/warehouse.ts'
import type { StoredSegment } from './copy-segments.ts'
import { readSegments, segmentRecordsMax } from './copy-segments.ts'
import type { Append, Bounds, EventLog, LogBatch, Offset, ReadOptions } from './log.ts'
import { defineLog } from './log.ts'
import { HeadWatch } from './head-watch.ts'
import type { Topic } from './postgres-topic.ts'
import { copyPool, isRangeMissing, openTopic } from './postgres-topic.ts'
import { RangePartitions, dropPartition, rangeTables } from './range-partition.ts'
import { lineStart, packSegment, unpackSegment } from './segment.ts'
import type { Packed } from './segment.ts'
import { statement } from './statements.ts'

const dayMs = 86_400_000
interface NewSegment extends Packed {
  readonly count: number
}

/** Lines as segments of at most `segmentRecordsMax` records. */
function packed(lines: Uint8Array, count: number): readonly NewSegment[] {
  const segments: NewSegment[] = []
  let from = 0
  for (let left = count; left > 0; left -= segmentRecordsMax) {
    const records = Math.min(left, segmentRecordsMax)
    const to = left > records ? from + lineStart(lines.subarray(from), records) : lines.length
    segments.push({ ...packSegment(lines.subarray(from, to)), count: records })
    from = to
  }
  return segments
}

class PostgresLog implements EventLog {
  readonly #warehouse: Warehouse
  readonly #topic: Topic
  readonly #clock: Clock
  readonly #partitions: RangePartitions
  readonly #heads: HeadWatch
  #pool: PostgresPool

  constructor(warehouse: Warehouse, topic: Topic, clock: Clock, pool: PostgresPool) {
    this.#warehouse = warehouse
    this.#topic = topic
    this.#clock = clock
    this.#pool = pool
    this.#partitions = new RangePartitions(warehouse)
    this.#heads = new HeadWatch(warehouse, topic.topicId)
  }

  get place(): string {
    return `log ${this.#topic.topic} in ${this.#warehouse.place}`
  }

  get topic(): string {
    return this.#topic.topic
  }

  async partitions(): Promise<number> {
    return this.#topic.partitions
  }

  async append({ partition, count, lines }: Append): Promise<Offset> {
    this.#known(partition)
    if (count === 0) return (await this.bounds(partition)).next
    const segments = packed(lines, count)
    const nowMs = this.#clock.nowMs()
    await this.#partitions.ensure(rangeTables.segment, [Math.floor(nowMs / dayMs)])
    const first = await this.#insert(partition, segments, nowMs).catch(async (error: unknown) => {
      if (!isRangeMissing(error)) throw error
      // The head's clock is a day ahead of ours, or somebody dropped the day meanwhile.
      this.#partitions.forget()
      const { appendMs } = await this.bounds(partition)
      await this.#partitions.ensure(rangeTables.segment, [Math.floor(Math.max(nowMs, appendMs ?? 0) / dayMs)])
      return this.#insert(partition, segments, nowMs)
    })
    this.#heads.moved(partition, first + count)
    return first
  }

  /** One statement, or one transaction where there are more segments than one: never a part of an append. */
  async #insert(partition: number, segments: readonly NewSegment[], nowMs: number): Promise<Offset> {
    const insert = async (session: Session, { count, codec, crc, payload, size }: NewSegment): Promise<Offset> => {
      const values = [this.#topic.topicId, partition, count, nowMs, codec, crc, payload, size]
      const [row] = await session.query<{ base: string }>(statement('log-append'), values)
      return Number(row?.base)
    }
    const [only, ...others] = segments
    if (only && others.length === 0) return insert(this.#warehouse, only)
    return this.#warehouse.transaction(async (session) => {
      const bases: Offset[] = []
      for (const segment of segments) bases.push(await insert(session, segment))
      return bases[0] as Offset
    })
  }

  async read(partition: number, from: Offset, options: ReadOptions): Promise<readonly LogBatch[]> {
    this.#known(partition)
    const range = { topicId: this.#topic.topicId, partition, from, bytesMax: Math.ceil(options.bytesMax) }
    if (!(await this.#heads.waitBeyond(partition, from, options.waitMs, options.signal))) {
      // The heads that the watch saw may be of before a restore: only the table itself can say that an offset is too large.
      await this.#checkRange(partition, from)
      return []
    }
    const segments = await this.#segments(range)
    if (segments.length === 0) this.#heads.forget(partition)
    if ((segments[0]?.base ?? Number.POSITIVE_INFINITY) > from) await this.#checkRange(partition, from)
    return this.#batches(segments, partition, from)
  }

  #batches(segments: readonly StoredSegment[], partition: number, from: Offset): readonly LogBatch[] {
    return segments.map((segment) => {
      const where = { topic: this.topic, partition, offset: segment.base }
      const lines = unpackSegment(segment, where)
      const skipped = Math.max(0, from - segment.base)
      const kept = skipped > 0 ? lines.subarray(lineStart(lines, skipped)) : lines
      return {
        firstOffset: segment.base + skipped,
        nextOffset: segment.base + segment.count,
        count: segment.count - skipped,
        appendMs: segment.appendMs,
        bytes: kept,
        ends: null,
        offsets: null,
      }
    })
  }

  async #segments(range: Parameters<typeof readSegments>[1]): Promise<readonly StoredSegment[]> {
    try {
      return await readSegments(this.#pool, range)
    } catch (error) {
      if (!isMillraceError(error, 'WAREHOUSE_UNREACHABLE') && !isMillraceError(error, 'WAREHOUSE_CONNECTION_LOST'))
        throw error
      // Asking the warehouse brings an embedded server back, perhaps somewhere else.
      await this.#warehouse.query('select 1')
      const old = this.#pool
      this.#pool = await copyPool(this.#warehouse)
      await old.end()
      return readSegments(this.#pool, range)
    }
  }

  async bounds(partition: number): Promise<Bounds> {
    this.#known(partition)
    const [row] = await this.#warehouse.query<{ next: string; append_ms: string; first: string | null }>(
      `select h.next, h.append_ms,
         (select s.base from stream_segment s where s.topic_id = h.topic_id and s.partition = h.partition order by s.base limit 1) as first
       from stream_head h where h.topic_id = $1 and h.partition = $2`,
      [this.#topic.topicId, partition],
    )
    const next = Number(row?.next ?? 0)
    const appendMs = Number(row?.append_ms ?? 0)
    return { first: row?.first == null ? next : Number(row.first), next, appendMs: appendMs === 0 ? null : appendMs }
  }

  async trim(partition: number, before: Offset, olderThanMs: number): Promise<void> {
    this.#known(partition)
    await this.#warehouse.query(
      'update stream_head set trim_before = greatest(trim_before, least($3, next)) where topic_id = $1 and partition = $2',
      [this.#topic.topicId, partition, before],
    )
    const day = Math.floor(olderThanMs / dayMs)
    const days = await this.#warehouse.query<{ day: number }>(statement('log-droppable'), [day])
    for (const one of days) await dropPartition(this.#warehouse, rangeTables.segment, one.day)
    this.#partitions.forget()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#heads.stop()
    await this.#pool.end()
  }

  async #checkRange(partition: number, offset: Offset): Promise<void> {
    const { first, next } = await this.bounds(partition)
    if (offset < first || offset > next)
      throw new MillraceError('STREAM_OFFSET_OUT_OF_RANGE', { topic: this.topic, partition, offset, first, next })
  }

  #known(partition: number): void {
    const { topic, partitions } = this.#topic
    if (!Number.isInteger(partition) || partition < 0 || partition >= partitions)
      throw new MillraceError('STREAM_PARTITION_UNKNOWN', { topic, partition, partitions })
  }
}

export const adapter = defineLog({
  name: 'postgres',
  summary: 'compressed segments in the warehouse’s own Postgres: no other service',
  options: z.object({
    /** The opened warehouse, migrated. */
    warehouse: z.custom<Warehouse>(),
    topic: z.string().min(1).max(200).default('ad-events'),
    /** Fixed when the topic is made. */
    partitions: z.coerce.number().int().min(1).max(1024).default(4),
    /** Stamps appended segments; the demo's stands at its own day. */
    clock: z.custom<Clock>().default(() => systemClock),
  }),
  async open({ warehouse, topic, partitions, clock }) {
    return new PostgresLog(warehouse, await openTopic(warehouse, topic, partitions), clock, await copyPool(warehouse))
  },
})
