import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadAdapter } from '../src/config-check.ts'
import type { Connector } from '../src/connectors/connector.ts'
import { planSlices } from '../src/connectors/connector.ts'
import { receive, testContext } from '../src/connectors/connector.contract.ts'
import { addDays, day, daysOf } from '../src/domain/day.ts'
import type { Level } from '../src/domain/platform.ts'
import type { Sandbox } from '../src/sandbox/sandbox.ts'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import type { Route, SandboxPlatform } from '../src/sandbox/shapes.ts'
import { sandboxPlatforms } from '../src/sandbox/shapes.ts'

/*
 * What thirty days of an account cost in calls that bring numbers, counted by the fakes. Others ask for a day at a time (Singer and
 * OWOX: 30 at Google). Where a platform takes a range, one call is a range; the second at LinkedIn is its control total, and Naver
 * has reports of single days only, Kakao reports of five campaigns.
 */
const nowMs = Date.parse('2026-11-22T12:00:00Z')
const range = { since: day('2026-10-22'), until: day('2026-11-20') }

interface Cost {
  readonly level?: Level
  /** Platforms that work at a report a day are left to it for ten days at a time. */
  readonly slices?: number
  readonly calls: Readonly<Partial<Record<Route, number>>>
}

const costs: readonly (readonly [SandboxPlatform, Cost])[] = [
  ['google_ads', { calls: { 'google.stream': 1 } }],
  ['google_ads', { level: 'ad', calls: { 'google.stream': 1 } }],
  ['google_ads', { level: 'asset_group', calls: { 'google.stream': 1 } }],
  ['meta_ads', { calls: { 'meta.insights': 1 } }],
  ['meta_ads', { level: 'ad_group', calls: { 'meta.insights': 1 } }],
  ['tiktok_ads', { calls: { 'tiktok.report': 1 } }],
  ['linkedin_ads', { calls: { 'linkedin.analytics': 2 } }],
  ['microsoft_ads', { calls: { 'microsoft.submit': 1, 'microsoft.download': 1 } }],
  ['naver_searchad', { slices: 3, calls: { 'naver.submit': 60, 'naver.download': 60, 'naver.stats': 3 } }],
  ['kakao_moment', { calls: { 'kakao.campaign_report': 3, 'kakao.account_report': 1 } }],
]

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 3, nowMs, world: { platforms: sandboxPlatforms } })
})
afterAll(() => sandbox.stop())

describe('thirty days of one account', () => {
  test.for(costs)(
    'at %s cost %o',
    async ([platform, { level = 'campaign', slices: slicesExpected = 1, calls: expected }]) => {
      const adapter = await loadAdapter('connector', platform)
      const connector = (await adapter.open(adapter.options.parse(sandbox.connections[platform]))) as Connector
      const context = testContext(nowMs)
      const [account] = await connector.discover(context)
      const asked = { account: account!, level, days: daysOf(range), kind: 'advance' } as const
      const slices = planSlices(connector.spec, asked, (one) => addDays(one, 1))
      expect(slices.length).toBe(slicesExpected)
      expect([slices[0]?.since, slices.at(-1)?.until]).toEqual([range.since, range.until])
      const from = sandbox.log().length
      let rows = 0
      for (const slice of slices)
        rows += (await receive(connector, account!, slice, context, level)).received.rows.length
      expect(rows).toBeGreaterThan(level === 'asset_group' ? 25 : 150)
      const calls = sandbox.log().slice(from)
      const counted = Object.keys(expected).map((route) => [route, calls.filter((one) => one.route === route).length])
      expect(Object.fromEntries(counted)).toEqual(expected)
    },
  )
})
