import { describe, expect, test } from 'vitest'
import type { Clock } from '../domain/clock.ts'
import { standingClock } from '../domain/clock.ts'
import { day } from '../domain/day.ts'
import type { SandboxOptions } from '../sandbox/sandbox.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { conservationProperty } from './conservation.fixture.ts'
import type { ConnectorRig } from './connector.contract.ts'
import { connectorContract, errorOf, receive, retryWaitsMs, testContext } from './connector.contract.ts'
import { adapter, openKakaoMoment } from './kakao-moment.ts'

const nowMs = Date.parse('2026-11-22T03:00:00Z')
const range = { since: day('2026-11-10'), until: day('2026-11-19') }

async function openSandbox(options: Partial<SandboxOptions> = {}, given: object = {}) {
  const sandbox = await startSandbox({ seed: 20261122, nowMs, world: { platforms: ['kakao_moment'] }, ...options })
  const parsed = adapter.options.parse({ ...sandbox.connections.kakao_moment, ...given })
  return { sandbox, connector: openKakaoMoment(parsed) }
}

async function openRig(): Promise<ConnectorRig> {
  const { sandbox, connector } = await openSandbox()
  return {
    connector,
    nowMs,
    range,
    secrets: [sandbox.connections.kakao_moment['accessToken'] ?? ''],
    truth: (account, date) =>
      sandbox
        .truth('kakao_moment', account.accountId, date, sandbox.nowMs())
        .map(({ campaignId: entityId, impressions, clicks, cost, conversions }) => ({
          entityId,
          date,
          impressions,
          clicks,
          cost,
          conversions,
        })),
    platform: {
      metrics: 'kakao.campaign_report',
      field: 'click',
      faults: (faults) => sandbox.scenario({ faults }),
      advance: (durationMs) => sandbox.setClock(sandbox.nowMs() + durationMs),
    },
    [Symbol.asyncDispose]: () => sandbox.stop(),
  }
}

connectorContract('kakao_moment', openRig)

conservationProperty(openRig, {
  routes: ['kakao.campaigns', 'kakao.campaign', 'kakao.account_report', 'kakao.campaign_report'],
  kinds: ['missing_rows', 'duplicate_page', 'empty_page', 'wrong_control_total', 'account_suspended'],
})

/** A sandbox whose clock is the one that the connector waits on: the five seconds are kept by the platform itself. */
async function openPaced(given: object = {}) {
  const clock = standingClock(nowMs)
  const sandbox = await startSandbox({ seed: 20261122, clock, world: { platforms: ['kakao_moment'] } })
  const connector = openKakaoMoment(adapter.options.parse({ ...sandbox.connections.kakao_moment, ...given }))
  const waits: number[] = []
  const counted: Clock = {
    nowMs: () => clock.nowMs(),
    sleep: (durationMs, signal) => {
      waits.push(durationMs)
      return clock.sleep(durationMs, signal)
    },
  }
  return { sandbox, connector, context: { ...testContext(nowMs), clock: counted }, waits, clock }
}

describe('one report in five seconds', () => {
  test('is kept to: no report is refused, and each is waited for before it is asked for', async () => {
    const { sandbox, connector, context, waits } = await openPaced()
    await using running = sandbox
    const [account] = await connector.discover(context)
    await receive(connector, account!, range, context)
    const reports = running.log().filter(({ route }) => /report/.test(route))
    expect(reports.length).toBeGreaterThan(2)
    expect(reports.filter(({ status }) => status !== 200)).toEqual([])
    expect(waits.length).toBe(reports.length - 1)
    const apartMs = reports.slice(1).map(({ atMs }, at) => atMs - reports[at]!.atMs)
    expect(Math.min(...apartMs)).toBeGreaterThanOrEqual(5_000)
  })

  test('holds from one account to the next, because they share the token', async () => {
    const { sandbox, connector, context } = await openPaced()
    await using running = sandbox
    for (const account of await connector.discover(context)) await receive(connector, account, range, context)
    expect(running.log().filter(({ status }) => status !== 200)).toEqual([])
  })

  test('a client that does not wait is refused with -10 in HTTP 400, and comes through after the wait', async () => {
    const { sandbox, connector, context } = await openPaced({ reportSpacingSeconds: 0 })
    await using running = sandbox
    const [account] = await connector.discover(context)
    const { received } = await receive(connector, account!, range, context)
    const refused = running.log().filter(({ status }) => status !== 200)
    expect(refused.length).toBeGreaterThan(0)
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([400]))
    expect(retryWaitsMs(context).every((waitMs) => waitMs >= 5_000)).toBe(true)
    expect(received.rows.length).toBeGreaterThan(0)
  })
})

describe('reports', () => {
  test('a month is one report for five campaigns, and paused and deleted ones are asked about only when something is missing', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    const context = testContext(nowMs)
    const [account] = await connector.discover(context)
    const asked = async (since: string, until: string) => {
      const from = running.log().length
      const { received, result } = await receive(connector, account!, { since: day(since), until: day(until) }, context)
      const reports = running
        .log()
        .slice(from)
        .filter(({ route }) => route === 'kakao.campaign_report')
      return {
        ids: reports.map(({ query }) => new URLSearchParams(query).get('campaignId')?.split(',') ?? []),
        received,
        result,
      }
    }
    const deleted = (received: { entities: readonly { status: string; entityId: string }[] }) =>
      new Set(received.entities.filter(({ status }) => status === 'removed').map(({ entityId }) => entityId))
    const results = [await asked('2026-10-20', '2026-11-19'), await asked('2026-11-18', '2026-11-19')]
    for (const { ids, received, result } of results) {
      expect(Math.max(...ids.map((some) => some.length))).toBeLessThanOrEqual(5)
      const gone = deleted(received)
      const spent = received.rows.some((row) => gone.has(row['campaign_id'] ?? ''))
      const asked = ids.flat().filter((id) => gone.has(id))
      expect(asked.length > 0).toBe(spent)
      // Dozens were deleted since the account began; the one that spent is among the newest.
      expect(asked.length).toBeLessThanOrEqual(5)
      expect(result.rows).toBe(received.rows.length)
    }
  })

  test('cost is the supply price as it came, and days without anything are no rows', async () => {
    const { sandbox, connector } = await openSandbox()
    await using _ = sandbox
    const context = testContext(nowMs)
    const [account] = await connector.discover(context)
    const { received } = await receive(connector, account!, range, context)
    expect(received.rows.every((row) => /^\d+\.0$/.test(row['cost'] ?? ''))).toBe(true)
    expect(received.rows.filter((row) => row['imp'] === '0')).toEqual([])
  })

  test('the window of conversions is the connection’s', async () => {
    const open = async (conversionWindow: string) => {
      const { sandbox, connector } = await openSandbox({}, { conversionWindow })
      await using _ = sandbox
      const context = testContext(nowMs)
      const [account] = await connector.discover(context)
      const { received, result } = await receive(connector, account!, range, context)
      const bought = received.rows.map((row) => Number(row[`conv_purchase_${conversionWindow}`] ?? 0))
      expect(Number(result.controlTotals?.conversions)).toBe(bought.reduce((sum, one) => sum + one, 0))
      return result.controlTotals?.conversions ?? '0'
    }
    const [day1, week] = [Number(await open('1d')), Number(await open('7d'))]
    expect(day1).toBeGreaterThan(0)
    expect(week).toBeGreaterThan(day1)
  })
})

describe('accounts', () => {
  test('are listed page by page; one that is configured and out of reach is told and left out', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    expect(await connector.discover(testContext(nowMs))).toEqual(running.accounts)
    const [first] = running.accounts
    const accounts = [first!.accountId, '999']
    const some = openKakaoMoment(adapter.options.parse({ ...running.connections.kakao_moment, accounts }))
    const told: string[] = []
    expect(await some.discover(testContext(nowMs), (id, error) => told.push(`${id} ${error.code}`))).toEqual([first])
    expect(told).toEqual(['999 CONNECTORS_PERMISSION'])
    expect((await errorOf(some.discover(testContext(nowMs)))).code).toBe('CONNECTORS_PERMISSION')
  })
})
