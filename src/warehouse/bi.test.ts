import { createHmac } from 'node:crypto'
import { userInfo } from 'node:os'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { grantReading, passwordVerifier, readScopes, revokeReading } from './bi.ts'
import { account, extractOf, requestOf, row } from './contract-rows.ts'
import { openTestWarehouse } from './fixture.ts'
import type { Warehouse } from './warehouse.ts'

/* Roles are the whole server's, and tests share one: each run has names of its own and drops them. */
const stamp = `t${process.pid}_${userInfo().uid}`
const client = `acme_${stamp}`
const [everything, sheets] = [`all_${stamp}`, `sheets_${stamp}`]
const other = { ...account, accountId: '77', name: 'Beta' }
let warehouse: Warehouse

/** What someone who logs in as this user reads; the code of Postgres's refusal where it does not let them. */
async function asked(user: string, sql: string): Promise<readonly unknown[] | string> {
  const { host, port, database } = warehouse.connection
  const reader = new pg.Client({ host, port, database, user })
  await reader.connect()
  try {
    return (await reader.query<Record<string, unknown>>(sql)).rows.map((one) => Object.values(one).join(' '))
  } catch (error) {
    return String((error as { code?: string }).code)
  } finally {
    await reader.end()
  }
}

beforeAll(async () => {
  warehouse = await openTestWarehouse()
  await warehouse.load(requestOf(1, [row('1'), row('2')]))
  const extract = { ...extractOf(2), accountId: other.accountId }
  await warehouse.load(requestOf(2, [row('9')], { extract, account: other }))
  const ads = { ...extractOf(3), level: 'ad' } as const
  await warehouse.load(requestOf(3, [row('1~11')], { extract: ads }))
  const theirs = { ...ads, accountId: other.accountId, extractId: extractOf(4).extractId }
  await warehouse.load(requestOf(4, [row('9~91')], { extract: theirs, account: other }))
})
afterAll(async () => {
  for (const one of [everything, sheets]) await warehouse.query(`drop role if exists ${one}`)
  await warehouse[Symbol.asyncDispose]()
})

const views = ['account', 'campaign_daily', 'ad_daily', 'account_daily', 'freshness'] as const

describe('readers', () => {
  test('of everything see every account and nothing but the views, and cannot write', async () => {
    const login = { user: everything, password: 'x' }
    expect(await grantReading(warehouse, { login })).toEqual({ isNewLogin: true })
    expect(await grantReading(warehouse, { login })).toEqual({ isNewLogin: false })
    expect(await asked(everything, 'select account_id from marts.account order by 1')).toEqual(['1234567890', '77'])
    expect(await asked(everything, 'select account_id, clicks, cost from account_daily order by 1')).toEqual([
      '1234567890 14 21.000000',
      '77 7 10.500000',
    ])
    const { schema } = warehouse.connection
    expect(await asked(everything, `select * from ${schema}.fact_ad_daily`)).toBe('42501')
    expect(await asked(everything, `select * from ${schema}.connection_secret`)).toBe('42501')
    expect(await asked(everything, 'create table mine (a integer)')).toBe('25006')
  })

  test('of one client see its accounts in every view, also when they look at the rows with a function of their own', async () => {
    await grantReading(warehouse, {
      client: { name: client, accounts: [{ platform: 'google_ads', accountId: '77' }] },
      login: { user: sheets, password: 'x' },
    })
    for (const view of views)
      expect([view, await asked(sheets, `select distinct account_id from marts.${view}`)]).toEqual([view, ['77']])
    // Where a view is no barrier the planner tries the cheap condition first, and its error tells of rows that nobody may see.
    const leak = `select 1 from marts.campaign_daily where 1 / (case when account_id = '1234567890' then 0 else 1 end) > 5`
    expect(await asked(sheets, leak)).toEqual([])
    expect(await asked(sheets, `set role millrace_reader`)).toBe('42501')
  })

  test('are listed with what they see, and see nothing once it is taken back', async () => {
    expect(await readScopes(warehouse)).toEqual([
      { role: 'millrace_reader', members: expect.arrayContaining([everything]) as string[], accounts: null },
      { role: `millrace_reader_${client}`, members: [sheets], accounts: ['google_ads/77'] },
    ])
    await revokeReading(warehouse, { user: everything })
    expect(await asked(everything, 'select * from marts.account')).toBe('42501')
    await revokeReading(warehouse, { client })
    expect(await asked(sheets, 'select * from marts.account')).toBe('42501')
  })
})

test('a name that needs quotes is refused, whatever it would do', async () => {
  for (const name of ['Acme', 'a"; drop table x; --', '', 'a'.repeat(60)])
    await expect(grantReading(warehouse, { client: { name, accounts: [] } })).rejects.toMatchObject({
      code: 'WAREHOUSE_ROLE_NAME',
    })
})

test('what Postgres is told instead of the password is that of RFC 7677', () => {
  // Its example: the server's signature over these messages, which only the right server key makes.
  const messages =
    'n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
  const verifier = passwordVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'))
  const serverKey = Buffer.from(verifier.split(':').at(-1) ?? '', 'base64')
  expect(verifier).toMatch(/^SCRAM-SHA-256\$4096:W22ZaJ0SNY7soEsUEjb6gQ==\$/)
  const signature = createHmac('sha256', serverKey).update(messages).digest('base64')
  expect(signature).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
})
