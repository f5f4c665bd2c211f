import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { builtinChecks } from './builtin.ts'
import type { Check } from './check.ts'
import { pastOf, plantedFaults } from './faults.fixture.ts'
import { audited, cleanMonth, published } from './fixture.ts'

/*
 * The mutation corpus: at least three corruptions of a clean month for every blocking check, each of which its own check must find,
 * beside thirty clean months in which no check may find anything. A check that is never seen failing guards nothing.
 */

let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})

afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
})

let seed = 10_000

describe('every planted fault is found by its own check', () => {
  for (const [id, corruptions] of Object.entries(plantedFaults)) {
    test.each(Object.entries(corruptions))(`${id}: %s`, async (_name, corrupt) => {
      seed += 1
      const staging = cleanMonth(seed)
      await published(warehouse, pastOf(seed, staging))
      expect((await audited(warehouse, staging)).refusedBy).toEqual([])
      corrupt(staging)
      expect((await audited(warehouse, staging)).refusedBy).toContain(id)
    })
  }

  test('the corpus holds at least three faults of every blocking check', () => {
    const thin = (builtinChecks as readonly Check[]).filter(
      ({ id, blocking }) => blocking && Object.keys(plantedFaults[id] ?? {}).length < 3,
    )
    expect(thin.map((check) => check.id)).toEqual([])
  })
})

test('thirty clean months are refused by nothing, with and without a past', async () => {
  for (let one = 1; one <= 30; one += 1) {
    const staging = cleanMonth(one)
    const before = await audited(warehouse, staging)
    expect([one, before.refusedBy]).toEqual([one, []])
    await published(warehouse, pastOf(one, staging))
    const after = await audited(warehouse, staging)
    expect([one, after.refusedBy]).toEqual([one, []])
    expect(after.results.filter((result) => result.outcome === 'error')).toEqual([])
  }
})
