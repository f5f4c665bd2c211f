import { describe, expect, test } from 'vitest'
import { day } from '../domain/day.ts'
import { fromUnits } from '../domain/decimal.ts'
import type { Fault } from '../sandbox/scenario.ts'
import type { SandboxOptions } from '../sandbox/sandbox.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import type { Route } from '../sandbox/shapes.ts'
import type { ConservationOf } from './conservation.fixture.ts'
import { conservationProperty } from './conservation.fixture.ts'
import type { ConnectorRig } from './connector.contract.ts'
import { connectorContract, errorOf, receive, sliceOf, testContext } from './connector.contract.ts'
import type { MetaAdsOptions } from './meta-ads.ts'
import { adapter, openMetaAds } from './meta-ads.ts'

const nowMs = Date.parse('2026-11-22T12:00:00Z')
const range = { since: day('2026-11-10'), until: day('2026-11-19') }

async function openSandbox(options: Partial<SandboxOptions> = {}, given: Partial<MetaAdsOptions> = {}) {
  const sandbox = await startSandbox({ seed: 20261122, nowMs, ...options })
  const { metaAccessToken: accessToken } = sandbox.credentials
  // Small pages: what goes wrong between pages must be seen going wrong.
  const parsed = adapter.options.parse({ baseUrl: sandbox.metaUrl, accessToken, pageLimit: 20, ...given })
  return { sandbox, connector: openMetaAds(parsed) }
}

async function openRig(): Promise<ConnectorRig> {
  const { sandbox, connector } = await openSandbox()
  return {
    connector,
    nowMs,
    range,
    secrets: [sandbox.credentials.metaAccessToken],
    truth: (account, date) =>
      sandbox
        .truth('meta_ads', account.accountId, date, sandbox.nowMs())
        .map(({ campaignId, impressions, clicks, cost, conversions }) => ({
          entityId: campaignId,
          date,
          impressions,
          clicks,
          cost,
          conversions,
        })),
    platform: {
      metrics: 'meta.insights',
      field: 'clicks',
      faults: (faults) => sandbox.scenario({ faults }),
      advance: (durationMs) => sandbox.setClock(sandbox.nowMs() + durationMs),
      refusals: [{ fault: { kind: 'too_much_data', route: 'meta', from: 1 }, code: 'CONNECTORS_TOO_MUCH_DATA' }],
    },
    [Symbol.asyncDispose]: () => sandbox.stop(),
  }
}

connectorContract('meta_ads', openRig)

const faulty = (routes: readonly Route[]): ConservationOf => ({
  routes,
  metrics: 'meta.insights',
  kinds: ['missing_rows', 'duplicate_page', 'empty_page', 'wrong_control_total', 'account_suspended', 'too_much_data'],
})
conservationProperty(openRig, faulty(['meta.campaigns', 'meta.insights']))
conservationProperty(openRig, { ...faulty(['meta.adsets', 'meta.insights']), levels: ['ad_group'] })
conservationProperty(openRig, { ...faulty(['meta.ads', 'meta.insights']), levels: ['ad'] })

test('ads and ad sets are described with what they stand in, and ads with the parameters of their links', async () => {
  await using rig = await openRig()
  const context = testContext(nowMs)
  const [account] = await rig.connector.discover(context)
  const campaigns = await receive(rig.connector, account!, range, context)
  const groups = await receive(rig.connector, account!, range, context, 'ad_group')
  const ads = await receive(rig.connector, account!, range, context, 'ad')
  const ids = (one: typeof ads, level: string) =>
    new Set(one.received.entities.filter((entity) => entity.level === level).map(({ entityId }) => entityId))
  const parents = (one: typeof ads, level: string) =>
    one.received.entities.filter((entity) => entity.level === level).map(({ parentId }) => parentId ?? '')
  expect(parents(groups, 'ad_group').filter((id) => !ids(campaigns, 'campaign').has(id))).toEqual([])
  expect(parents(ads, 'ad').filter((id) => !ids(groups, 'ad_group').has(id))).toEqual([])
  expect(ads.received.entities.some(({ urls }) => urls?.urlTags?.startsWith('utm_source=facebook'))).toBe(true)
  expect(
    ads.received.entities.some(({ statusRaw, status }) => statusRaw === 'CAMPAIGN_PAUSED' && status === 'paused'),
  ).toBe(true)
})

/** Reads the first account under the faults; gives the rows and the limits that were asked for. */
async function readUnder(faults: readonly Fault[], options: Partial<SandboxOptions> = {}) {
  const { sandbox, connector } = await openSandbox(options)
  await using running = sandbox
  const context = testContext(nowMs)
  const [account] = await connector.discover(context)
  const clean = await receive(connector, account!, range, context)
  const from = running.log().length
  running.scenario({ faults })
  const { received, result } = await receive(connector, account!, range, context)
  const calls = running.log().slice(from)
  const insights = calls.filter((one) => one.route === 'meta.insights')
  const limits = insights.map((one) => Number(new URLSearchParams(one.query).get('limit')))
  return { clean: clean.received, received, result, limits, calls, context }
}

describe('pages', () => {
  test('an empty page in the middle does not end the reading', async () => {
    const { clean, received } = await readUnder([{ kind: 'empty_page', route: 'meta.insights', nth: 3 }])
    expect(received.rows).toEqual(clean.rows)
  })

  test('a page that breaks is asked for again, and no other', async () => {
    const { clean, received, limits } = await readUnder([{ kind: 'truncated_json', route: 'meta.insights', nth: 2 }])
    expect(received.rows).toEqual(clean.rows)
    expect(limits.length).toBe(Math.ceil(clean.rows.length / 20) + 1)
  })

  test('too much data halves the page and goes on from the same place', async () => {
    const { clean, received, limits } = await readUnder([{ kind: 'too_much_data', route: 'meta.insights', nth: 2 }])
    expect(received.rows).toEqual(clean.rows)
    expect(limits.slice(0, 4)).toEqual([20, 20, 10, 10])
  })

  test('no address that was asked for holds the token, and every call counts as an operation', async () => {
    const { calls, result } = await readUnder([])
    expect(calls.filter((one) => /access_token/.test(one.query))).toEqual([])
    expect(result.operations).toBe(calls.length)
  })

  test('a cursor that never moves ends in an error, not in a loop', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    const context = testContext(nowMs)
    const [account] = await connector.discover(context)
    running.scenario({ faults: [{ kind: 'duplicate_page', route: 'meta.insights', from: 1 }] })
    const error = await errorOf(receive(connector, account!, range, context))
    expect(error.code).toBe('CONNECTORS_TRANSIENT')
    expect(error.facts['detail']).toBe('the cursor of the next page does not move')
  })
})

describe('campaigns', () => {
  test('budgets are in the smallest coin of the account: whole won, cents of a dollar', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    const context = testContext(nowMs)
    for (const account of await connector.discover(context)) {
      const { received } = await receive(connector, account, range, context)
      const url = `${running.metaUrl}/v26.0/act_${account.accountId}/campaigns?fields=daily_budget&limit=1000`
      const token = running.credentials.metaAccessToken
      const wire = (await (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).json()) as {
        data: { id: string; daily_budget?: string }[]
      }
      const digits = account.currency === 'KRW' ? 0 : 2
      expect(wire.data.some((one) => one.daily_budget !== undefined)).toBe(true)
      for (const { id, daily_budget: budget } of wire.data) {
        const wanted = budget === undefined ? null : fromUnits(BigInt(budget), digits)
        expect(received.entities.find((one) => one.entityId === id)?.dailyBudget).toBe(wanted)
      }
    }
  })

  test('a campaign with rows that is not listed any more is observed by the name of its rows', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    const listless: typeof fetch = async (input, init) =>
      typeof input === 'string' && input.includes('/campaigns?') ? Response.json({ data: [] }) : fetch(input, init)
    const context = testContext(nowMs, { fetch: listless })
    const [account] = await connector.discover(context)
    const { received } = await receive(connector, account!, range, context)
    expect(running.log().some((one) => one.route === 'meta.campaigns')).toBe(false)
    expect(received.entities.length).toBe(new Set(received.rows.map((row) => row['campaign_id'])).size)
    for (const one of received.entities) {
      expect(one.status).toBe('unknown')
      expect(one.name).toBe(received.rows.find((row) => row['campaign_id'] === one.entityId)?.['campaign_name'])
    }
  })
})

describe('accounts', () => {
  test('configured accounts may be written with act_; one that is out of reach is told and left out', async () => {
    const { sandbox } = await openSandbox()
    await using running = sandbox
    const [reachable] = running.accounts.filter((one) => one.platform === 'meta_ads')
    const { metaAccessToken: accessToken } = running.credentials
    const accounts = [`act_${reachable!.accountId}`, '999']
    const connector = openMetaAds(adapter.options.parse({ baseUrl: running.metaUrl, accessToken, accounts }))
    const told: string[] = []
    const found = await connector.discover(testContext(nowMs), (id, error) => told.push(`${id} ${error.code}`))
    expect(found).toEqual([reachable])
    expect(told).toEqual(['999 CONNECTORS_PERMISSION'])
    expect((await errorOf(connector.discover(testContext(nowMs)))).code).toBe('CONNECTORS_PERMISSION')
  })

  test('a budget of calls that runs dry is a quota with the time to come back', async () => {
    const { sandbox, connector } = await openSandbox({ metaCallsPerHour: 3 })
    await using running = sandbox
    const context = testContext(nowMs)
    const account = running.accounts.find((one) => one.platform === 'meta_ads')!
    const error = await errorOf(
      connector.extract(sliceOf(account, range), account, context, {
        rows: () => Promise.resolve(),
        entities: () => Promise.resolve(),
      }),
    )
    expect(error.code).toBe('CONNECTORS_QUOTA')
    expect(error.retryAfterMs).toBe(3_600_000)
    expect(context.waitsMs).toEqual([])
  })
})

test('accounts below businesses, owned and those of clients, are found with the business that they are below', async () => {
  const { sandbox, connector } = await openSandbox({}, { businesses: ['all'] })
  await using running = sandbox
  const found = await connector.discover(testContext(nowMs))
  const own = running.accounts.filter(({ platform }) => platform === 'meta_ads')
  const byId = <One extends { accountId: string }>(all: readonly One[]) =>
    all.toSorted((a, b) => (a.accountId < b.accountId ? -1 : 1))
  expect(byId(found)).toEqual(byId(own.map((one) => ({ ...one, managerId: '1000000000000900' }))))
  expect(running.quota().requests).toMatchObject({ 'meta.businesses': 1, 'meta.owned': 1, 'meta.clients': 1 })
  const other = await openSandbox({}, { businesses: ['42'] })
  await using _ = other.sandbox
  expect((await errorOf(other.connector.discover(testContext(nowMs)))).code).toBe('CONNECTORS_PERMISSION')
})
