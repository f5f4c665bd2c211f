import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../domain/clock.ts'
import { day, timeZone } from '../domain/day.ts'
import { decimal } from '../domain/decimal.ts'
import { currency } from '../domain/money.ts'
import { account, dayOne, extractOf, requestOf, row } from '../warehouse/contract-rows.ts'
import { observeEntities } from '../warehouse/entities.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import { storeRates } from '../warehouse/rates.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { RouteOutput } from './contract.ts'
import { startServer } from './server.ts'
import type { Server } from './server.ts'

/* One account in won, restated once, and one whose currency has no rate. */

let warehouse: Warehouse
let server: Server

beforeAll(async () => {
  warehouse = await openTestWarehouse()
  server = await startServer({
    host: '127.0.0.1',
    port: 0,
    portSearch: false,
    key: undefined,
    clock: systemClock,
    onError: (error) => {
      throw error
    },
  })
  server.attach({ warehouse, project: { name: 'probe', zone: timeZone('Asia/Seoul'), isDemo: false } })
  await warehouse.load(
    requestOf(1, [row('1', dayOne, { cost: decimal('1400') }), row('2', dayOne, { cost: decimal('600') })]),
  )
  await warehouse.load(
    requestOf(2, [row('1', dayOne, { cost: decimal('1000') }), row('2', dayOne, { cost: decimal('600') })]),
  )
  const other = { ...account, accountId: '77', currency: currency('ISK') }
  const extract = { ...extractOf(3), accountId: '77' }
  await warehouse.load(requestOf(3, [row('9', dayOne, { currency: other.currency })], { account: other, extract }))
  const rates = [
    { currency: 'KRW', date: dayOne, perEuro: decimal('1600') },
    { currency: 'USD', date: dayOne, perEuro: decimal('1.25') },
  ]
  await storeRates(warehouse, rates, { source: 'bank', atMs: Date.UTC(2026, 4, 3) })
  const urls = { trackingTemplate: null, finalUrlSuffix: 'utm_source=google&utm_campaign={campaignid}', urlTags: null }
  const seen = { platform: account.platform, accountId: account.accountId, level: 'campaign', parentId: null } as const
  const rest = { status: 'active', statusRaw: '', dailyBudget: null, objectiveRaw: '' } as const
  const observed = [
    { ...seen, ...rest, entityId: '1', name: 'one', urls },
    { ...seen, ...rest, platform: 'kakao_moment', accountId: '55', entityId: '1', name: '하나' } as const,
  ]
  await warehouse.transaction((session) => observeEntities(session, observed, Date.UTC(2026, 4, 3)))
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await warehouse[Symbol.asyncDispose]()
})

type Compared = RouteOutput<'GET /api/v1/compare'>
const ask = async <Body>(query: string): Promise<Body> =>
  (await (await fetch(`${server.url}/api/v1/compare${query}`)).json()) as Body
const may = `from=${dayOne}&to=${day('2026-05-31')}`

test('amounts are converted at the day’s rate; an account without one is left out and counted', async () => {
  const { platforms, currency: shown } = await ask<Compared>(`?${may}&currency=USD`)
  expect(shown).toBe('USD')
  // 1,600 won at 1,600 a euro are a euro, which is 1.25 dollars.
  expect(platforms).toMatchObject([
    {
      platform: 'google_ads',
      currency: 'USD',
      accounts: 1,
      accountsWithoutRate: 1,
      cost: '1.25',
      clicks: '14',
      costShare: '1.00000000',
    },
  ])
  const own = await ask<Compared>(`?${may}`)
  expect(own.platforms.map(({ currency: code, cost }) => `${code} ${cost}`)).toEqual(['ISK 10.5', 'KRW 1600'])
})

test('what was changed after it had been published is told with its share of the first value', async () => {
  const { restated } = await ask<Compared>(`?${may}`)
  expect(restated).toMatchObject([
    {
      accountId: account.accountId,
      date: dayOne,
      metric: 'cost',
      currency: 'KRW',
      changes: 1,
      difference: '-400',
      now: '1600',
      share: '-0.20000000',
    },
  ])
  expect((await ask<Compared>('?from=2026-06-01&to=2026-06-30')).restated).toEqual([])
})

test('the calendar has every day of the month, published or missing; names nobody read and addresses nobody told are not violations', async () => {
  const { accounts, to } = await ask<RouteOutput<'GET /api/v1/compare/coverage'>>('/coverage?month=2026-05')
  expect([to, accounts.length, accounts[0]?.days.length]).toEqual(['2026-05-31', 2, 31])
  const states = accounts
    .find((one) => one.accountId === account.accountId)
    ?.days.map(({ state, levels }) => `${state} ${levels}`)
  expect(states?.slice(0, 2)).toEqual(['published 1', 'missing 0'])
  const { names } = await ask<Compared>(`?${may}`)
  expect(names.find((one) => one.accountId === account.accountId)).toMatchObject({
    campaigns: 2,
    matched: 0,
    violations: 0,
    told: 1,
    leadBack: 1,
    whyUntold: null,
  })
  expect(names.find((one) => one.platform === 'kakao_moment')).toMatchObject({
    told: 0,
    whyUntold: { en: expect.stringContaining('not judged') as string, ko: expect.stringContaining('판정') as string },
  })
})
