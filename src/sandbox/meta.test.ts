import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Decimal } from '../domain/decimal.ts'
import { addDecimals, decimal, sumDecimals } from '../domain/decimal.ts'
import type { MetaAction, MetaPage, MetaRow } from './bare-client.ts'
import { BareClient, metaError, metaPage } from './bare-client.ts'
import type { Sandbox } from './sandbox.ts'
import { startSandbox } from './sandbox.ts'

const nowMs = Date.parse('2026-11-22T12:00:00Z')
const purchases = ['omni_purchase', 'offsite_conversion.fb_pixel_purchase', 'purchase']
const timeRange = (since: string, until: string) => ({ time_range: JSON.stringify({ since, until }) })

let sandbox: Sandbox
let client: BareClient
let accountId: string

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 1, nowMs })
  client = new BareClient(sandbox)
  accountId = client.account('meta_ads', 'USD').accountId
})
afterAll(() => sandbox.stop())

function firstOf(actions: readonly MetaAction[] | undefined): string {
  const type = purchases.find((one) => actions?.some((action) => action.action_type === one))
  return actions?.find((action) => action.action_type === type)?.value ?? '0'
}

const lineOf = (row: MetaRow) =>
  [
    row.date_start,
    row.campaign_id,
    row.impressions,
    row.clicks ?? '0',
    row.spend ?? '0',
    firstOf(row.actions),
    firstOf(row.action_values),
  ].join(' ')

async function allPages(query: Readonly<Record<string, string>>): Promise<readonly MetaPage[]> {
  const pages: MetaPage[] = []
  let after: string | undefined
  do {
    const page = metaPage(await client.insights(accountId, { ...query, ...(after && { after }) }))
    pages.push(page)
    after = page.paging?.next === undefined ? undefined : page.paging.cursors.after
  } while (after)
  return pages
}

describe('insights', () => {
  test('are what the truth says, over pages, and every page carries the summary of all', async () => {
    const pages = await allPages({ ...timeRange('2026-10-01', '2026-10-05'), limit: '7', default_summary: 'true' })
    expect(pages.length).toBeGreaterThan(3)
    const rows = pages.flatMap(({ data }) => data)
    const days = ['2026-10-01', '2026-10-02', '2026-10-03', '2026-10-04', '2026-10-05']
    const truth = days.flatMap((day) => [...sandbox.truth('meta_ads', accountId, day, nowMs)])
    const expected = truth.map((row) =>
      [row.date, row.campaignId, row.impressions, row.clicks, row.cost, row.conversions, row.conversionValue].join(' '),
    )
    expect(rows.map(lineOf).sort()).toEqual(expected.sort())
    for (const { summary } of pages) {
      expect(decimal(summary!.spend!)).toBe(sumDecimals(rows.map(({ spend }) => decimal(spend ?? '0'))))
      expect(decimal(summary!.impressions!)).toBe(
        sumDecimals(rows.map(({ impressions }) => decimal(impressions ?? '0'))),
      )
      expect(actionSums([summary!])).toEqual(actionSums(rows))
    }
  })

  test('end without `next` although `after` is there, and `next` is an absolute address with the token', async () => {
    const query = timeRange('2026-10-01', '2026-10-01')
    const last = metaPage(await client.insights(accountId, query))
    expect(last.paging!.cursors.after).toMatch(/^[\w-]+$/)
    expect(last.paging!.next).toBeUndefined()
    const first = metaPage(await client.insights(accountId, { ...query, limit: '2' }))
    const next = new URL(first.paging!.next!)
    expect(next.searchParams.get('access_token')).toBe(sandbox.credentials.metaAccessToken)
    const second = (await (await fetch(next)).json()) as MetaPage
    expect(second.data[0]!.campaign_id).not.toBe(first.data[0]!.campaign_id)
  })

  test('write metrics as text, leave zeros out, and name windows only when asked', async () => {
    const query = { ...timeRange('2026-10-01', '2026-10-20'), limit: '500' }
    const rows = metaPage(await client.insights(accountId, query)).data
    expect(rows.every(({ impressions }) => typeof impressions === 'string')).toBe(true)
    expect(JSON.stringify(rows)).not.toContain('"0"')
    expect(rows.some((row) => row.actions?.every(({ action_type: type }) => !purchases.includes(type)))).toBe(true)
    expect(JSON.stringify(rows)).not.toContain('7d_click')
    const windowed = await client.insights(accountId, {
      ...query,
      action_attribution_windows: '["1d_click","7d_click"]',
    })
    const action = metaPage(windowed).data[0]!.actions![0] as MetaAction & Readonly<Record<string, string>>
    expect(Object.keys(action)).toEqual(['action_type', 'value', '1d_click', '7d_click'])
  })

  test('add up the same by day, by week, by month, over all and over the account', async () => {
    const range = timeRange('2026-09-10', '2026-10-20')
    const spend = async (query: Readonly<Record<string, string>>) =>
      sumDecimals(
        metaPage(await client.insights(accountId, { ...range, limit: '1000', ...query })).data.map((row) =>
          decimal(row.spend ?? '0'),
        ),
      )
    const daily = await spend({})
    for (const increment of ['7', 'monthly', 'all_days'])
      expect([increment, await spend({ time_increment: increment })]).toEqual([increment, daily])
    expect(await spend({ level: 'account', fields: 'spend' })).toBe(daily)
  })

  test('see one state of the world over all pages, even when the clock moves between them', async () => {
    const query = { ...timeRange('2026-11-21', '2026-11-22'), limit: '5', default_summary: 'true' }
    const first = metaPage(await client.insights(accountId, query))
    sandbox.setClock(nowMs + 5 * 3_600_000)
    const second = metaPage(await client.insights(accountId, { ...query, after: first.paging!.cursors.after }))
    const fresh = metaPage(await client.insights(accountId, query))
    sandbox.setClock(nowMs)
    expect(second.summary).toEqual(first.summary)
    expect(fresh.summary).not.toEqual(first.summary)
  })

  test('filter by campaign and by figures', async () => {
    const all = metaPage(await client.insights(accountId, timeRange('2026-10-01', '2026-10-03'))).data
    const one = all[0]!.campaign_id!
    const filtering = JSON.stringify([
      { field: 'campaign.id', operator: 'IN', value: [one] },
      { field: 'spend', operator: 'GREATER_THAN', value: 0 },
    ])
    const rows = metaPage(
      await client.insights(accountId, { ...timeRange('2026-10-01', '2026-10-03'), filtering }),
    ).data
    expect(rows.map((row) => row.campaign_id)).toEqual([one, one, one])
  })

  test('hold the spend of deleted campaigns, which the list of campaigns leaves out', async () => {
    const listed = async (query: Readonly<Record<string, string>>) =>
      (
        (await client.meta(`act_${accountId}/campaigns`, { fields: 'id,status', limit: '100', ...query })).json as {
          data: { id: string; status: string }[]
        }
      ).data
    const standing = await listed({})
    expect(standing.map(({ status }) => status)).not.toContain('DELETED')
    expect((await listed({ effective_status: '["DELETED"]' })).length).toBeGreaterThan(0)
    const rows = metaPage(
      await client.insights(accountId, { ...timeRange('2026-06-01', '2026-10-20'), time_increment: 'all_days' }),
    ).data
    const ids = new Set(standing.map(({ id }) => id))
    expect(rows.some((row) => !ids.has(row.campaign_id!))).toBe(true)
  })
})

function actionSums(rows: readonly MetaRow[]): ReadonlyMap<string, Decimal> {
  const sums = new Map<string, Decimal>()
  for (const { actions = [] } of rows) {
    for (const { action_type: type, value } of actions)
      sums.set(type, addDecimals(sums.get(type) ?? decimal('0'), decimal(value)))
  }
  return new Map([...sums].sort(([a], [b]) => (a < b ? -1 : 1)))
}

describe('accounts', () => {
  test('are listed page by page with currency and zone', async () => {
    const page = (query: Readonly<Record<string, string>>) =>
      client.meta('me/adaccounts', { fields: 'account_id,currency,timezone_name,account_status', limit: '2', ...query })
    const first = (await page({})).json as { data: object[]; paging: { cursors: { after: string } } }
    const second = (await page({ after: first.paging.cursors.after })).json as { data: object[] }
    expect([...first.data, ...second.data].map((one) => (one as { timezone_name: string }).timezone_name)).toEqual([
      'Asia/Seoul',
      'America/Los_Angeles',
      'Europe/Berlin',
    ])
    expect((await client.meta(`act_${accountId}`, { fields: 'currency,timezone_offset_hours_utc' })).json).toEqual({
      currency: 'USD',
      timezone_offset_hours_utc: -8,
      id: `act_${accountId}`,
    })
  })
})

const refused: readonly (readonly [Readonly<Record<string, string>>, error: string])[] = [
  [{ fields: 'impression' }, '400 100/-'],
  [{ level: 'region' }, '400 100/-'],
  [{ limit: '0' }, '400 100/-'],
  [{ time_increment: '91' }, '400 100/-'],
  [{ time_range: '{"since":"2026-02-30","until":"2026-03-01"}' }, '400 100/-'],
  [{ time_range: '{"since":"2026-03-02","until":"2026-03-01"}' }, '400 100/-'],
  [{ time_range: 'yesterday' }, '400 100/-'],
  [{ time_range: '{"since":"2022-01-01","until":"2022-01-02"}' }, '400 3018/-'],
  [{ date_preset: 'last_century' }, '400 100/-'],
  [{ action_attribution_windows: '["7d_view"]' }, '400 100/-'],
  [{ action_attribution_windows: '["28d_view"]' }, '400 100/-'],
  [{ breakdowns: 'dma' }, '400 2/1504041'],
  [{ after: 'nonsense' }, '400 100/-'],
  [{ filtering: '[{"field":"ad.name","operator":"IN","value":["x"]}]' }, '400 100/-'],
]

describe('refusals', () => {
  test.for(refused)('%j → %s', async ([query, error]) => {
    expect(metaError(await client.insights(accountId, query))).toBe(error)
  })

  test('of tokens, accounts, versions and methods have the platform’s codes', async () => {
    expect(metaError(await client.meta('me/adaccounts', {}, 'other'))).toBe('400 190/467')
    expect(metaError(await client.insights('123', {}))).toBe('400 100/33')
    const raw = async (path: string, init: RequestInit = {}) => {
      const response = await fetch(`${sandbox.metaUrl}${path}`, init)
      return ((await response.json()) as { error: { code: number } }).error.code
    }
    const bearer = { authorization: `Bearer ${sandbox.credentials.metaAccessToken}` }
    expect(await raw('/v26.0/me/adaccounts')).toBe(2500)
    expect(await raw('/v19.0/me/adaccounts', { headers: bearer })).toBe(2635)
    expect(await raw('/v31.0/me/adaccounts', { headers: bearer })).toBe(2500)
    expect(await raw(`/v26.0/act_${accountId}/campaigns`, { method: 'POST', headers: bearer })).toBe(100)
    const inQuery = await fetch(
      `${sandbox.metaUrl}/v26.0/me/adaccounts?access_token=${sandbox.credentials.metaAccessToken}`,
    )
    expect(inQuery.status).toBe(200)
  })

  test('say to reduce the data above a threshold, with HTTP 500', async () => {
    await using own = await startSandbox({ seed: 1, nowMs, metaCellsMax: 100 })
    const answer = await new BareClient(own).insights(accountId, timeRange('2026-10-01', '2026-10-20'))
    expect(metaError(answer)).toBe('500 1/-')
    expect(answer.text).toContain('reduce the amount of data')
  })
})

describe('usage', () => {
  test('fills a bucket that headers tell of, throttles when full, and empties with the clock', async () => {
    await using own = await startSandbox({ seed: 1, nowMs, metaCallsPerHour: 4 })
    const ownClient = new BareClient(own)
    const ask = () => ownClient.insights(accountId, timeRange('2026-10-01', '2026-10-01'))
    const percents: unknown[] = []
    for (let i = 0; i < 4; i++)
      percents.push(
        (JSON.parse((await ask()).headers.get('x-ad-account-usage')!) as { acc_id_util_pct: number }).acc_id_util_pct,
      )
    expect(percents).toEqual([25, 50, 75, 100])
    const refusal = await ask()
    expect(metaError(refusal)).toBe('400 80000/2446079')
    const usage = JSON.parse(refusal.headers.get('x-business-use-case-usage')!) as Record<
      string,
      { type: string; estimated_time_to_regain_access: number }[]
    >
    expect(usage[accountId]!.map(({ type, estimated_time_to_regain_access: minutes }) => [type, minutes])).toEqual([
      ['ads_management', 0],
      ['ads_insights', 60],
    ])
    own.setClock(nowMs + 1_800_000)
    expect((await ask()).status).toBe(200)
  })
})
