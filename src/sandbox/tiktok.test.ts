import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Sandbox } from './sandbox.ts'
import { startSandbox } from './sandbox.ts'

const nowMs = Date.parse('2026-11-22T12:00:00Z')
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 20261122, nowMs, world: { platforms: ['tiktok_ads'] } })
})
afterAll(() => sandbox.stop())

interface Body {
  readonly code: number
  readonly message: string
  readonly data: {
    readonly list?: readonly { readonly dimensions: Row; readonly metrics: Row }[]
    readonly page_info?: Row
    readonly total_metrics?: Row
  }
}
type Row = Readonly<Record<string, string | number | null>>

/** A client that knows nothing of Millrace: an address, a token in a header, a query. */
async function call(path: string, query: Readonly<Record<string, string>>, token?: string): Promise<Body> {
  const { baseUrl, accessToken = '' } = sandbox.connections.tiktok_ads
  const url = `${baseUrl}/open_api/v1.3/${path}/?${new URLSearchParams(query).toString()}`
  const response = await fetch(url, { headers: { 'Access-Token': token ?? accessToken } })
  expect([response.status, response.headers.get('content-type')]).toEqual([200, expect.stringContaining('json')])
  return (await response.json()) as Body
}

const report = (change: Readonly<Record<string, string>> = {}) =>
  call('report/integrated/get', {
    advertiser_id: sandbox.accounts[1]!.accountId,
    report_type: 'BASIC',
    data_level: 'AUCTION_CAMPAIGN',
    dimensions: '["campaign_id","stat_time_day"]',
    metrics: '["spend","impressions","clicks","conversion"]',
    start_date: '2026-11-10',
    end_date: '2026-11-12',
    page_size: '1000',
    ...change,
  })

const sum = (rows: readonly { readonly metrics: Row }[], name: string) =>
  rows.reduce((total, row) => total + Number(row.metrics[name]), 0)

describe('a plain client', () => {
  test('pages through a report whose totals are its sums', async () => {
    const whole = await report({ enable_total_metrics: 'true' })
    const rows = whole.data.list ?? []
    expect(whole).toMatchObject({ code: 0, message: 'OK', data: { page_info: { page: 1, total_page: 1 } } })
    expect(sum(rows, 'impressions')).toBe(Number(whole.data.total_metrics?.['impressions']))
    const pages = []
    for (let page = 1; page <= Math.ceil(rows.length / 7); page++)
      pages.push(...((await report({ page: String(page), page_size: '7' })).data.list ?? []))
    expect(pages).toEqual(rows)
    expect((await report({ page: '99' })).data.list).toEqual([])
  })

  test('gets what the truth says', async () => {
    const { accountId } = sandbox.accounts[1]!
    const rows = (await report()).data.list ?? []
    for (const day of ['2026-11-10', '2026-11-11', '2026-11-12']) {
      const truth = sandbox.truth('tiktok_ads', accountId, day, nowMs)
      const got = rows.filter((row) => row.dimensions['stat_time_day'] === `${day} 00:00:00`)
      expect(got.length).toBe(truth.length)
      expect(Math.round(sum(got, 'spend') * 100)).toBe(
        Math.round(truth.reduce((all, one) => all + Number(one.cost) * 100, 0)),
      )
    }
  })
})

const refusals: readonly (readonly [change: Readonly<Record<string, string>>, code: number, message: RegExp])[] = [
  [{ report_type: 'TALL' }, 40002, /report_type/],
  [{ data_level: 'AUCTION_AD' }, 40002, /data_level/],
  [{ dimensions: '["ad_id"]' }, 40002, /dimension/],
  [{ dimensions: 'campaign_id' }, 40002, /Not a valid list/],
  [{ metrics: '["spent"]' }, 40002, /Invalid metric fields: \['spent'\]/],
  [{ start_date: 'yesterday' }, 40002, /start_date: Not a valid date/],
  [{ start_date: '2026-11-13' }, 40002, /later/],
  [{ start_date: '2026-10-13' }, 40002, /max time span is 30 days/],
  [{ start_date: '2020-01-01', end_date: '2020-01-02' }, 40002, /retention/],
  [{ page_size: '1001' }, 40002, /page_size/],
  [{ page: '0' }, 40002, /page:/],
  [{ advertiser_id: '7' }, 40001, /No permission/],
]

describe('refusals come with HTTP 200', () => {
  test.for(refusals)('%o', async ([change, code, message]) => {
    const body = await report(change)
    expect([body.code, body.data]).toEqual([code, {}])
    expect(body.message).toMatch(message)
  })

  test('of the token and of the app', async () => {
    expect((await call('advertiser/info', { advertiser_ids: '["1"]' }, '')).code).toBe(40104)
    expect((await call('advertiser/info', { advertiser_ids: '["1"]' }, 'another')).code).toBe(40105)
    expect((await call('oauth2/advertiser/get', { app_id: '1', secret: '2' })).code).toBe(40101)
    expect(JSON.stringify(sandbox.log())).not.toContain('secret=2')
  })
})
