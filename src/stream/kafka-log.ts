import { setTimeout as delay } from 'node:timers/promises'
import { Admin, Consumer, FetchIsolationLevels, ListOffsetTimestamps, ProduceAcks, Producer } from '@platformatic/kafka'
import type { ConnectionOptions } from '@platformatic/kafka'
import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'
import { readRecordBatches } from './kafka-batch.ts'
import { KafkaFetch, unlessAborted } from './kafka-fetch.ts'
import { openKafkaTopic } from './kafka-topic.ts'
import { envelopes, groups, records } from './kafka-values.ts'
import type { Append, Bounds, EventLog, LogBatch, Offset, ReadOptions } from './log.ts'
import { defineLog } from './log.ts'

/** How long an outage is waited out before it is told: an election takes less, and a consumer that waits keeps its dedupe window. */
const patienceMs = 15_000
const retryMs = 200
const outOfRange = 1
const packedBytesMin = 16_384

interface KafkaOptions {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly partitions: number
  readonly envelope: 'event' | 'batch'
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  readonly connection: ConnectionOptions
}

const clientId = 'millrace'

class KafkaLog implements EventLog {
  readonly keepsKeys = true
  readonly #options: KafkaOptions
  readonly #consumer: Consumer
  readonly #fetch: KafkaFetch
  #producer: Producer | undefined
  /** Bytes unpacked for each byte packed, so far; a fetch's limit is of packed ones. */
  #ratio = 4

  constructor(options: KafkaOptions, consumer: Consumer) {
    this.#options = options
    this.#consumer = consumer
    this.#fetch = new KafkaFetch(consumer, options.topic, clientId, options.connection)
  }

  get place(): string {
    return `log ${this.topic} on Kafka ${this.#options.brokers.join(', ')}`
  }

  get topic(): string {
    return this.#options.topic
  }

  async partitions(): Promise<number> {
    return this.#options.partitions
  }

  async append({ partition, count, lines, keys }: Append): Promise<Offset> {
    this.#known(partition)
    if (count === 0) return (await this.bounds(partition)).next
    const values = this.#options.envelope === 'batch' ? envelopes(lines, count) : records(lines, count)
    let first: Offset | undefined
    for (const group of groups(values)) {
      const messages = group.map(({ value, index }) => ({
        topic: this.topic,
        partition,
        key: Buffer.from(keys?.[index] ?? ''),
        value,
      }))
      const offset = await this.#send(messages)
      first ??= offset
    }
    return first ?? 0
  }

  /** The client would try for ever, because an idempotent producer may; whoever waits for an answer may not. */
  async #send(messages: Parameters<Producer['send']>[0]['messages']): Promise<Offset> {
    const sent = this.#writer().send({ messages })
    sent.catch(() => undefined)
    const late = new AbortController()
    try {
      const { offsets } = await Promise.race([
        sent,
        delay(patienceMs * 2, undefined, { signal: late.signal }).then(() => {
          throw new Error('no acknowledgement in time')
        }),
      ])
      return Number(offsets?.[0]?.offset ?? 0)
    } catch (error) {
      throw this.#unavailable(error)
    } finally {
      late.abort()
    }
  }

  #writer(): Producer {
    const { brokers, compression, connection } = this.#options
    this.#producer ??= new Producer({
      clientId,
      bootstrapBrokers: [...brokers],
      idempotent: true,
      acks: ProduceAcks.ALL,
      compression,
      retries: true,
      retryDelay: retryMs,
      ...connection,
    })
    return this.#producer
  }

  async read(partition: number, from: Offset, options: ReadOptions): Promise<readonly LogBatch[]> {
    this.#known(partition)
    const bytesMax = Math.max(packedBytesMin, Math.ceil(options.bytesMax / this.#ratio))
    for (const startedMs = performance.now(); ;) {
      if (options.signal?.aborted) return []
      try {
        const fetching = this.#fetch.fetch({ partition, from, waitMs: options.waitMs, bytesMax })
        const fetched = await unlessAborted(fetching, options.signal)
        if (!fetched) return []
        if (fetched.errorCode === 0) return this.#taken(fetched.records, partition, from, options.bytesMax)
        if (fetched.errorCode === outOfRange) break
        throw new Error(`the broker answers with error ${fetched.errorCode}`)
      } catch (error) {
        if (error instanceof MillraceError) throw error
        if (performance.now() - startedMs > patienceMs) throw this.#unavailable(error)
        await delay(retryMs)
        await this.#fetch.forget(partition).catch(() => undefined)
      }
    }
    const { first, next } = await this.bounds(partition)
    throw new MillraceError('STREAM_OFFSET_OUT_OF_RANGE', { topic: this.topic, partition, offset: from, first, next })
  }

  #taken(fetched: Buffer, partition: number, from: Offset, bytesMax: number): readonly LogBatch[] {
    const batches: LogBatch[] = []
    let bytes = 0
    for (const batch of readRecordBatches(fetched, from, { topic: this.topic, partition })) {
      bytes += batch.bytes.length
      if (batches.length > 0 && bytes > bytesMax) break
      batches.push(batch)
    }
    if (batches.length > 1) this.#ratio = Math.max(1, bytes / fetched.length)
    return batches
  }

  async bounds(partition: number): Promise<Bounds> {
    this.#known(partition)
    try {
      const [first, next, newest] = await Promise.all([
        this.#offsetAt(partition, ListOffsetTimestamps.EARLIEST),
        this.#offsetAt(partition, ListOffsetTimestamps.LATEST),
        this.#offsetAt(partition, ListOffsetTimestamps.MAX),
      ])
      const appendMs = Number(newest.timestamp)
      return { first: Number(first.offset), next: Number(next.offset), appendMs: appendMs > 0 ? appendMs : null }
    } catch (error) {
      throw this.#unavailable(error)
    }
  }

  async #offsetAt(partition: number, timestamp: bigint) {
    const { topic } = this
    const found = await this.#consumer.listOffsetsWithTimestamps({
      topics: [topic],
      partitions: { [topic]: [partition] },
      timestamp,
      // Else an open transaction would seem to end the log before what a fetch gives.
      isolationLevel: FetchIsolationLevels.READ_UNCOMMITTED,
    })
    const at = found.get(topic)?.get(partition)
    if (!at) throw new Error(`no offsets of partition ${partition}`)
    return at
  }

  async trim(partition: number, before: Offset, olderThanMs: number): Promise<void> {
    this.#known(partition)
    await using admin = this.#admin()
    try {
      const [{ first, next }, newer] = await Promise.all([
        this.bounds(partition),
        this.#offsetAt(partition, BigInt(olderThanMs)),
      ])
      const cut = Math.min(before, next, newer.offset < 0n ? next : Number(newer.offset))
      if (cut <= first) return
      const partitions = [{ partition, offset: BigInt(cut) }]
      await admin.client.deleteRecords({ topics: [{ name: this.topic, partitions }] })
    } catch (error) {
      throw this.#unavailable(error)
    }
  }

  #admin() {
    const { brokers, connection } = this.#options
    const client = new Admin({ clientId, bootstrapBrokers: [...brokers], ...connection })
    return { client, [Symbol.asyncDispose]: () => client.close() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#fetch.close()
    await this.#producer?.close(true).catch(() => undefined)
    await this.#consumer.close(true).catch(() => undefined)
  }

  #unavailable(cause: unknown): MillraceError {
    if (cause instanceof MillraceError) return cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new MillraceError('STREAM_LOG_UNAVAILABLE', { place: this.place, reason }, { cause })
  }

  #known(partition: number): void {
    const { topic, partitions } = this.#options
    if (!Number.isInteger(partition) || partition < 0 || partition >= partitions)
      throw new MillraceError('STREAM_PARTITION_UNKNOWN', { topic, partition, partitions })
  }
}

const brokerList = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === 'string' ? value.split(',') : value).map((one) => one.trim()).filter(Boolean))

export const adapter = defineLog({
  name: 'kafka',
  summary: 'a topic of a Kafka cluster, 3.1 or newer; read without consumer groups',
  needs: [{ package: '@platformatic/kafka', version: '2.12.1' }],
  options: z.object({
    /** `host:port`, several separated by commas. */
    brokers: brokerList,
    topic: z.string().min(1).max(200).default('ad-events'),
    /** Of a topic that has to be made; a topic that is there has to have as many. Left out: as many as it has, or 12. */
    partitions: z.coerce.number().int().min(1).max(1024).optional(),
    /** `event`: a record an event, for every reader. `batch`: a record holds up to a thousand; only Millrace reads them. */
    envelope: z.enum(['event', 'batch']).default('event'),
    compression: z.enum(['none', 'gzip', 'snappy', 'lz4', 'zstd']).default('lz4'),
    tls: z.boolean().default(false),
    sasl: z
      .object({
        mechanism: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']),
        username: z.string(),
        password: z.string(),
      })
      .optional(),
  }),
  async open({ brokers, topic, partitions, envelope, compression, tls, sasl }) {
    const connection = { connectTimeout: 5_000, ...(tls && { tls: {} }), ...(sasl && { sasl }) }
    const found = await openKafkaTopic({ clientId, bootstrapBrokers: brokers, ...connection }, topic, partitions)
    const consumer = new Consumer({ groupId: clientId, clientId, bootstrapBrokers: brokers, retries: 3, ...connection })
    return new KafkaLog({ brokers, topic, partitions: found, envelope, compression, connection }, consumer)
  },
})
