import { describe, expect, test } from 'vitest'
import { day } from '../domain/day.ts'
import { systemClock } from '../domain/clock.ts'
import { unifyRows } from '../unify/unify.ts'
import type { Fault } from '../sandbox/scenario.ts'
import type { Sandbox, SandboxOptions } from '../sandbox/sandbox.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { conservationProperty } from './conservation.fixture.ts'
import type { ConnectorRig } from './connector.contract.ts'
import { connectorContract, errorOf, receive, testContext } from './connector.contract.ts'
import { adapter, openLinkedinAds } from './linkedin-ads.ts'
import { analytics } from './linkedin-ads-analytics.ts'
import { LinkedinClient } from './linkedin-ads-client.ts'
import { classifyLinkedin } from './linkedin-ads-errors.ts'
import { analyticsFields, linkedinMapping, linkedinRawRow } from './linkedin-ads-rows.ts'
import { redactor } from './redact.ts'

// Two hours before the limits of a day begin anew.
const nowMs = Date.parse('2026-11-22T22:00:00Z')
const range = { since: day('2026-11-10'), until: day('2026-11-19') }

/** Without a way to renew it, the access token is what the platform says of it. */
const bare = ({ baseUrl, accessToken }: Readonly<Record<string, string>>) => ({ baseUrl, accessToken })

async function openSandbox(options: Partial<SandboxOptions> = {}, given: object = {}) {
  const sandbox = await startSandbox({ seed: 20261122, nowMs, world: { platforms: ['linkedin_ads'] }, ...options })
  const parsed = adapter.options.parse({ ...bare(sandbox.connections.linkedin_ads), ...given })
  return { sandbox, connector: openLinkedinAds(parsed) }
}

async function openRig(given: object = {}): Promise<ConnectorRig> {
  const { sandbox, connector } = await openSandbox({}, given)
  const { accessToken = '' } = sandbox.connections.linkedin_ads
  return {
    connector,
    nowMs,
    range,
    secrets: [accessToken],
    truth: (account, date) =>
      sandbox
        .truth('linkedin_ads', account.accountId, date, sandbox.nowMs())
        .map(({ campaignId, impressions, clicks, cost, conversions }) => ({
          entityId: campaignId,
          date,
          impressions,
          clicks,
          cost,
          conversions,
        })),
    platform: {
      metrics: 'linkedin.analytics',
      field: 'clicks',
      faults: (faults) => sandbox.scenario({ faults }),
      advance: (durationMs) => sandbox.setClock(sandbox.nowMs() + durationMs),
      without: { duplicate_page: 'an answer of LinkedIn’s analytics has no pages' },
    },
    [Symbol.asyncDispose]: () => sandbox.stop(),
  }
}

connectorContract('linkedin_ads', openRig)

// Three calls for one answer: what goes wrong between its parts must be seen going wrong.
conservationProperty(() => openRig({ fieldsPerCall: 5 }), {
  routes: ['linkedin.groups', 'linkedin.analytics'],
  metrics: 'linkedin.analytics',
  kinds: ['missing_rows', 'empty_page', 'wrong_control_total', 'account_suspended'],
})

async function readUnder(faults: readonly Fault[], given: object = {}) {
  const { sandbox, connector } = await openSandbox({}, given)
  await using running = sandbox
  const context = testContext(nowMs)
  const [account] = await connector.discover(context)
  const from = running.log().length
  running.scenario({ faults })
  const read = await receive(connector, account!, range, context)
  return { ...read, account: account!, calls: running.log().slice(from), context }
}

const questionOf = (account: string) =>
  ({ ...range, account, pivot: 'CAMPAIGN_GROUP', granularity: 'DAILY', fields: analyticsFields }) as const

function clientOf({ connections }: Sandbox): LinkedinClient {
  const { baseUrl = '', accessToken = '' } = connections.linkedin_ads
  const tokens = { token: () => Promise.resolve(accessToken), expire: () => undefined }
  const policy = { attemptsMax: 1, quotaWaitMsMax: 0 }
  return new LinkedinClient({ baseUrl, apiVersion: '202610', timeoutMs: 10_000, policy }, tokens, redactor([]))
}

describe('an answer in parts', () => {
  test('more fields than LinkedIn takes at once come in several calls, joined by group and day', async () => {
    const whole = await readUnder([])
    const parts = await readUnder([], { fieldsPerCall: 4 })
    const count = (calls: typeof parts.calls) => calls.filter((one) => one.route === 'linkedin.analytics').length
    expect(parts.received.rows).toEqual(whole.received.rows)
    // One more is for the totals.
    expect([count(whole.calls), count(parts.calls)]).toEqual([2, 4])
  })

  test('two parts that speak of different rows are asked for again; half a row is no row', async () => {
    const { received, calls } = await readUnder([{ kind: 'missing_rows', route: 'linkedin.analytics', nth: 2 }], {
      fieldsPerCall: 6,
    })
    expect(calls.filter((one) => one.route === 'linkedin.analytics').length).toBe(5)
    for (const row of received.rows) expect([row['impressions'], row['videoViews']]).not.toContain(null)
    const { sandbox } = await openSandbox()
    await using running = sandbox
    running.scenario({ faults: [1, 3, 5].map((nth) => ({ kind: 'missing_rows', route: 'linkedin.analytics', nth })) })
    const asked = analytics(clientOf(running), questionOf(running.accounts[0]!.accountId), testContext(nowMs), 6)
    expect((await errorOf(asked)).facts['detail']).toMatch(/different rows/)
  })

  test('one of 15,000 elements was cut off silently: its days are asked for in halves until none is', async () => {
    const world = { bulk: { platform: 'linkedin_ads', accounts: 1, campaigns: 510 } } as const
    const { sandbox, connector } = await openSandbox({ world })
    await using running = sandbox
    const context = testContext(nowMs)
    const [account] = running.accounts
    const long = { since: day('2026-10-21'), until: day('2026-11-19') }
    const { received, result } = await receive(connector, account!, long, context)
    expect(received.rows.length).toBe(510 * 30)
    const impressions = received.rows.reduce((sum, row) => sum + BigInt(row['impressions'] ?? '0'), 0n)
    expect(String(impressions)).toBe(result.controlTotals?.impressions)
    expect(running.log().filter((one) => one.route === 'linkedin.analytics').length).toBe(4)
    expect(JSON.stringify(context.logged)).toContain('2026-10-21 to 2026-11-19 is asked for in two parts')
  })

  test('a single day that reaches the limit is CONNECTORS_TOO_MUCH_DATA and not a part of the day', async () => {
    const { sandbox } = await openSandbox()
    await using running = sandbox
    const elements = Array.from({ length: 15_000 }, () => ({ pivotValues: ['urn:li:sponsoredCampaignGroup:1'] }))
    const full: typeof fetch = () => Promise.resolve(Response.json({ elements }))
    const question = { ...questionOf('1'), until: range.since }
    const asked = analytics(clientOf(running), question, testContext(nowMs, { fetch: full }))
    expect((await errorOf(asked)).code).toBe('CONNECTORS_TOO_MUCH_DATA')
  })
})

describe('rows', () => {
  test('campaign groups are the campaigns; their ids keep every digit', async () => {
    const { received, account } = await readUnder([])
    const long = received.rows.filter((row) => (row['campaignGroupId'] ?? '').length === 17)
    expect(long.length).toBeGreaterThan(0)
    for (const row of received.rows)
      expect(row['pivotValue']).toBe(`urn:li:sponsoredCampaignGroup:${row['campaignGroupId']}`)
    expect(received.entities.map((one) => one.entityId)).toEqual(
      expect.arrayContaining(long.map((row) => row['campaignGroupId'])),
    )
    expect(account.zone).toBe('UTC')
    expect(received.entities.filter((one) => one.dailyBudget !== null).length).toBeGreaterThan(0)
    expect(received.entities.filter((one) => one.dailyBudget === null).length).toBeGreaterThan(0)
  })

  test('a remainder such as -2E-18 is kept as it came and is nothing in the fact', () => {
    const row = linkedinRawRow({
      pivotValues: ['urn:li:sponsoredCampaignGroup:12'],
      dateRange: { start: { year: '2026', month: '1', day: '5' } },
      impressions: '3',
      clicks: '0',
      costInLocalCurrency: '-2E-18',
      externalWebsiteConversions: '2',
      oneClickLeads: '1',
    })
    expect([row['date'], row['campaignGroupId'], row['costInLocalCurrency']]).toEqual(['2026-01-05', '12', '-2E-18'])
    const [fact] = unifyRows([row], linkedinMapping, { currency: 'EUR' as never })
    expect([fact?.conversions, fact?.cost, fact?.currency]).toEqual(['3', '-0.000000000000000002', 'EUR'])
  })
})

describe('errors by their bodies', () => {
  const bodies: readonly (readonly [status: number, body: object, expected: string, waitMs?: number])[] = [
    [401, { code: 'EXPIRED_ACCESS_TOKEN', serviceErrorCode: 65602, message: 'has expired' }, 'CONNECTORS_AUTH_EXPIRED'],
    [401, { code: 'REVOKED_ACCESS_TOKEN', serviceErrorCode: 65601, message: 'revoked' }, 'CONNECTORS_AUTH_REVOKED'],
    [401, { serviceErrorCode: 65602, message: 'expired' }, 'CONNECTORS_AUTH_EXPIRED'],
    [401, { code: 'EMPTY_ACCESS_TOKEN', message: 'Empty oauth2 access token' }, 'CONNECTORS_AUTH_MISSING'],
    [403, { code: 'ACCESS_DENIED', serviceErrorCode: 100, message: 'Not enough permissions' }, 'CONNECTORS_PERMISSION'],
    [
      426,
      { code: 'NONEXISTENT_VERSION', message: 'Requested version 20230101 is not active' },
      'CONNECTORS_VERSION_SUNSET',
    ],
    [429, { serviceErrorCode: 101, message: 'Resource level throttle limit is reached.' }, 'CONNECTORS_QUOTA', 60_000],
    [429, { message: 'Resource level throttle APPLICATION DAY limit is reached.' }, 'CONNECTORS_QUOTA', 7_200_000],
    [429, {}, 'CONNECTORS_QUOTA', 60_000],
    [400, { code: 'ILLEGAL_ARGUMENT', message: 'Invalid field: clics' }, 'CONNECTORS_SCHEMA_DRIFT'],
    [400, { code: 'ILLEGAL_ARGUMENT', message: 'Unknown pivot X' }, 'CONNECTORS_BAD_REQUEST'],
    [500, { code: 'INTERNAL_SERVER_ERROR', message: 'Internal Server Error' }, 'CONNECTORS_TRANSIENT'],
    [504, { code: 'GATEWAY_TIMEOUT', message: 'Gateway Timeout' }, 'CONNECTORS_TRANSIENT'],
  ]

  test.for(bodies)('HTTP %i %o is %s', ([status, body, expected, waitMs]) => {
    const error = classifyLinkedin({ status, headers: new Headers(), body, account: '1', nowMs }, '202610')
    expect([error?.code, error?.retryAfterMs]).toEqual([expected, waitMs])
  })
})

describe('access tokens', () => {
  test('one that expired is renewed, and the new one is waited for until LinkedIn knows it', async () => {
    const { sandbox } = await openSandbox()
    await using running = sandbox
    const connector = openLinkedinAds(adapter.options.parse(running.connections.linkedin_ads))
    running.scenario({ faults: [{ kind: 'token_expired', route: 'linkedin', nth: 1 }] })
    const context = testContext(nowMs)
    expect((await connector.discover(context)).length).toBe(3)
    expect(context.waitsMs).toEqual([10_000])
    expect((await connector.discover(context)).length).toBe(3)
    expect(running.quota().requests['linkedin.token']).toBe(1)
    expect(JSON.stringify(context.logged)).not.toContain(running.connections.linkedin_ads['refreshToken'])
  })

  test('without any the connection says what it takes', async () => {
    const connector = openLinkedinAds(adapter.options.parse({ baseUrl: 'http://127.0.0.1:1' }))
    const error = await errorOf(connector.discover(testContext(systemClock.nowMs())))
    expect([error.code, error.facts['detail']]).toEqual([
      'CONNECTORS_AUTH_MISSING',
      expect.stringContaining('refreshToken'),
    ])
  })

  test('configured accounts may be written as urns; one that is out of reach is told and left out', async () => {
    const { sandbox } = await openSandbox()
    await using running = sandbox
    const [reachable] = running.accounts
    const accounts = [`urn:li:sponsoredAccount:${reachable!.accountId}`, '999']
    const given = { ...bare(running.connections.linkedin_ads), accounts }
    const connector = openLinkedinAds(adapter.options.parse(given))
    const told: string[] = []
    expect(await connector.discover(testContext(nowMs), (id, error) => told.push(`${id} ${error.code}`))).toEqual([
      reachable,
    ])
    expect(told).toEqual(['999 CONNECTORS_PERMISSION'])
  })
})
