import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { dayStartMs } from '../domain/day.ts'
import { decimal, fromUnits, normalised, sumDecimals } from '../domain/decimal.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { DailyMetric } from '../domain/metric.ts'
import { account, dayOne, extractOf, requestOf, row } from './contract-rows.ts'
import { openTestWarehouse } from './fixture.ts'
import { provisionalUntil, readMaturityCurve, readSeenValues } from './maturity.ts'
import type { MaturityPoint } from './maturity.ts'
import type { Warehouse } from './warehouse.ts'

let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
})
const empty = () =>
  warehouse.query(
    'truncate partition_state, fact_ad_daily, fact_ad_daily_history, partition_version, extract, conversion_recount',
  )
beforeEach(empty)

const hourMs = 3_600_000
let sequence = 0

/** Asks for the day so many days after it, at 10:00 of the account's zone, and publishes what the platform says. */
async function look(ageDays: number, rows: readonly DailyMetric[], minute = 0): Promise<void> {
  sequence += 1
  const requestedAtMs = dayStartMs(dayOne, account.zone) + (ageDays * 24 + 10) * hourMs + minute * 60_000
  const extract = { ...extractOf(sequence), requestedAtMs, finishedAtMs: requestedAtMs }
  await warehouse.load(requestOf(sequence, rows, { extract }))
}

const conversions = (...counts: readonly string[]) =>
  counts.map((count, at) => row(String(at), dayOne, { conversions: decimal(count), conversionValue: null }))

async function seen(metric = 'conversions'): Promise<readonly string[]> {
  const values = await readSeenValues(warehouse, { since: dayOne, until: dayOne })
  return values.filter((one) => one.metric === metric).map((one) => `D+${one.ageDays} ${normalised(one.value)}`)
}

describe('the value of a day as seen later', () => {
  test('is what readers saw after each look, withdrawn and late campaigns included', async () => {
    await look(1, conversions('2', '3'))
    await look(3, conversions('2', '5.5'))
    await look(7, conversions('2', '5.5'))
    await look(14, conversions('2', '5.5', '1'))
    await look(28, conversions('4'))
    expect(await seen()).toEqual(['D+1 5', 'D+3 7.5', 'D+14 8.5', 'D+28 4'])
    expect(await seen('cost')).toEqual(['D+1 21', 'D+14 31.5', 'D+28 10.5'])
    expect(await seen('conversion_value')).toEqual([])
  })

  test('a day that was withdrawn whole was worth something before', async () => {
    await look(1, conversions('2'))
    await look(2, [])
    expect(await seen()).toEqual(['D+1 2', 'D+2 0'])
  })

  test('for any looks: the last of an age is what the ledger says of it', async () => {
    const counts = fc.array(fc.bigInt({ min: -5n, max: 50n }), { maxLength: 4 })
    const looks = fc.array(fc.record({ gap: fc.integer({ min: 0, max: 5 }), counts }), { minLength: 1, maxLength: 6 })
    const property = fc.asyncProperty(looks, async (all) => {
      await empty()
      const expected = new Map<number, Decimal>()
      let age = 0
      for (const [at, one] of all.entries()) {
        age += one.gap
        const rows = one.counts.map((count, id) => row(String(id), dayOne, { cost: fromUnits(count, 2) }))
        await look(age, rows, at)
        expected.set(age, sumDecimals(rows.map((each) => each.cost)))
      }
      const steps = (await readSeenValues(warehouse, { since: dayOne, until: dayOne })).filter(
        (one) => one.metric === 'cost',
      )
      for (const [asked, value] of expected) {
        const known = steps.findLast((one) => one.ageDays <= asked)
        expect([asked, normalised(known?.value ?? decimal('0'))]).toEqual([asked, value])
      }
    })
    await fc.assert(property, { seed: 7, numRuns: process.env['MILLRACE_LONG'] === '1' ? 300 : 10 })
  })
})

/** Restatements by their nature: whatever order looks are loaded in, the newest is what is published, and the ledger explains it. */
test('loads in any order publish the newest look, and first value plus changes is the present one', async () => {
  const looks = fc.uniqueArray(
    fc.record({ age: fc.integer({ min: 1, max: 40 }), cost: fc.integer({ min: 0, max: 99 }) }),
    {
      selector: (one) => one.age,
      minLength: 1,
      maxLength: 5,
    },
  )
  const property = fc.asyncProperty(looks, async (all) => {
    await empty()
    for (const { age, cost } of all) await look(age, [row('1', dayOne, { cost: decimal(String(cost)) })])
    const newest = all.toSorted((a, b) => b.age - a.age)[0]!
    const [fact] = await warehouse.query<{ readonly cost: Decimal }>('select cost from fact_ad_daily')
    expect(normalised(fact!.cost)).toBe(String(newest.cost))
    const [ledger] = await warehouse.query<{ readonly changed: Decimal }>(
      'select coalesce(sum(new_cost - old_cost), 0)::text as changed from fact_ad_daily_history',
    )
    expect(all[0]!.cost + Number(ledger!.changed)).toBe(newest.cost)
  })
  await fc.assert(property, { seed: 8, numRuns: process.env['MILLRACE_LONG'] === '1' ? 300 : 10 })
})

describe('the maturity curve', () => {
  test('is the share of the settled value by age; a day that is too young to be settled is not in it', async () => {
    await look(1, conversions('6'))
    await look(3, conversions('9'))
    expect(await readMaturityCurve(warehouse, { horizonDays: 28 })).toEqual([])
    await look(28, conversions('10'))
    const curve = (await readMaturityCurve(warehouse, { horizonDays: 28 })).filter(
      (one) => one.metric === 'conversions',
    )
    expect(curve).toHaveLength(28)
    const at = (age: number) => curve.find((one) => one.ageDays === age)?.share
    expect([at(1), at(2), at(3), at(27), at(28)]).toEqual([0.6, 0.6, 0.9, 0.9, 1])
    expect(provisionalUntil(curve)).toEqual([
      { platform: 'google_ads', metric: 'conversions', ageDays: 28, youngestDays: 1, days: 1 },
    ])
  })

  test('conversions that another definition counted anew tell nothing; money does', async () => {
    await look(1, conversions('6'))
    await look(28, conversions('10'))
    await warehouse.query(
      `insert into conversion_recount (partition_id, definition_version, at, changed, conversions_difference, value_difference)
       select partition_id, 1, now(), 1, 0, 0 from partition_state`,
    )
    const metrics = new Set((await readMaturityCurve(warehouse, { horizonDays: 28 })).map((one) => one.metric))
    expect([...metrics].sort()).toEqual(['clicks', 'cost', 'impressions'])
  })

  test('provisional until: from when on it stays within the tolerance', () => {
    const curve = (...shares: readonly number[]): readonly MaturityPoint[] =>
      shares.map((share, ageDays) => ({
        platform: 'meta_ads',
        metric: 'cost',
        ageDays,
        days: 9,
        share,
        low: share,
        high: share,
      }))
    const until = (...shares: readonly number[]) => provisionalUntil(curve(...shares))[0]?.ageDays
    expect(until(0.5, 0.996, 1)).toBe(1)
    expect(until(1, 0.99, 1, 1)).toBe(2)
    expect(until(1, 1)).toBe(0)
    expect(until(1, 1.2)).toBeNull()
    expect(provisionalUntil([])).toEqual([])
    const seenLate = curve(1, 1, 1).slice(2)
    expect(provisionalUntil(seenLate)).toMatchObject([{ ageDays: 2, youngestDays: 2 }])
  })
})
