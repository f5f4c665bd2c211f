import { describe, expect, test } from 'vitest'
import { day } from '../domain/day.ts'
import type { Fault } from '../sandbox/scenario.ts'
import type { SandboxOptions } from '../sandbox/sandbox.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { conservationProperty } from './conservation.fixture.ts'
import type { ConnectorRig } from './connector.contract.ts'
import { connectorContract, errorOf, receive, testContext } from './connector.contract.ts'
import { adapter, openTiktokAds } from './tiktok-ads.ts'
import { classifyTiktok } from './tiktok-ads-errors.ts'
import { tiktokRawRow } from './tiktok-ads-rows.ts'

// Two hours before the limits of a day begin anew.
const nowMs = Date.parse('2026-11-22T22:00:00Z')
const range = { since: day('2026-11-10'), until: day('2026-11-19') }

async function openSandbox(options: Partial<SandboxOptions> = {}, given: object = {}) {
  const sandbox = await startSandbox({ seed: 20261122, nowMs, world: { platforms: ['tiktok_ads'] }, ...options })
  // Small pages: what goes wrong between pages must be seen going wrong.
  const parsed = adapter.options.parse({ ...sandbox.connections.tiktok_ads, pageSize: 20, ...given })
  return { sandbox, connector: openTiktokAds(parsed) }
}

async function openRig(): Promise<ConnectorRig> {
  const { sandbox, connector } = await openSandbox()
  const { accessToken = '', appSecret = '' } = sandbox.connections.tiktok_ads
  return {
    connector,
    nowMs,
    range,
    secrets: [accessToken, appSecret],
    truth: (account, date) =>
      sandbox
        .truth('tiktok_ads', account.accountId, date, sandbox.nowMs())
        .map(({ campaignId, impressions, clicks, cost, conversions }) => ({
          entityId: campaignId,
          date,
          impressions,
          clicks,
          cost,
          conversions,
        })),
    platform: {
      metrics: 'tiktok.report',
      field: 'clicks',
      faults: (faults) => sandbox.scenario({ faults }),
      advance: (durationMs) => sandbox.setClock(sandbox.nowMs() + durationMs),
    },
    [Symbol.asyncDispose]: () => sandbox.stop(),
  }
}

connectorContract('tiktok_ads', openRig)

conservationProperty(openRig, {
  routes: ['tiktok.ads', 'tiktok.campaigns', 'tiktok.report'],
  metrics: 'tiktok.report',
  kinds: ['missing_rows', 'duplicate_page', 'empty_page', 'wrong_control_total', 'account_suspended'],
})

async function readUnder(faults: readonly Fault[]) {
  const { sandbox, connector } = await openSandbox()
  await using running = sandbox
  const context = testContext(nowMs)
  const [account] = await connector.discover(context)
  const clean = await receive(connector, account!, range, context)
  const from = running.log().length
  running.scenario({ faults })
  const read = await receive(connector, account!, range, context)
  return { clean: clean.received, ...read, calls: running.log().slice(from), context }
}

describe('errors in HTTP 200', () => {
  const bodies: readonly (readonly [code: number, message: string, expected: string, waitMs?: number])[] = [
    [40001, 'No permission to operate advertiser 7', 'CONNECTORS_PERMISSION'],
    [40002, 'page_size: Must be between 1 and 1000.', 'CONNECTORS_BAD_REQUEST'],
    [40002, "Invalid metric fields: ['spent']", 'CONNECTORS_SCHEMA_DRIFT'],
    [40002, 'The API version v1.2 is deprecated.', 'CONNECTORS_VERSION_SUNSET'],
    [40100, 'You have reached the QPS limit', 'CONNECTORS_QUOTA', 1_000],
    [40100, 'You have reached the QPM limit', 'CONNECTORS_QUOTA', 60_000],
    [40100, 'You have reached the QPD limit', 'CONNECTORS_QUOTA', 7_200_000],
    [40101, 'The app_id or secret is incorrect.', 'CONNECTORS_AUTH_MISSING'],
    [40102, 'Access token has expired.', 'CONNECTORS_AUTH_EXPIRED'],
    [40104, 'Access token is empty.', 'CONNECTORS_AUTH_MISSING'],
    [40105, 'Access token is incorrect or has been revoked.', 'CONNECTORS_AUTH_REVOKED'],
    [40200, 'Task error', 'CONNECTORS_TRANSIENT'],
    [40700, 'Internal service timed out', 'CONNECTORS_TRANSIENT'],
    [50000, 'System error', 'CONNECTORS_TRANSIENT'],
    [50002, 'Error processing request on TikTok side.', 'CONNECTORS_TRANSIENT'],
    [61234, 'A code of tomorrow', 'CONNECTORS_TRANSIENT'],
  ]

  test.for(bodies)('%i %s is %s', ([code, message, expected, waitMs]) => {
    const failed = { status: 200, headers: new Headers(), body: { code, message, data: {} }, account: '7', nowMs }
    const error = classifyTiktok(failed, 'v1.3')
    expect([error?.code, error?.retryAfterMs]).toEqual([expected, waitMs])
  })

  test('a success is no error', () => {
    const body = { code: 0, message: 'OK', data: {} }
    expect(classifyTiktok({ status: 200, headers: new Headers(), body, account: null, nowMs }, 'v1.3')).toBeUndefined()
  })

  test('the answers that carried them had status 200', async () => {
    const { calls, clean, received } = await readUnder([{ kind: 'status_500', route: 'tiktok.report', nth: 1 }])
    expect(calls.map((one) => one.status)).toEqual(calls.map(() => 200))
    expect(received.rows).toEqual(clean.rows)
  })
})

describe('rows', () => {
  test('ids that come as JSON numbers keep every digit', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    let numbers = 0
    const watching: typeof fetch = async (input, init) => {
      const text = await (await fetch(input, init)).text()
      numbers += [...text.matchAll(/"campaign_id":\d{17}/g)].length
      return new Response(text, { headers: { 'content-type': 'application/json' } })
    }
    const context = testContext(nowMs, { fetch: watching })
    const [account] = await connector.discover(context)
    const { received } = await receive(connector, account!, range, context)
    const truth = running.truth('tiktok_ads', account!.accountId, range.since, nowMs).map((one) => one.campaignId)
    expect(numbers).toBeGreaterThan(0)
    expect(received.rows.map((row) => row['campaign_id'])).toEqual(expect.arrayContaining(truth))
  })

  test('strings and numbers mixed, a dash and null for what does not apply', () => {
    const row = tiktokRawRow({
      dimensions: { stat_time_day: '2024-01-01 00:00:00', campaign_id: '1714125042508817' },
      metrics: { spend: '20.00', impressions: '4696', clicks: 21, conversion: '-', total_purchase_value: null },
    })
    expect(row).toMatchObject({
      stat_time_day: '2024-01-01',
      campaign_id: '1714125042508817',
      spend: '20.00',
      clicks: '21',
      conversion: null,
      total_purchase_value: null,
    })
  })

  test('an empty page in the middle shows in the control totals and ends nothing', async () => {
    const { clean, received, calls } = await readUnder([{ kind: 'empty_page', route: 'tiktok.report', nth: 2 }])
    const pages = calls.filter((one) => one.route === 'tiktok.report').length
    expect(pages).toBe(Math.ceil(clean.rows.length / 20))
    expect(received.rows.length).toBe(clean.rows.length - 20)
  })
})

describe('campaigns', () => {
  test('a budget is a daily one in units of the currency, or none', async () => {
    const { received } = await readUnder([])
    const budgets = received.entities.map((one) => one.dailyBudget)
    expect(budgets).toContain(null)
    expect(budgets.filter((one) => one !== null && !/^[1-9]\d*(\.\d+)?$/.test(one))).toEqual([])
    expect(budgets.some((one) => one !== null)).toBe(true)
    expect(new Set(received.entities.map((one) => one.status))).toEqual(new Set(['active', 'paused', 'removed']))
  })
})

describe('accounts', () => {
  test('without appId the advertisers must be named; named ones that are out of reach are told and left out', async () => {
    const { sandbox } = await openSandbox()
    await using running = sandbox
    const [reachable] = running.accounts
    const { baseUrl, accessToken } = running.connections.tiktok_ads
    const bare = openTiktokAds(adapter.options.parse({ baseUrl, accessToken }))
    expect((await errorOf(bare.discover(testContext(nowMs)))).code).toBe('CONNECTORS_AUTH_MISSING')
    const accounts = [reachable!.accountId, '999']
    const named = openTiktokAds(adapter.options.parse({ baseUrl, accessToken, accounts }))
    const told: string[] = []
    expect(await named.discover(testContext(nowMs), (id, error) => told.push(`${id} ${error.code}`))).toEqual([
      reachable,
    ])
    expect(told).toEqual(['999 CONNECTORS_PERMISSION'])
    expect((await errorOf(named.discover(testContext(nowMs)))).code).toBe('CONNECTORS_PERMISSION')
  })

  test('a range longer than TikTok answers is refused by it, and the spec asks for no such range', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    const [account] = running.accounts
    const read = (until: string) =>
      receive(connector, account!, { since: day('2026-10-01'), until: day(until) }, testContext(nowMs))
    expect((await errorOf(read('2026-10-31'))).code).toBe('CONNECTORS_BAD_REQUEST')
    expect((await read('2026-10-30')).received.rows.length).toBeGreaterThan(0)
    expect(connector.spec.rangeDaysMax).toBe(30)
  })
})
