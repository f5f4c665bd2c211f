import { expect, test } from 'vitest'
import { adapters } from '../adapters.ts'
import { day } from '../domain/day.ts'
import { readUtm } from '../domain/url-tags.ts'
import { connectionsAt } from '../sandbox/connections.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import type { Connector } from './connector.ts'
import { receive, testContext } from './connector.contract.ts'

const nowMs = Date.parse('2026-11-22T12:00:00Z')
const range = { since: day('2026-11-18'), until: day('2026-11-18') }

const sources = {
  google_ads: 'google',
  meta_ads: 'facebook',
  tiktok_ads: 'tiktok',
  microsoft_ads: 'bing',
  naver_searchad: 'naver',
} as const

/** The advertiser of the sandbox has given parameters to eight of nine standing campaigns, in each platform's own placeholders. */
test('addresses of campaigns are read where the platform tells them of campaigns, and lead back with macros expanded', async () => {
  const platforms = Object.keys(sources) as (keyof typeof sources)[]
  await using sandbox = await startSandbox({ seed: 20261122, nowMs, world: { platforms } })
  const connections = connectionsAt(sandbox.url, sandbox.credentials)
  for (const platform of platforms) {
    const { adapter } = await adapters.connector[platform]()
    const connector: Connector = await adapter.open(adapter.options.parse(connections[platform]) as never)
    const context = testContext(nowMs)
    const [account] = await connector.discover(context)
    const { received } = await receive(connector, account!, range, context)
    const readings = received.entities.flatMap(
      ({ urls, entityId: campaignId, name: campaignName }) =>
        readUtm(platform, urls, { campaignId, campaignName }) ?? [],
    )
    const resolved = readings.filter((one) => one.isResolved)
    expect({ platform, sources: new Set(resolved.map((one) => one.parameters['utm_source'])) }).toEqual({
      platform,
      sources: new Set([sources[platform]]),
    })
    const untold = readings.filter((one) => !one.isResolved && Object.keys(one.parameters).length === 0)
    expect(resolved.length).toBeGreaterThanOrEqual(5)
    expect(untold.length).toBeGreaterThanOrEqual(1)
    expect(readings.flatMap((one) => one.unknown)).toEqual([])
  }
})
