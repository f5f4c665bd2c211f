import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { AdAccount } from '../domain/account.ts'
import { day, timeZone } from '../domain/day.ts'
import { currency } from '../domain/money.ts'
import { startSandboxProcess } from '../sandbox/process.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import type { ConservationOf } from './conservation.fixture.ts'
import { conservationProperty } from './conservation.fixture.ts'
import type { ConnectorRig } from './connector.contract.ts'
import { connectorContract, errorOf, receive, sliceOf, testContext } from './connector.contract.ts'
import { adapter, openGoogleAds } from './google-ads.ts'

const nowMs = Date.parse('2026-11-22T12:00:00Z')
const range = { since: day('2026-11-10'), until: day('2026-11-19') }

async function openSandbox(world?: Parameters<typeof startSandbox>[0]['world']) {
  const sandbox = await startSandbox({ seed: 20261122, nowMs, ...(world && { world }) })
  const options = adapter.options.parse({
    baseUrl: sandbox.googleAdsUrl,
    oauthUrl: sandbox.googleOauthUrl,
    ...sandbox.credentials,
  })
  return { sandbox, options, connector: openGoogleAds(options) }
}

async function openRig(): Promise<ConnectorRig> {
  const { sandbox, connector } = await openSandbox()
  const { clientSecret, refreshToken } = sandbox.credentials
  return {
    connector,
    nowMs,
    range,
    secrets: [clientSecret, refreshToken, 'ya29.'],
    truth: (account, date) =>
      sandbox
        .truth('google_ads', account.accountId, date, sandbox.nowMs())
        .map(({ campaignId, impressions, clicks, cost, conversions }) => ({
          entityId: campaignId,
          date,
          impressions,
          clicks,
          cost,
          conversions,
        })),
    platform: {
      metrics: 'google.stream',
      field: 'metrics.clicks',
      faults: (faults) => sandbox.scenario({ faults }),
      advance: (durationMs) => sandbox.setClock(sandbox.nowMs() + durationMs),
    },
    [Symbol.asyncDispose]: () => sandbox.stop(),
  }
}

connectorContract('google_ads', openRig)

const faulty = {
  routes: ['google.stream'],
  kinds: ['missing_rows', 'duplicate_page', 'wrong_control_total', 'account_suspended', 'permission_lost'],
} as const satisfies ConservationOf
conservationProperty(openRig, faulty)
conservationProperty(openRig, { ...faulty, levels: ['ad_group', 'asset_group'] })
conservationProperty(openRig, { ...faulty, levels: ['ad', 'asset_group'] })

test('an ad that stands in two ad groups is two rows of two keys, and both are below their groups', async () => {
  await using rig = await openRig()
  const context = testContext(nowMs)
  const accounts = await rig.connector.discover(context)
  const read = await Promise.all(accounts.map((one) => receive(rig.connector, one, range, context, 'ad')))
  const rows = read.flatMap(({ received }) => received.rows)
  const groups = Map.groupBy(rows, (row) => row['ad_group_ad_ad_id'])
  const shared = [...groups.values()].filter((own) => new Set(own.map((row) => row['ad_group_id'])).size > 1)
  expect(shared.length).toBeGreaterThan(0)
  for (const [first] of shared)
    expect(first!['ad_group_ad_key']).toBe(`${first!['ad_group_id']}~${first!['ad_group_ad_ad_id']}`)
  const entities = read.flatMap(({ received }) => received.entities)
  const groupIds = new Set(entities.filter(({ level }) => level === 'ad_group').map(({ entityId }) => entityId))
  const ads = entities.filter(({ level }) => level === 'ad')
  expect(ads.length).toBeGreaterThan(groupIds.size)
  expect(ads.filter(({ parentId }) => !groupIds.has(parentId ?? ''))).toEqual([])
})

test('a month of an account is one operation', async () => {
  const { sandbox, connector } = await openSandbox()
  await using running = sandbox
  const context = testContext(nowMs)
  const [account] = await connector.discover(context)
  const before = running.quota().googleOperations
  const month = { since: day('2026-10-20'), until: day('2026-11-18') }
  const { result } = await receive(connector, account!, month, context)
  expect(result.operations).toBe(1)
  expect(running.quota().googleOperations - before).toBe(1)
  expect(result.requestIds.length).toBe(1)
})

describe('accounts', () => {
  test('those below the manager are reached, the manager is left out; a suspended one stays, so that its failure is seen', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    const google = running.accounts.filter((one) => one.platform === 'google_ads')
    running.scenario({ faults: [{ kind: 'account_suspended', account: google[0]!.accountId }] })
    expect(await connector.discover(testContext(nowMs))).toEqual(google)
  })

  test('without a manager configured the directly reached customers are asked, and what lies below them is reached through them', async () => {
    const { sandbox, options } = await openSandbox()
    await using running = sandbox
    const connector = openGoogleAds({ ...options, loginCustomerId: undefined })
    const context = testContext(nowMs)
    const [account] = await connector.discover(context)
    const { received } = await receive(connector, account!, range, context)
    expect(received.rows.length).toBeGreaterThan(0)
    expect(running.quota().requests['google.accessible']).toBe(1)
  })

  test('a configured manager, and an account that is not there, are told by name and left out', async () => {
    const { sandbox, options } = await openSandbox()
    await using running = sandbox
    const google = running.accounts.find((one) => one.platform === 'google_ads')!
    const manager = running.credentials.loginCustomerId
    const connector = openGoogleAds({ ...options, accounts: [manager, google.accountId, '999'] })
    const told: string[] = []
    const found = await connector.discover(testContext(nowMs), (id, error) => told.push(`${id} ${error.code}`))
    expect(found).toEqual([google])
    expect(told).toEqual([`${manager} CONNECTORS_MANAGER_ACCOUNT`, '999 CONNECTORS_PERMISSION'])
    expect((await errorOf(connector.discover(testContext(nowMs)))).code).toBe('CONNECTORS_MANAGER_ACCOUNT')
  })

  test('customer ids may be written with dashes', () => {
    const given = {
      clientId: 'abcdefgh',
      clientSecret: 'secretsecret',
      refreshToken: '1//refresh',
      accounts: ['123-456-7890'],
    }
    expect(adapter.options.parse(given).accounts).toEqual(['1234567890'])
  })

  test('a secret with a line break is refused before it is sent, and not repeated in the message', () => {
    const given = { clientId: 'abcdefgh', clientSecret: 'secret\nsecret', refreshToken: '1//refresh' }
    const { error } = adapter.options.safeParse(given)
    expect(error?.message).toContain('must be one line without spaces')
    expect(error?.message).not.toContain('secret\\nsecret')
  })
})

describe('access tokens', () => {
  test('however many slices begin at once, one exchange is made', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    const context = testContext(nowMs)
    const accounts = running.accounts.filter((one) => one.platform === 'google_ads')
    await Promise.all(accounts.flatMap((one) => [1, 2, 3].map(() => receive(connector, one, range, context))))
    expect(running.quota().requests['google.token']).toBe(1)
  })

  test('a token is renewed before its end, at four fifths of its life', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    const context = testContext(nowMs)
    const account = running.accounts.find((one) => one.platform === 'google_ads')!
    await receive(connector, account, range, context)
    await context.clock.sleep(3599 * 1000 * 0.8 - 1)
    await receive(connector, account, range, context)
    expect(running.quota().requests['google.token']).toBe(1)
    await context.clock.sleep(1)
    await receive(connector, account, range, context)
    expect(running.quota().requests['google.token']).toBe(2)
  })

  test('one that dies early is replaced once by all who hold it, and their calls are made again', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    const context = testContext(nowMs)
    const accounts = running.accounts.filter((one) => one.platform === 'google_ads')
    await connector.discover(context)
    running.scenario({ faults: [{ kind: 'token_expired', route: 'google.stream', nth: 1 }] })
    const all = await Promise.all(accounts.map((one) => receive(connector, one, range, context)))
    for (const { received } of all) expect(received.rows.length).toBeGreaterThan(0)
    expect(running.quota().requests['google.token']).toBe(2)
    expect(context.waitsMs).toEqual([])
  })

  test('a revoked refresh token is CONNECTORS_AUTH_REVOKED, a wrong secret CONNECTORS_AUTH_MISSING', async () => {
    const { sandbox, options } = await openSandbox()
    await using running = sandbox
    const account = running.accounts.find((one) => one.platform === 'google_ads')!
    const read = (given: typeof options) => receive(openGoogleAds(given), account, range, testContext(nowMs))
    const revoked = await errorOf(read({ ...options, refreshToken: '1//another-token' }))
    expect([revoked.code, revoked.exitCode]).toEqual(['CONNECTORS_AUTH_REVOKED', 7])
    expect((await errorOf(read({ ...options, clientSecret: 'another-secret' }))).code).toBe('CONNECTORS_AUTH_MISSING')
  })

  test('a caller that gives up does not take the exchange away from the others', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    const account = running.accounts.find((one) => one.platform === 'google_ads')!
    running.scenario({ faults: [{ kind: 'latency', route: 'google.token', nth: 1, delayMs: 150 }] })
    const stop = new AbortController()
    const first = receive(connector, account, range, testContext(nowMs, { signal: stop.signal }))
    const second = receive(connector, account, range, testContext(nowMs))
    setTimeout(() => stop.abort(new Error('gone')), 30)
    await expect(first).rejects.toThrow('gone')
    expect((await second).received.rows.length).toBeGreaterThan(0)
  })
})

const account: AdAccount = {
  platform: 'google_ads',
  accountId: '4651612872',
  name: 'Own server',
  currency: currency('USD'),
  zone: timeZone('America/Los_Angeles'),
}

/** A Google that answers every query with these bytes, and may then drop the connection. */
async function serveStream(pieces: readonly string[], end: 'end' | 'drop' = 'end') {
  let queries = 0
  const server = createServer((request, response) => {
    request.resume()
    response.setHeader('content-type', 'application/json; charset=UTF-8')
    if (request.url === '/token') {
      response.end('{"access_token":"ya29.own-server","expires_in":3599}')
      return
    }
    queries += 1
    for (const piece of pieces) response.write(piece)
    if (end === 'end') response.end()
    else setTimeout(() => response.destroy(), 50)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const given = {
    baseUrl: url,
    oauthUrl: `${url}/token`,
    clientId: 'abcdefgh',
    clientSecret: 'secretsecret',
    refreshToken: '1//refresh',
  }
  return {
    connector: openGoogleAds(adapter.options.parse(given)),
    queries: () => queries,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const rowText = (id: string, metrics: string) =>
  `{"campaign":{"id":"${id}","name":"n"},"customer":{"currencyCode":"USD"},"metrics":${metrics},"segments":{"date":"2026-11-10"}}`

describe('the wire', () => {
  test('ids beyond 2^53 and doubles keep every digit', async () => {
    const metrics =
      '{"impressions":"9223372036854775807","clicks":"1","costMicros":"-10012","conversions":0.1000000000000000055,"conversionsValue":1e-7}'
    await using server = await serveStream([
      `[{"results":[${rowText('9007199254740993001', metrics)}],"requestId":"a"}]`,
    ])
    const { received } = await receive(server.connector, account, range, testContext(nowMs))
    expect(received.rows[0]).toMatchObject({
      campaign_id: '9007199254740993001',
      metrics_impressions: '9223372036854775807',
      metrics_cost_micros: '-10012',
      metrics_conversions: '0.1000000000000000055',
      metrics_conversions_value: '1e-7',
      metrics_video_trueview_views: null,
    })
  })

  test('an account without rows: results are absent, totals may be', async () => {
    await using server = await serveStream(['[{"fieldMask":"x","requestId":"r1"}]'])
    const { received, result } = await receive(server.connector, account, range, testContext(nowMs))
    expect(received.rows).toEqual([])
    expect(result).toMatchObject({ rows: 0, controlTotals: null, requestIds: ['r1'] })
  })

  test('an answer that breaks after rows were handed over is not begun again here: its caller must empty the sink first', async () => {
    const rows = Array.from({ length: 4_000 }, (_, index) => rowText(String(index), '{"impressions":"1"}')).join(',')
    await using server = await serveStream([`[{"results":[${rows},`], 'drop')
    const context = testContext(nowMs)
    const error = await errorOf(receive(server.connector, account, range, context))
    expect([error.code, error.retryable]).toEqual(['CONNECTORS_ANSWER_CUT', true])
    expect(server.queries()).toBe(1)
    expect(context.waitsMs).toEqual([])
  })

  test('an error in the middle of a stream is that error', async () => {
    const failure =
      '{"error":{"code":500,"message":"m","status":"INTERNAL","details":[{"errors":[{"errorCode":{"internalError":"DEADLINE_EXCEEDED"},"message":"late"}],"requestId":"r9"}]}}'
    await using server = await serveStream([`[{"results":[${rowText('1', '{}')}]},${failure}]`])
    const error = await errorOf(receive(server.connector, account, range, testContext(nowMs)))
    expect([error.code, error.facts['requestId']]).toEqual(['CONNECTORS_TRANSIENT', 'r9'])
  })

  test('a row without its campaign is schema drift, not a row of nobody', async () => {
    await using server = await serveStream([
      '[{"results":[{"metrics":{"clicks":"1"},"segments":{"date":"2026-11-10"}}]}]',
    ])
    const error = await errorOf(receive(server.connector, account, range, testContext(nowMs)))
    expect([error.code, error.facts['detail']]).toEqual(['CONNECTORS_SCHEMA_DRIFT', 'a row came without campaign.id'])
  })

  test('a budget that campaigns share is nobody’s own', async () => {
    const budget = (shared: boolean) => `,"campaignBudget":{"amountMicros":"5000000","explicitlyShared":${shared}}`
    const rows = [true, false].map((shared, index) => rowText(String(index), '{}').replace(/\}$/, `${budget(shared)}}`))
    await using server = await serveStream([`[{"results":[${rows.join(',')}]}]`])
    const { received } = await receive(server.connector, account, range, testContext(nowMs))
    expect(received.entities.map((one) => one.dailyBudget)).toEqual([null, '5'])
  })
})

test('an account of 200,000 campaign-days passes through without being held', { timeout: 120_000 }, async () => {
  await using running = await startSandboxProcess({
    seed: 5,
    nowMs,
    world: { bulk: { accounts: 1, campaigns: 2_000 } },
  })
  const given = { baseUrl: running.googleAdsUrl, oauthUrl: running.googleOauthUrl, ...running.credentials }
  const connector = openGoogleAds(adapter.options.parse(given))
  const context = testContext(nowMs)
  const [bulk] = await connector.discover(context)
  const startBytes = process.memoryUsage().rss
  let [rows, peakBytes] = [0, 0]
  const year = { since: day('2026-08-08'), until: day('2026-11-15') }
  await connector.extract(sliceOf(bulk!, year), bulk!, context, {
    rows: (batch) => {
      rows += batch.length
      peakBytes = Math.max(peakBytes, process.memoryUsage().rss - startBytes)
      return Promise.resolve()
    },
    entities: () => Promise.resolve(),
  })
  expect(rows).toBe(200_000)
  // The answer alone is 70 MB of text; as objects it is several times that.
  expect(peakBytes / 1e6).toBeLessThan(200)
})
