import { afterAll, beforeAll, expect, test } from 'vitest'
import { day } from '../domain/day.ts'
import { account, dayOne, extractOf, requestOf, row } from './contract-rows.ts'
import { observeAccount } from './entities.ts'
import { openTestWarehouse } from './fixture.ts'
import { sourceStatesOf } from './source-states.ts'
import type { Warehouse } from './warehouse.ts'

let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
})

test('the newest state before a day is found, the same day’s is replaced, and a source forgets its own alone', async () => {
  const states = sourceStatesOf(warehouse, { nowMs: () => Date.UTC(2026, 4, 1) })
  await states.keep('a', day('2026-05-01'), '{"at":1}')
  await states.keep('a', day('2026-05-03'), '{"at":9007199254740993}')
  await states.keep('a', day('2026-05-03'), '{"at":9007199254740995}')
  await states.keep('b', day('2026-05-02'), '{}')
  expect(await states.before('a', day('2026-05-04'))).toBe('{"at":9007199254740995}')
  expect(await states.before('a', day('2026-05-03'))).toBe('{"at":1}')
  expect(await states.before('a', day('2026-05-01'))).toBeUndefined()
  await states.forget('a')
  expect([await states.before('a', day('2026-06-01')), await states.before('b', day('2026-06-01'))]).toEqual([
    undefined,
    '{}',
  ])
})

test('what a platform says of the tax in its costs stays known, whoever looks after it without saying', async () => {
  const look = (more: object, at: string) =>
    warehouse.transaction((session) => observeAccount(session, { ...account, ...more }, Date.parse(at)))
  const basis = async () =>
    (await warehouse.query(`select cost_basis from dim_account where is_current`))[0]?.['cost_basis']
  await look({}, '2026-05-01T00:00:00Z')
  expect(await basis()).toBeNull()
  await look({ costBasis: 'gross_vat' }, '2026-05-02T00:00:00Z')
  await look({}, '2026-05-03T00:00:00Z')
  expect(await basis()).toBe('gross_vat')
  await look({ costBasis: 'net', name: 'renamed' }, '2026-05-04T00:00:00Z')
  expect(await basis()).toBe('net')
})

test('an account that moves to another manager has a history of managers, and stays one account', async () => {
  const moved = { ...account, accountId: 'moved' }
  const look = (managerId: string | undefined, at: string) =>
    warehouse.transaction((session) =>
      observeAccount(session, { ...moved, ...(managerId !== undefined && { managerId }) }, Date.parse(at)),
    )
  await look('11', '2026-05-01T00:00:00Z')
  await look('11', '2026-05-02T00:00:00Z')
  await look('22', '2026-05-03T00:00:00Z')
  // Reached directly for once: nothing is said of a manager, and nothing is forgotten.
  await look(undefined, '2026-05-04T00:00:00Z')
  expect(
    await warehouse.query(
      `select manager_id, is_current, valid_to::date::text as until from dim_account where account_id = 'moved' order by valid_from`,
    ),
  ).toEqual([
    { manager_id: '11', is_current: false, until: '2026-05-03' },
    { manager_id: '22', is_current: true, until: 'infinity' },
  ])
})

test('a breakdown whose parts are more than the whole is kept apart, and changes no total that is read', async () => {
  await warehouse.load(requestOf(31, [row('1'), row('2')]))
  const read = () =>
    warehouse.query(
      `select count(*)::int as rows, sum(clicks)::int as clicks, sum(cost)::text as cost from daily_campaign_metrics where date = '${dayOne}'`,
    )
  const whole = [{ rows: 2, clicks: 14, cost: '21.000000' }]
  expect(await read()).toEqual(whole)
  // People who changed their age are counted in two groups: three parts of the whole's size.
  for (const [at, breakdownKey] of ['age=18-24', 'age=25-34', 'age=35+'].entries())
    await warehouse.load(requestOf(32 + at, [row('1'), row('2')], { extract: { ...extractOf(32 + at), breakdownKey } }))
  expect(await read()).toEqual(whole)
  expect(
    await warehouse.query(
      `select breakdown_key as key, rows::int from partition_state where date = '${dayOne}' order by 1`,
    ),
  ).toEqual(['', 'age=18-24', 'age=25-34', 'age=35+'].map((key) => ({ key, rows: 2 })))
  // The next load of the whole leaves the parts alone, and is held to its own past only.
  await warehouse.load(requestOf(40, [row('1')]))
  expect(await read()).toEqual([{ rows: 1, clicks: 7, cost: '10.500000' }])
  const [kept] = await warehouse.query(
    `select count(*)::int as facts from fact_ad_daily f join partition_state p using (partition_id) where p.breakdown_key <> ''`,
  )
  expect(kept).toEqual({ facts: 6 })
})
