import { afterAll, beforeAll, expect, test } from 'vitest'
import { standingClock } from '../domain/clock.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { linesOf, moduleUrl } from './fixture.ts'
import { logContract } from './log.contract.ts'
import { adapter } from './postgres-log.ts'

let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})

afterAll(() => warehouse[Symbol.asyncDispose]())

const open = (topic: string, partitions: number) =>
  adapter.open(adapter.options.parse({ warehouse, topic, partitions }))

logContract('postgres', {
  open,
  childText: (topic, partitions) => `
    const { attach } = await import(${moduleUrl('worker-thread.ts')})
    const { adapter } = await import(${moduleUrl('postgres-log.ts')})
    const warehouse = await attach(${JSON.stringify(warehouse.connection)})
    const log = await adapter.open(adapter.options.parse({ warehouse, topic: ${JSON.stringify(topic)}, partitions: ${partitions} }))`,
  isDense: true,
  // A day goes when no topic needs it any more; the test of days below says when that is.
  trimsAtOnce: false,
})

test('a topic keeps its number of partitions', async () => {
  await using _log = await open('fixed', 3)
  await expect(open('fixed', 4)).rejects.toMatchObject({ code: 'STREAM_PARTITIONS_DIFFER', facts: { found: 3 } })
})

test('append times never fall, even when another writer’s clock is days behind', async () => {
  const at = (ms: number) =>
    adapter.open(adapter.options.parse({ warehouse, topic: 'clocks', partitions: 1, clock: standingClock(ms) }))
  await using ahead = await at(Date.UTC(2026, 5, 10))
  await using behind = await at(Date.UTC(2026, 5, 1))
  await ahead.append({ partition: 0, ...linesOf(['{"a":1}']) })
  await behind.append({ partition: 0, ...linesOf(['{"b":1}']) })
  const batches = await behind.read(0, 0, { bytesMax: 1e6, waitMs: 0 })
  expect(batches.map(({ appendMs }) => appendMs)).toEqual([Date.UTC(2026, 5, 10), Date.UTC(2026, 5, 10)])
})

test('only days that nobody needs any more are dropped', async () => {
  const clock = standingClock(Date.UTC(2026, 6, 1))
  const log = await adapter.open(adapter.options.parse({ warehouse, topic: 'days', partitions: 1, clock }))
  await using other = await adapter.open(adapter.options.parse({ warehouse, topic: 'others', partitions: 1, clock }))
  await other.append({ partition: 0, ...linesOf(['{"other":1}']) })
  for (let day = 0; day < 3; day += 1) {
    await log.append({ partition: 0, ...linesOf([`{"day":${day}}`]) })
    await clock.sleep(86_400_000)
  }
  // The first day also holds a record of another topic, which nobody has trimmed.
  await log.trim(0, 2, clock.nowMs())
  expect(await log.bounds(0)).toMatchObject({ first: 0, next: 3 })
  await other.trim(0, 1, clock.nowMs())
  expect(await log.bounds(0)).toMatchObject({ first: 2, next: 3 })
  await log[Symbol.asyncDispose]()
})

test('a segment that was changed on disk is not counted', async () => {
  await using log = await open('damaged', 1)
  await log.append({ partition: 0, ...linesOf(Array.from({ length: 100 }, (_, n) => `{"n":${n}}`)) })
  await warehouse.query(
    `update stream_segment set payload = set_byte(payload, 40, get_byte(payload, 40) # 1)
     where topic_id = (select topic_id from stream_topic where topic = 'damaged')`,
  )
  await expect(log.read(0, 0, { bytesMax: 1e6, waitMs: 0 })).rejects.toMatchObject({ code: 'STREAM_SEGMENT_DAMAGED' })
})
