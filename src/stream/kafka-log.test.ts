import { Admin, Producer, compatibilityPartitioner } from '@platformatic/kafka'
import { describe, expect, test } from 'vitest'
import { linesOf, moduleUrl } from './fixture.ts'
import { logContract } from './log.contract.ts'
import { readRecordBatches } from './kafka-batch.ts'
import { adapter } from './kafka-log.ts'
import type { EventLog, LogBatch } from './log.ts'
import { partitionOf } from './partition.ts'

const brokers = process.env['MILLRACE_TEST_KAFKA_BROKERS'] ?? ''
const unavailable = brokers === '' ? 'MILLRACE_TEST_KAFKA_BROKERS is not set: no Kafka broker' : undefined

const open = (topic: string, partitions: number, more: Readonly<Record<string, unknown>> = {}) =>
  adapter.open(adapter.options.parse({ brokers, topic, partitions, ...more }))

/** Topics outlive a run of the tests: a name of this run alone. */
const run = Date.now().toString(36)

logContract('kafka', {
  open: (place, partitions) => open(`${run}-${place}`, partitions),
  childText: (place, partitions) => `
    const { adapter } = await import(${moduleUrl('kafka-log.ts')})
    const log = await adapter.open(adapter.options.parse(${JSON.stringify({ brokers, topic: `${run}-${place}`, partitions })}))`,
  isDense: false,
  trimsAtOnce: true,
  unavailable,
})

const decoder = new TextDecoder()

function textsOf({ bytes, starts, ends, count }: LogBatch): readonly string[] {
  if (!ends) return decoder.decode(bytes).split('\n').slice(0, count)
  return [...ends].map((end, index) => decoder.decode(bytes.subarray(starts?.[index] ?? 0, end)))
}

async function readAll(log: EventLog): Promise<readonly LogBatch[]> {
  const batches: LogBatch[] = []
  for (let at = 0; ;) {
    const some = await log.read(0, at, { bytesMax: 1e6, waitMs: 0 })
    if (some.length === 0) return batches
    batches.push(...some)
    at = some.at(-1)?.nextOffset ?? at
  }
}

const lines = Array.from({ length: 2_500 }, (_, n) => JSON.stringify({ n, text: '한글 ✓' }))

describe.skipIf(unavailable !== undefined)('a Kafka topic', () => {
  test.for(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
    'is read whole when it is packed with %s',
    async (compression) => {
      await using log = await open(`${run}-${compression}`, 1, { compression })
      await log.append({ partition: 0, ...linesOf(lines) })
      expect((await readAll(log)).flatMap(textsOf)).toEqual(lines)
    },
  )

  test('holds a thousand events in a record where it is told to, and plain records beside them', async () => {
    await using log = await open(`${run}-envelope`, 1, { envelope: 'batch' })
    await using plain = await open(`${run}-envelope`, 1)
    await log.append({ partition: 0, ...linesOf(lines) })
    await plain.append({ partition: 0, ...linesOf(lines.slice(0, 3)) })
    const batches = await readAll(log)
    expect(batches.flatMap(textsOf)).toEqual([...lines, ...lines.slice(0, 3)])
    expect(batches.map(({ count, firstOffset, nextOffset }) => [count, firstOffset, nextOffset])).toEqual([
      [1000, 0, 1],
      [1000, 1, 2],
      [500, 2, 3],
      [3, 3, 6],
    ])
    expect(batches[1]?.offsets?.every((offset) => offset === 1)).toBe(true)
  })

  test('passes the marks of transactions, which have offsets and no records', async () => {
    await using log = await open(`${run}-marks`, 1)
    const producer = new Producer({
      clientId: 'test',
      bootstrapBrokers: [brokers],
      idempotent: true,
      transactionalId: `${run}-marks`,
      retries: 3,
    })
    const transaction = await producer.beginTransaction()
    await transaction.send({ messages: [{ topic: `${run}-marks`, partition: 0, value: Buffer.from('{"in":1}') }] })
    await transaction.commit()
    await producer.close()
    // The mark comes a moment after the commit was acknowledged.
    await expect.poll(async () => (await log.bounds(0)).next, { timeout: 10_000 }).toBe(2)
    const batches = await readAll(log)
    expect(batches.flatMap(textsOf)).toEqual(['{"in":1}'])
    expect(batches.at(-1)).toMatchObject({ count: 0, nextOffset: 2 })
  })

  test('keeps its number of partitions, and is stamped by the broker when we make it', async () => {
    await using log = await open(`${run}-fixed`, 3)
    await expect(open(`${run}-fixed`, 4)).rejects.toMatchObject({
      code: 'STREAM_PARTITIONS_DIFFER',
      facts: { found: 3 },
    })
    await using unnamed = await adapter.open(adapter.options.parse({ brokers, topic: `${run}-fixed` }))
    expect(await unnamed.partitions()).toBe(3)
    const beforeMs = Date.now() - 60_000
    await log.append({ partition: 0, ...linesOf(['{}']) })
    expect((await log.bounds(0)).appendMs).toBeGreaterThan(beforeMs)
  })

  test('that does not answer is an error that passes', async () => {
    const nobody = adapter.open(adapter.options.parse({ brokers: '127.0.0.1:1', topic: 'x' }))
    await expect(nobody).rejects.toMatchObject({ code: 'STREAM_LOG_UNAVAILABLE', retryable: true })
  })

  test('deleted and made again is not taken for the one before', async () => {
    const topic = `${run}-again`
    await using log = await open(topic, 1)
    await log.append({ partition: 0, ...linesOf(['{"old":1}', '{"old":2}']) })
    expect(await readAll(log)).toHaveLength(1)
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [brokers] })
    await admin.deleteTopics({ topics: [topic] })
    await admin.close()
    await using _again = await open(topic, 1)
    await expect(log.read(0, 2, { bytesMax: 1e6, waitMs: 0 })).rejects.toMatchObject({
      code: 'STREAM_OFFSET_OUT_OF_RANGE',
    })
  })
})

test('a batch that is not what its checksum says is not counted', () => {
  const batch = Buffer.alloc(80)
  batch.writeInt32BE(68, 8)
  batch.writeInt8(2, 16)
  expect(() => [...readRecordBatches(batch, 0, { topic: 't', partition: 0 })]).toThrow('is damaged (checksum)')
})

test('a key goes where Java and kafka-python put it', () => {
  for (let n = 0; n < 1_000; n += 1) {
    const key = `camp_${n}_캠페인`
    for (const count of [3, 12, 50])
      expect(partitionOf(key, count)).toBe(compatibilityPartitioner({} as never, Buffer.from(key)) % count)
  }
})
