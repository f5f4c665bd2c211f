import { afterAll, beforeAll, expect, test } from 'vitest'
import { day } from '../domain/day.ts'
import { decimal } from '../domain/decimal.ts'
import type { EntityObservation } from '../domain/entity.ts'
import type { NamingRule } from '../domain/naming.ts'
import { readNames } from '../orchestrate/names.ts'
import { account, dayOne, requestOf, row } from './contract-rows.ts'
import { observeAccount, observeEntities } from './entities.ts'
import { openTestWarehouse } from './fixture.ts'
import { readCampaignUtm, readNamingCoverage, readNamingViolations, readUntoldAccounts } from './names.ts'
import type { Warehouse } from './warehouse.ts'

let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
})

const named = (entityId: string, name: string): EntityObservation => ({
  platform: account.platform,
  accountId: account.accountId,
  level: 'campaign',
  entityId,
  parentId: null,
  name,
  status: 'active',
  statusRaw: 'ENABLED',
  dailyBudget: null,
  objectiveRaw: '',
})

const rule: NamingRule = {
  name: 'standard',
  platform: null,
  level: 'campaign',
  pattern: '{country}_{left*}_{right*}',
  enums: { country: ['KR', 'US'] },
}

const observe = (at: string, ...all: readonly EntityObservation[]) =>
  warehouse.transaction((session) => observeEntities(session, all, Date.parse(at)))
const question = { since: day('2026-01-01') }
const nowMs = Date.parse('2026-05-03T00:00:00Z')

test('coverage by campaigns and by money, violations, renamed campaigns, and other rules as a new version', async () => {
  await observe('2026-05-01T00:00:00Z', named('1', 'KR_a_b'), named('2', 'JP_a_b'), named('3', 'KR_a_b_c'))
  const costs = { '1': '75', '2': '20', '3': '5', '4': '0' }
  await warehouse.load(
    requestOf(
      1,
      Object.entries(costs).map(([id, cost]) => row(id, dayOne, { cost: decimal(cost) })),
    ),
  )
  expect(await readNames(warehouse, [rule], nowMs)).toBe(3)
  // Campaign 4 is known from its facts alone: nobody has told its name, so nobody has read it.
  expect(await readNamingCoverage(warehouse, question)).toEqual([
    {
      platform: 'google_ads',
      accountId: account.accountId,
      version: 1,
      campaigns: 4,
      matched: 1,
      ambiguous: 1,
      violations: 1,
      coverage: '0.2500',
      costCoverage: '0.7500',
    },
  ])
  expect(await readNamingViolations(warehouse, {})).toMatchObject([
    { campaignId: '2', outcome: 'violation', rule: 'standard', segment: 'country', found: 'JP_a_b' },
    { campaignId: '3', outcome: 'ambiguous', rule: 'standard' },
  ])

  await observe('2026-05-02T00:00:00Z', named('2', 'US_a_b'))
  expect(await readNames(warehouse, [rule], nowMs)).toBe(1)
  expect((await readNamingViolations(warehouse, {})).map((one) => one.campaignId)).toEqual(['3'])
  const readings = await warehouse.query(
    `select e.name, r.outcome from dim_entity e join name_reading r on r.name = e.name where e.entity_id = '2' order by e.valid_from`,
  )
  expect(readings).toEqual([
    { name: 'JP_a_b', outcome: 'violation' },
    { name: 'US_a_b', outcome: 'matched' },
  ])

  expect(await readNames(warehouse, [rule], nowMs)).toBe(0)
  const looser = { ...rule, enums: { country: ['JP', 'KR', 'US'] } }
  expect(await readNames(warehouse, [looser], nowMs)).toBe(4)
  expect(await readNamingCoverage(warehouse, question)).toMatchObject([{ version: 2, matched: 2, violations: 0 }])
  const kept = await warehouse.query(
    'select version, count(*)::int as names from name_reading group by version order by 1',
  )
  expect(kept).toEqual([
    { version: 1, names: 4 },
    { version: 2, names: 4 },
  ])
})

test('UTM of campaigns as they are now: those that do not lead back first, with what is wrong', async () => {
  const at = (entityId: string, finalUrlSuffix: string): EntityObservation => ({
    ...named(entityId, `이름 ${entityId}`),
    urls: { trackingTemplate: null, finalUrlSuffix, urlTags: null },
  })
  await observe(
    '2026-05-04T00:00:00Z',
    at('8', 'utm_source=google&utm_campaign={campaignid}'),
    at('9', 'utm_source=google'),
  )
  await observe('2026-05-05T00:00:00Z', at('8', 'utm_source=google&utm_campaign={campaign_id}&utm_medium=cpc'))
  await observe('2026-05-05T00:00:00Z', at('7', 'utm_source=google&utm_id={campaignid}'))
  const shown = {
    platform: account.platform,
    accountId: account.accountId,
    source: 'google',
    medium: null,
    unknown: '',
  }
  expect(await readCampaignUtm(warehouse, {})).toEqual([
    {
      ...shown,
      campaignId: '8',
      name: '이름 8',
      medium: 'cpc',
      campaign: '{campaign_id}',
      leadsBack: false,
      unknown: 'campaign_id',
    },
    { ...shown, campaignId: '9', name: '이름 9', campaign: null, leadsBack: false },
    { ...shown, campaignId: '7', name: '이름 7', campaign: '7', leadsBack: true },
  ])
  expect(await readCampaignUtm(warehouse, { platforms: ['meta_ads'] })).toEqual([])

  expect(await readUntoldAccounts(warehouse, {})).toEqual([])
  const kakao = { ...account, platform: 'kakao_moment', accountId: '55', name: '모먼트' } as const
  await warehouse.transaction((session) => observeAccount(session, kakao, Date.UTC(2026, 4, 3)))
  expect(await readUntoldAccounts(warehouse, { accountIds: ['55'] })).toEqual([
    { platform: 'kakao_moment', accountId: '55', name: '모먼트' },
  ])
  expect(await readUntoldAccounts(warehouse, { platforms: ['linkedin_ads'] })).toEqual([])
})
