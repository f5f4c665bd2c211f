import { afterAll, beforeAll, expect, test } from 'vitest'
import { standingClock } from '../domain/clock.ts'
import { cleanMonth, loaded } from '../quality/fixture.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { watchPublished } from './watch.ts'

let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})

afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
})

test('each version of the last week’s days is looked at once', async () => {
  const staging = cleanMonth(3, undefined, 10)
  const watch = () => watchPublished({ warehouse, clock: standingClock(staging.nowMs) })
  expect(await watch()).toEqual({ partitions: 0, failed: 0 })
  await loaded(warehouse, staging)
  expect(await watch()).toMatchObject({ partitions: 7 })
  expect(await watch()).toEqual({ partitions: 0, failed: 0 })
  staging.rows[0]!.conversions = '7'
  staging.controlTotals = null
  await loaded(warehouse, staging)
  expect(await watch()).toMatchObject({ partitions: 7 })
})
