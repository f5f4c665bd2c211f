import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { day } from '../domain/day.ts'
import { adGroupsOf, takeShare } from './ads.ts'
import { addFigures, noFigures } from './figures.ts'
import { startSandbox } from './sandbox.ts'
import { makeWorld } from './world.ts'

const nowMs = Date.parse('2026-11-22T12:00:00Z')
const seed = 20_261_127

test(`parts of any figures sum to the whole, groups to their ads, credits too (seed ${seed})`, () => {
  const [campaign] = makeWorld(1).accounts[0]!.campaigns
  const count = fc.integer({ min: -5_000, max: 5_000_000 })
  fc.assert(
    fc.property(
      count,
      fc.nat(9_000_000),
      fc.nat(400),
      fc.nat(999_999),
      fc.boolean(),
      (cost, shown, bought, rest, whole) => {
        const conversionMicros = bought * 1_000_000 + (whole ? 0 : rest)
        const figures = {
          ...noFigures(),
          costCoins: cost,
          impressions: shown,
          conversionMicros,
          valueCoins: bought * 71,
        }
        const groups = adGroupsOf(campaign!)
        const summed = (shares: readonly Parameters<typeof takeShare>[1][]) => {
          const sum = noFigures()
          for (const share of shares) {
            const part = { ...figures }
            takeShare(part, share, whole)
            expect(part.conversionMicros % (whole ? 1_000_000 : 1)).toBe(0)
            addFigures(sum, part)
          }
          return sum
        }
        const empty = conversionMicros === 0 ? { valueCoins: 0 } : {}
        expect(summed(groups)).toEqual({ ...figures, ...empty })
        for (const group of groups) expect(summed(group.ads)).toEqual(summed([group]))
      },
    ),
    { seed, numRuns: 300 },
  )
})

type Sums = Readonly<Record<'impressions' | 'clicks' | 'cost', bigint>>
const day1 = day('2026-11-19')

describe('both platforms tell the same day on every level', () => {
  test('Google: ad groups and ads sum to campaigns, Performance Max stands in asset groups alone', async () => {
    await using sandbox = await startSandbox({ seed: 20261122, nowMs })
    const { clientId, clientSecret, refreshToken, loginCustomerId } = sandbox.credentials
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: clientId,
      client_secret: clientSecret,
      refresh_token: refreshToken,
    })
    const granted = (await (await fetch(`${sandbox.url}/token`, { method: 'POST', body: form })).json()) as {
      access_token: string
    }
    const { accountId } = makeWorld(20261122).accounts.find((one) => one.platform === 'google_ads')!
    const ask = async (from: string, more: string) => {
      const query = `SELECT campaign.id, campaign.advertising_channel_type, ${more} segments.date, metrics.impressions, metrics.clicks, metrics.cost_micros FROM ${from} WHERE segments.date = '${day1}'`
      const reply = await fetch(`${sandbox.url}/v24/customers/${accountId}/googleAds:searchStream`, {
        method: 'POST',
        headers: { authorization: `Bearer ${granted.access_token}`, 'login-customer-id': loginCustomerId },
        body: JSON.stringify({ query }),
      })
      const [chunk] = (await reply.json()) as [{ results?: Row[] }]
      return chunk.results ?? []
    }
    interface Row {
      readonly campaign: { readonly id: string; readonly advertisingChannelType: string }
      readonly adGroupAd?: { readonly ad: { readonly id: string } }
      readonly metrics: { readonly impressions: string; readonly clicks: string; readonly costMicros: string }
    }
    const byCampaign = (rows: readonly Row[]) => {
      const sums = new Map<string, Sums>()
      for (const { campaign, metrics } of rows) {
        const { impressions, clicks, cost } = sums.get(campaign.id) ?? { impressions: 0n, clicks: 0n, cost: 0n }
        sums.set(campaign.id, {
          impressions: impressions + BigInt(metrics.impressions),
          clicks: clicks + BigInt(metrics.clicks),
          cost: cost + BigInt(metrics.costMicros),
        })
      }
      return sums
    }
    const campaigns = await ask('campaign', '')
    const isMax = (row: Row) => row.campaign.advertisingChannelType === 'PERFORMANCE_MAX'
    const others = byCampaign(campaigns.filter((row) => !isMax(row)))
    const ads = await ask('ad_group_ad', 'ad_group.id, ad_group_ad.ad.id,')
    expect(ads.length).toBeGreaterThan(others.size)
    expect(ads.every((row) => /^\d{14}$/.test(row.adGroupAd?.ad.id ?? ''))).toBe(true)
    expect(byCampaign(await ask('ad_group', 'ad_group.id,'))).toEqual(others)
    expect(byCampaign(ads)).toEqual(others)
    const max = campaigns.filter(isMax)
    expect(max.length).toBeGreaterThan(0)
    expect(byCampaign(await ask('asset_group', 'asset_group.id,'))).toEqual(byCampaign(max))
  })

  test('Meta: ad sets and ads sum to campaigns, whole conversions', async () => {
    await using sandbox = await startSandbox({ seed: 20261122, nowMs })
    const { accountId } = makeWorld(20261122).accounts.find((one) => one.platform === 'meta_ads')!
    const token = { authorization: `Bearer ${sandbox.credentials.metaAccessToken}` }
    interface Row {
      readonly campaign_id: string
      readonly impressions?: string
      readonly spend?: string
      readonly actions?: readonly { readonly action_type: string; readonly value: string }[]
    }
    const ask = async (level: string) => {
      const fields = 'campaign_id,adset_id,ad_id,impressions,clicks,spend,actions'
      const range = encodeURIComponent(JSON.stringify({ since: day1, until: day1 }))
      const path = `act_${accountId}/insights?level=${level}&limit=500&time_increment=1&time_range=${range}&fields=${fields}`
      const { data } = (await (await fetch(`${sandbox.metaUrl}/v26.0/${path}`, { headers: token })).json()) as {
        data: Row[]
      }
      const sums = new Map<string, readonly number[]>()
      for (const { campaign_id: id, impressions = '0', spend = '0', actions = [] } of data) {
        const bought = ['omni_purchase', 'offsite_conversion.fb_pixel_purchase', 'purchase']
          .flatMap((type) => actions.filter((one) => one.action_type === type))
          .map((one) => Number(one.value))[0]
        const sum = sums.get(id) ?? [0, 0, 0]
        const add = [Number(impressions), Math.round(Number(spend) * 100), bought ?? 0]
        sums.set(
          id,
          add.map((one, index) => one + sum[index]!),
        )
      }
      return { sums, rows: data.length }
    }
    const campaigns = await ask('campaign')
    expect((await ask('adset')).sums).toEqual(campaigns.sums)
    const ads = await ask('ad')
    expect(ads.sums).toEqual(campaigns.sums)
    expect(ads.rows).toBeGreaterThan(campaigns.rows)
  })
})
