import { afterAll, beforeAll, expect, test } from 'vitest'
import { addDays } from '../domain/day.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { PartitionReport, Warehouse } from '../warehouse/warehouse.ts'
import type { Staging } from './fixture.ts'
import { cleanMonth, loaded, totalsOf } from './fixture.ts'
import { newestResults } from './stored.ts'

/* The audit where it works: inside the warehouse's own load, over the stage and the keys that the load makes. */

let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})

afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
})

const load = (staging: Staging) => loaded(warehouse, staging)

const outcomes = (reports: readonly PartitionReport[]) => [...new Set(reports.map((one) => one.outcome))]

const costOf = async ({ account }: Staging) => {
  const [row] = await warehouse.query<{ cost: string }>(
    'select sum(cost)::text as cost from fact_ad_daily where account_id = $1',
    [account.accountId],
  )
  return row?.cost
}

test('a clean month is published, and found unchanged when it is loaded again', async () => {
  const staging = cleanMonth(1)
  expect(outcomes(await load(staging))).toEqual(['published'])
  expect(outcomes(await load(staging))).toEqual(['unchanged'])
})

test('a refused day keeps its last good numbers, is marked stale, and says why; the other days are published', async () => {
  const staging = cleanMonth(2)
  await load(staging)
  const before = await costOf(staging)
  for (const row of staging.rows) row.clicks = row.date === staging.until ? '-1' : row.clicks
  staging.rows[0]!.conversions = '7.5'
  staging.controlTotals = totalsOf(staging.rows)
  const reports = await load(staging)
  expect(reports.at(-1)).toMatchObject({ outcome: 'refused', refusedBy: ['ads.nonneg'] })
  expect(reports[0]).toMatchObject({ outcome: 'published', updated: 1 })
  expect(await costOf(staging)).toBe(before)
  const [state] = await warehouse.query<{ state: string; problem_codes: readonly string[] }>(
    'select state, problem_codes from partition_state where account_id = $1 and date = $2',
    [staging.account.accountId, staging.until],
  )
  expect(state).toMatchObject({ state: 'stale', problem_codes: ['ads.nonneg'] })
  const { platform, accountId } = staging.account
  const key = { platform, accountId, level: 'campaign', breakdownKey: '', date: staging.until } as const
  const stored = await newestResults(warehouse, [key])
  expect(stored.get(key)?.find((one) => one.checkId === 'ads.nonneg')).toMatchObject({ outcome: 'fail', failed: 8 })
})

test('doubled rows reach the audit and are refused there, not by a key', async () => {
  const staging = cleanMonth(3)
  staging.rows.push({ ...staging.rows[0]! })
  staging.controlTotals = totalsOf(staging.rows)
  const reports = await load(staging)
  expect(reports[0]).toMatchObject({ outcome: 'refused', refusedBy: ['ads.unique_grain'] })
  expect(outcomes(reports.slice(1))).toEqual(['published'])
})

test('a weekend off inside a load is published empty, and may be loaded again by itself', async () => {
  const staging = cleanMonth(4)
  const off = addDays(staging.until, -3)
  staging.rows = staging.rows.filter((row) => row.date !== off)
  staging.controlTotals = totalsOf(staging.rows)
  expect(outcomes(await load(staging))).toEqual(['published'])
  const alone = { ...staging, since: off, until: off, rows: [], controlTotals: null, nowMs: staging.nowMs + 60_000 }
  expect(outcomes(await load(alone))).toEqual(['unchanged'])
  const missing = { ...alone, since: staging.until, until: staging.until, nowMs: alone.nowMs + 60_000 }
  expect((await load(missing))[0]).toMatchObject({ outcome: 'refused', refusedBy: ['ads.empty_partition'] })
})

test('cost in micros is refused against what was published of the same days', async () => {
  const staging = cleanMonth(5)
  await load(staging)
  for (const row of staging.rows) row.cost = String(Math.round(Number(row.cost) * 1_000_000))
  staging.controlTotals = totalsOf(staging.rows)
  const reports = await load(staging)
  expect(reports.every((one) => one.refusedBy.includes('ads.currency'))).toBe(true)
})
