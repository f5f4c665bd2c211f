import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { adapter as google } from './google-ads.ts'
import { adapter as meta } from './meta-ads.ts'
import { receive, testContext } from './connector.contract.ts'
import type { RecordsFile } from './recorded.fixture.ts'
import { recordedDir, recordedMissing, recordedStreams, serveRecorded } from './recorded.fixture.ts'

/*
 * Records of live accounts, written by other people's connector, go over the wire of the platform through ours. The sums are made
 * here a second time, in whole millionths, so that the server's own sums are not their own judge.
 */
const nowMs = Date.parse('2022-06-05T12:00:00Z')

/** Sums of a stream by campaign, day and metric, in millionths. */
function sumsOf(recordsFile: RecordsFile, stream: string, metrics: readonly string[], keys: readonly [string, string]) {
  const sums = new Map<string, bigint>()
  for (const line of readFileSync(join(recordedDir, recordsFile), 'utf8').split('\n').filter(Boolean)) {
    const quoted = line.replaceAll(/(": ?)(-?\d+(?:\.\d+)?)(?=[,}])/g, '$1"$2"')
    const record = JSON.parse(quoted) as { stream: string; data: Record<string, string> }
    if (record.stream !== stream) continue
    for (const metric of metrics) {
      const key = `${record.data[keys[0]]} ${record.data[keys[1]]} ${metric}`
      const millionths = BigInt(Math.round(Number(record.data[metric] ?? '0') * 1e6))
      sums.set(key, (sums.get(key) ?? 0n) + millionths)
    }
  }
  return sums
}

const millionths = (text: string | null | undefined) => BigInt(Math.round(Number(text ?? '0') * 1e6))

const googleMetrics = {
  'metrics.impressions': 'metrics_impressions',
  'metrics.clicks': 'metrics_clicks',
  'metrics.cost_micros': 'metrics_cost_micros',
  'metrics.conversions': 'metrics_conversions',
  'metrics.conversions_value': 'metrics_conversions_value',
} as const

test('Google: every metric of every campaign and day is the sum of its records, for each stream', async ({ skip }) => {
  const recordsFile = 'google_ads_records.jsonl'
  const missing = recordedMissing(recordsFile)
  skip(missing !== undefined, missing)
  const streams = recordedStreams(recordsFile)
  expect(streams.toSorted()).toEqual([
    'ad_group_ad_report',
    'campaigns',
    'display_keyword_performance_report',
    'user_location_report',
  ])
  for (const stream of streams) {
    await using server = await serveRecorded({ recordsFile, stream })
    const credentials = {
      clientId: 'recorded-client',
      clientSecret: 'recorded-secret',
      refreshToken: 'recorded-refresh',
    }
    const connector = await google.open(
      google.options.parse({ baseUrl: server.url, oauthUrl: server.oauthUrl, ...credentials }),
    )
    const context = testContext(nowMs)
    const [account] = await connector.discover(context)
    expect(account).toEqual(server.account)
    const { received, result } = await receive(connector, account!, server.range, context)
    const sums = sumsOf(recordsFile, stream, Object.keys(googleMetrics), ['campaign.id', 'segments.date'])
    const seen = received.rows.flatMap((row) =>
      Object.entries(googleMetrics).map(
        ([metric, column]) =>
          [`${row['campaign_id']} ${row['segments_date']} ${metric}`, millionths(row[column])] as const,
      ),
    )
    expect(new Map(seen)).toEqual(sums)
    expect(seen.length).toBe(sums.size)
    const impressions = received.rows.reduce((total, row) => total + BigInt(row['metrics_impressions'] ?? 0), 0n)
    expect(result.controlTotals?.impressions).toBe(String(impressions))
  }
})

test('Meta: every metric of every campaign and day is the sum of its records, absent ones are zero', async ({
  skip,
}) => {
  const recordsFile = 'meta_ads_records.jsonl'
  const missing = recordedMissing(recordsFile)
  skip(missing !== undefined, missing)
  const metrics = ['impressions', 'clicks', 'inline_link_clicks', 'spend'] as const
  const streams = recordedStreams(recordsFile)
  expect(streams.toSorted()).toEqual(['ads_insights', 'ads_insights_action_type', 'ads_insights_country'])
  for (const stream of streams) {
    await using server = await serveRecorded({ recordsFile, stream })
    const connector = await meta.open(meta.options.parse({ baseUrl: server.url, accessToken: 'recorded-token' }))
    const context = testContext(nowMs)
    const [account] = await connector.discover(context)
    const { received } = await receive(connector, account!, server.range, context)
    const sums = sumsOf(recordsFile, stream, metrics, ['campaign_id', 'date_start'])
    const seen = received.rows.flatMap((row) =>
      metrics.map(
        (metric) => [`${row['campaign_id']} ${row['date_start']} ${metric}`, millionths(row[metric])] as const,
      ),
    )
    expect(new Map(seen)).toEqual(sums)
    expect(received.entities.map((one) => one.entityId)).toContain('23846765228240398')
    expect(received.entities.find((one) => one.entityId === '23846765228240398')?.status).toBe('paused')
  }
})
