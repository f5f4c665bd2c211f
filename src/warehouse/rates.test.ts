import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Day } from '../domain/day.ts'
import { addDays, day, daysOf } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import { decimal, fromUnits, normalised, sumDecimals } from '../domain/decimal.ts'
import type { ReferenceRate } from '../domain/reference-rate.ts'
import { converted, crossRate, rateFillDaysMax } from '../domain/reference-rate.ts'
import { requestOf, row } from './contract-rows.ts'
import { openTestWarehouse } from './fixture.ts'
import { planRates, readMissingRates, readRates, storeRates } from './rates.ts'
import type { Warehouse } from './warehouse.ts'

let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await warehouse.query('truncate fx_rate, fx_source')
})

const rate = (date: string, currency: string, perEuro: string): ReferenceRate => ({
  date: day(date),
  currency,
  perEuro: decimal(perEuro),
})
const store = (rates: readonly ReferenceRate[]) =>
  storeRates(warehouse, rates, { source: 'test', atMs: 1_790_000_000_000 })

async function kept(currency = 'USD'): Promise<readonly string[]> {
  const rates = await readRates(warehouse, {
    since: day('2000-01-01'),
    until: day('2100-01-01'),
    currencies: [currency],
  })
  return rates.map((one) => `${one.date} ${normalised(one.perEuro)}${one.filled ? ` of ${one.rateDate}` : ''}`)
}

test('a weekend takes Friday’s rate, and a source that has stopped is not believed for more than seven days', async () => {
  await store([rate('2026-11-20', 'USD', '1.08'), rate('2026-11-23', 'USD', '1.09')])
  expect(await kept()).toEqual([
    '2026-11-20 1.08',
    '2026-11-21 1.08 of 2026-11-20',
    '2026-11-22 1.08 of 2026-11-20',
    '2026-11-23 1.09',
    ...[24, 25, 26, 27, 28, 29, 30].map((one) => `2026-11-${one} 1.09 of 2026-11-23`),
  ])
})

test('a rate that comes later takes the place of the one that filled in for it; a corrected one is told of', async () => {
  await store([rate('2026-11-20', 'USD', '1.08')])
  expect(await store([rate('2026-11-23', 'USD', '1.09')])).toMatchObject({ added: 1, changed: [] })
  expect((await kept()).slice(3, 5)).toEqual(['2026-11-23 1.09', '2026-11-24 1.09 of 2026-11-23'])
  const corrected = [rate('2026-11-20', 'USD', '1.10'), rate('2026-11-23', 'USD', '1.09')]
  const plan = { added: 0, unchanged: 1, changed: [{ currency: 'USD', date: '2026-11-20' }] }
  expect(await planRates(warehouse, corrected)).toMatchObject(plan)
  expect(await store(corrected)).toMatchObject(plan)
  expect((await kept()).slice(0, 2)).toEqual(['2026-11-20 1.1', '2026-11-21 1.1 of 2026-11-20'])
  expect(await store(corrected)).toMatchObject({ added: 0, changed: [], unchanged: 2 })
})

/** The fill rule in plain words, to compare the database with. */
function filledBy(rates: readonly ReferenceRate[]): readonly string[] {
  const own = new Map(rates.map((one) => [one.date, one.perEuro]))
  const first = [...own.keys()].sort()[0]!
  const last = [...own.keys()].sort().at(-1)!
  return daysOf({ since: first, until: addDays(last, rateFillDaysMax) }).flatMap((date) => {
    for (let ago = 0; ago <= rateFillDaysMax; ago += 1) {
      const from = addDays(date, -ago)
      const found = own.get(from)
      if (found !== undefined) return [`${date} ${found}${ago > 0 ? ` of ${from}` : ''}`]
    }
    return []
  })
}

test('the order in which rates come does not matter, and the fill rule holds for every gap', async () => {
  const days = fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 12 })
  const property = fc.asyncProperty(days, fc.infiniteStream(fc.integer({ min: 0, max: 3 })), async (offsets, cuts) => {
    await warehouse.query('truncate fx_rate')
    const rates = offsets.map((offset) => rate(addDays(day('2026-01-01'), offset), 'USD', `1.${offset + 1}1`))
    let rest = rates
    while (rest.length > 0) {
      const size = 1 + cuts.next().value
      await store(rest.slice(0, size))
      rest = rest.slice(size)
    }
    expect(await kept()).toEqual(filledBy(rates))
  })
  await fc.assert(property, { seed: 320, numRuns: process.env['MILLRACE_LONG'] === '1' ? 500 : 25 })
})

test('a cross rate and a converted amount are the same in SQL, to the last digit', async () => {
  const positive = fc.bigInt({ min: 1n, max: 10n ** 15n }).map((units) => fromUnits(units, 10))
  const amount = fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }).map((units) => fromUnits(units, 6))
  const cases = fc.sample(fc.tuple(positive, positive, amount), { seed: 321, numRuns: 2_000 })
  const rows = await warehouse.query<{ readonly cross: Decimal; readonly amount: Decimal }>(
    `select round(c.to_rate / c.from_rate, 10)::text as cross, round(c.amount * round(c.to_rate / c.from_rate, 10), 6)::text as amount
     from unnest($1::numeric(30, 10)[], $2::numeric(30, 10)[], $3::numeric(20, 6)[]) with ordinality as c (from_rate, to_rate, amount, at) order by c.at`,
    [cases.map(([from]) => from), cases.map(([, to]) => to), cases.map(([, , one]) => one)],
  )
  const ours = cases.map(([from, to, one]) => {
    const cross = crossRate(from, to)
    return { cross, amount: converted(one, cross) }
  })
  const theirs = rows.map((one) => ({ cross: normalised(one.cross), amount: normalised(one.amount) }))
  expect(ours).toEqual(theirs)
})

test('amounts without a rate are named with what they are worth in their own currency', async () => {
  const dates: readonly Day[] = [day('2026-05-01'), day('2026-05-02')]
  const costs = ['10.5', '0.25', '7'].map((one) => decimal(one))
  const rows = [
    row('a', dates[0], { cost: costs[0]! }),
    row('b', dates[0], { cost: costs[1]! }),
    row('a', dates[1], { cost: costs[2]! }),
  ]
  await warehouse.load(requestOf(1, rows, { days: dates }))
  const missing = async () => (await readMissingRates(warehouse)).map((one) => ({ ...one, cost: normalised(one.cost) }))
  await store([rate('2026-05-01', 'USD', '1.1')])
  expect(await missing()).toEqual([
    { currency: 'KRW', since: dates[0], until: dates[1], days: 2, accounts: 1, facts: 3, cost: sumDecimals(costs) },
  ])
  await store([rate('2026-04-24', 'KRW', '1480')])
  expect(await missing()).toMatchObject([{ currency: 'KRW', since: dates[1], facts: 1, cost: '7' }])
  await store([rate('2026-04-25', 'KRW', '1481')])
  expect(await missing()).toEqual([])
})
