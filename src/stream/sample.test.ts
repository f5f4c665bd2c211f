import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { linesOf } from './fixture.ts'
import { adapter as postgresLog } from './postgres-log.ts'
import { sampleTail } from './sample.ts'

let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})

afterAll(() => warehouse[Symbol.asyncDispose]())

test('the newest events of every partition, the newest first, with nothing of a person in them', async () => {
  await using log = await postgresLog.open(postgresLog.options.parse({ warehouse, topic: 'looked-at', partitions: 2 }))
  expect(await sampleTail(log, 40)).toEqual({ end: 0, events: [] })
  const line = (second: number) =>
    `{"event_type":"click","campaign_id":"c${second}","timestamp":${1_767_225_600 + second},"device":"mobile","user_id":"u","ip":"1.2.3.4"}`
  await log.append({ partition: 0, ...linesOf([line(1), 'no event', line(3)]) })
  await log.append({ partition: 1, ...linesOf([line(2)]) })
  const { end, events } = await sampleTail(log, 4)
  expect(end).toBe(4)
  expect(events.map(({ campaignId }) => campaignId)).toEqual(['c3', 'c2'])
  expect(events[0]).toEqual({
    atMs: 1_767_225_603_000,
    type: 'click',
    platform: '',
    campaignId: 'c3',
    device: 'mobile',
    geo: '',
  })
  expect((await sampleTail(log, 6)).events.map(({ campaignId }) => campaignId)).toEqual(['c3', 'c2', 'c1'])
})
