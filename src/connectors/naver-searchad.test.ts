import { describe, expect, test } from 'vitest'
import { day } from '../domain/day.ts'
import { addDecimals, decimal, zero } from '../domain/decimal.ts'
import type { RemoteJob } from '../domain/remote-job.ts'
import type { Sandbox, SandboxOptions } from '../sandbox/sandbox.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import type { Fault } from '../sandbox/scenario.ts'
import { conservationProperty } from './conservation.fixture.ts'
import type { RemoteJobs } from './connector.ts'
import type { ConnectorRig } from './connector.contract.ts'
import { connectorContract, errorOf, receive, testContext } from './connector.contract.ts'
import { adapter, openNaverSearchAd } from './naver-searchad.ts'

const nowMs = Date.parse('2026-11-22T03:00:00Z')
const range = { since: day('2026-11-17'), until: day('2026-11-19') }

async function openSandbox(options: Partial<SandboxOptions> = {}, given: object = {}) {
  const sandbox = await startSandbox({ seed: 20261122, nowMs, world: { platforms: ['naver_searchad'] }, ...options })
  const parsed = adapter.options.parse({ ...sandbox.connections.naver_searchad, ...given })
  return { sandbox, connector: openNaverSearchAd(parsed) }
}

async function openRig(): Promise<ConnectorRig> {
  const { sandbox, connector } = await openSandbox()
  const { apiKey = '', secretKey = '' } = sandbox.connections.naver_searchad
  return {
    connector,
    nowMs,
    range,
    secrets: [apiKey, secretKey],
    truth: (account, date) =>
      sandbox
        .truth('naver_searchad', account.accountId, date, sandbox.nowMs())
        .map(({ campaignId: entityId, impressions, clicks, cost, conversions }) => ({
          entityId,
          date,
          impressions,
          clicks,
          cost,
          conversions,
        })),
    platform: {
      metrics: 'naver.download',
      field: 'clicks',
      faults: (faults) => sandbox.scenario({ faults }),
      advance: (durationMs) => sandbox.setClock(sandbox.nowMs() + durationMs),
      without: {
        token_expired: 'a license has no end',
        version_sunset: 'the addresses have no version',
      },
    },
    [Symbol.asyncDispose]: () => sandbox.stop(),
  }
}

connectorContract('naver_searchad', openRig)

conservationProperty(openRig, {
  routes: ['naver.campaigns', 'naver.submit', 'naver.report', 'naver.download', 'naver.forget', 'naver.stats'],
  kinds: [
    'missing_rows',
    'duplicate_page',
    'empty_page',
    'wrong_control_total',
    'account_suspended',
    'job_failed',
    'job_stuck',
    'job_unseen',
  ],
})

/** Reads the first account under the faults; gives the calls that were made then. */
async function readUnder(faults: readonly Fault[], given: object = {}, options: Partial<SandboxOptions> = {}) {
  const { sandbox, connector } = await openSandbox(options, given)
  await using running = sandbox
  const context = testContext(running.nowMs())
  const [account] = await connector.discover(context)
  running.scenario({ faults })
  const from = running.log().length
  const work = receive(connector, account!, range, context)
  const outcome = await work.then(
    (read) => ({ read, error: undefined }),
    () => ({ read: undefined, error: errorOf(work) }),
  )
  return { ...outcome, error: await outcome.error, calls: running.log().slice(from), context, sandbox: running }
}

const countOf = (calls: ReturnType<Sandbox['log']>, route: string) => calls.filter((one) => one.route === route).length

describe('reports', () => {
  test('two for every day, each asked for once, read once and then forgotten', async () => {
    const { calls, read } = await readUnder([])
    expect(countOf(calls, 'naver.submit')).toBe(6)
    expect(countOf(calls, 'naver.download')).toBe(6)
    expect(countOf(calls, 'naver.forget')).toBe(6)
    expect(read?.result.operations).toBe(calls.length)
  })

  test('one that ended as ERROR is known at the next look and asked for again', async () => {
    const { calls, read, context } = await readUnder([{ kind: 'job_failed', route: 'naver.submit', nth: 1 }])
    const clean = await readUnder([])
    expect(read?.received.rows).toEqual(clean.read?.received.rows)
    expect(countOf(calls, 'naver.submit')).toBe(7)
    // The looks at it: at once, and after 1 and 1.5 seconds, when the fake has it fail.
    expect(context.waitsMs.slice(0, 2)).toEqual([1_000, 1_500])
  })

  test('NONE is a day without rows, not an error', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    const context = testContext(nowMs)
    const [account] = await connector.discover(context)
    running.scenario({ faults: [{ kind: 'withdrawn_campaign' }] })
    const { received, result } = await receive(connector, account!, range, context)
    expect([received.rows, result.rows]).toEqual([[], 0])
    expect(result.controlTotals).toEqual({ impressions: '0', clicks: '0', conversions: '0' })
    expect(countOf(running.log(), 'naver.download')).toBe(0)
  })

  test('a day that is still added up is left for later, with the time to come back', async () => {
    // Half past midnight in Seoul: the 21st is over and not added up.
    const atMs = Date.parse('2026-11-21T15:30:00Z')
    const { sandbox, connector } = await openSandbox({ nowMs: atMs })
    await using _ = sandbox
    const context = testContext(atMs)
    const [account] = await connector.discover(context)
    const days = { since: day('2026-11-21'), until: day('2026-11-21') }
    const error = await errorOf(receive(connector, account!, days, context))
    expect([error.code, error.retryAfterMs]).toEqual(['CONNECTORS_NOT_READY', 600_000])
    expect(error.retryable).toBe(true)
  })

  test('one that never gets done is given up and asked for again, three times in all', async () => {
    const { calls, error } = await readUnder([{ kind: 'job_stuck', route: 'naver.submit', from: 1 }])
    expect(error?.code).toBe('CONNECTORS_TRANSIENT')
    expect(countOf(calls, 'naver.submit')).toBe(6 + 2)
  })

  test('one that an earlier process asked for is waited for instead of asked for again', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    const kept = new Map<string, RemoteJob>()
    const remoteJobs: RemoteJobs = {
      find: ({ question }) => Promise.resolve(kept.get(question)),
      keep: (job) => Promise.resolve(void kept.set(job.question, job)),
      forget: (job) => Promise.resolve(void kept.delete(job.question)),
    }
    const context = testContext(nowMs, { remoteJobs })
    const [account] = await connector.discover(context)
    running.scenario({ faults: [{ kind: 'token_revoked', route: 'naver.download', from: 1 }] })
    await errorOf(receive(connector, account!, range, context))
    expect(kept.size).toBe(6)
    running.scenario({ faults: [] })
    await receive(connector, account!, range, context)
    expect(countOf(running.log(), 'naver.submit')).toBe(6)
    expect(kept.size).toBe(0)
  })

  test('the address of a report is not followed to another host, and its token is told to no one', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    const seen: string[] = []
    const elsewhere: typeof fetch = async (input, init) => {
      const url = input instanceof Request ? input.url : input.toString()
      seen.push(url)
      const response = await fetch(input, init)
      if (!url.includes('stat-reports') || init?.method !== 'GET') return response
      const text = (await response.text()).replaceAll(running.url, 'http://192.0.2.1')
      return new Response(text, { status: response.status, headers: response.headers })
    }
    const context = testContext(nowMs, { fetch: elsewhere })
    const [account] = await connector.discover(context)
    await receive(connector, account!, range, context)
    expect(seen.filter((url) => !url.startsWith(running.url))).toEqual([])
    running.scenario({ faults: [{ kind: 'permission_lost', route: 'naver.download', from: 1 }] })
    const error = await errorOf(receive(connector, account!, range, context))
    expect(JSON.stringify([error, context.logged])).not.toMatch(/authtoken/)
  })
})

describe('cost', () => {
  test('is the reports’ own, without VAT; what /stats sums with VAT is never taken for it', async () => {
    const { read, sandbox } = await readUnder([])
    const [account] = sandbox.accounts
    const cost = (read?.received.rows ?? []).reduce(
      (sum, row) => addDecimals(sum, decimal(row['net_cost'] ?? '0')),
      zero,
    )
    const days = [day('2026-11-17'), day('2026-11-18'), day('2026-11-19')]
    const truth = days.flatMap((date) => sandbox.truth('naver_searchad', account!.accountId, date, nowMs))
    expect(cost).toBe(truth.reduce((sum, row) => addDecimals(sum, row.cost), zero))
    expect(read?.result.controlTotals).not.toHaveProperty('cost')
  })

  test('a connection that says the wrong basis is told so instead of publishing a tenth too little', async () => {
    const { error } = await readUnder([], { costBasis: 'gross' })
    expect(error?.code).toBe('CONNECTORS_SCHEMA_DRIFT')
    expect(error?.facts['detail']).toContain('set costBasis to net')
  })
})

describe('accounts', () => {
  test('are the customers that the license manages, in won and days of Seoul', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    expect(await connector.discover(testContext(nowMs))).toEqual(running.accounts)
    expect(new Set(running.accounts.map(({ currency, zone }) => `${currency} ${zone}`))).toEqual(
      new Set(['KRW Asia/Seoul']),
    )
  })

  test('without others that it manages, are the license’s own', async () => {
    const { sandbox } = await openSandbox()
    await using running = sandbox
    const [own] = running.accounts
    const refused: typeof fetch = (input, init) =>
      (input instanceof Request ? input.url : input.toString()).includes('/customer-links')
        ? Promise.resolve(Response.json({ code: 1018, message: '접근 권한이 없습니다.' }, { status: 403 }))
        : fetch(input, init)
    const given = { ...running.connections.naver_searchad, customerId: own!.accountId }
    const connector = openNaverSearchAd(adapter.options.parse(given))
    const context = testContext(nowMs, { fetch: refused })
    expect(await connector.discover(context)).toEqual([{ ...own, name: own!.accountId }])
  })

  test('one that is configured and out of reach is told and left out', async () => {
    const { sandbox } = await openSandbox()
    await using running = sandbox
    const [first] = running.accounts
    const accounts = [first!.accountId, '999']
    const connector = openNaverSearchAd(adapter.options.parse({ ...running.connections.naver_searchad, accounts }))
    const told: string[] = []
    expect(await connector.discover(testContext(nowMs), (id, error) => told.push(`${id} ${error.code}`))).toEqual([
      first,
    ])
    expect(told).toEqual(['999 CONNECTORS_PERMISSION'])
  })

  test('a deleted campaign that spent is observed by its id', async () => {
    const wide = { since: day('2026-10-01'), until: day('2026-10-10') }
    const { sandbox, connector } = await openSandbox()
    await using _ = sandbox
    const context = testContext(nowMs)
    for (const account of await connector.discover(context)) {
      const { received } = await receive(connector, account, wide, context)
      const withRows = new Set(received.rows.map((row) => row['campaign_id']))
      const seen = new Set(received.entities.map((one) => one.entityId))
      expect([...withRows].filter((id) => !seen.has(id ?? ''))).toEqual([])
    }
  })
})
