import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadAdapter } from '../src/config-check.ts'
import type { Connector } from '../src/connectors/connector.ts'
import { planSlices } from '../src/connectors/connector.ts'
import { receive, testContext } from '../src/connectors/connector.contract.ts'
import { addDays, day, daysOf } from '../src/domain/day.ts'
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

const costs: Readonly<Partial<Record<SandboxPlatform, Readonly<Partial<Record<Route, number>>>>>> = {
  google_ads: { 'google.stream': 1 },
  meta_ads: { 'meta.insights': 1 },
  tiktok_ads: { 'tiktok.report': 1 },
  linkedin_ads: { 'linkedin.analytics': 2 },
  microsoft_ads: { 'microsoft.submit': 1, 'microsoft.download': 1 },
}

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 3, nowMs, world: { platforms: sandboxPlatforms } })
})
afterAll(() => sandbox.stop())

describe('thirty days of one account', () => {
  test.for(Object.entries(costs) as readonly (readonly [SandboxPlatform, Readonly<Record<string, number>>])[])(
    'at %s are one slice and cost %o',
    async ([platform, expected]) => {
      const adapter = await loadAdapter('connector', platform)
      const connector = (await adapter.open(adapter.options.parse(sandbox.connections[platform]))) as Connector
      const context = testContext(nowMs)
      const [account] = await connector.discover(context)
      const asked = { account: account!, level: 'campaign', days: daysOf(range), kind: 'advance' } as const
      const slices = planSlices(connector.spec, asked, (one) => addDays(one, 1))
      expect(slices.map(({ since, until }) => ({ since, until }))).toEqual([range])
      const from = sandbox.log().length
      const { received } = await receive(connector, account!, range, context)
      expect(received.rows.length).toBeGreaterThan(150)
      const calls = sandbox.log().slice(from)
      const counted = Object.keys(expected).map((route) => [route, calls.filter((one) => one.route === route).length])
      expect(Object.fromEntries(counted)).toEqual(expected)
    },
  )
})
