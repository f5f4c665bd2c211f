import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Sandbox } from './sandbox.ts'
import { startSandbox } from './sandbox.ts'

const nowMs = Date.parse('2026-11-22T12:00:00Z')
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 20261122, nowMs, world: { platforms: ['linkedin_ads'] } })
})
afterAll(() => sandbox.stop())

type Json = Readonly<Record<string, unknown>>

/** A client that knows nothing of Millrace: an address, two headers, and a query as Rest.li wants it written. */
async function get(
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; body: Json }> {
  const { baseUrl, accessToken } = sandbox.connections.linkedin_ads
  const response = await fetch(`${baseUrl}/rest/${path}`, {
    headers: {
      Authorization: `Bearer ${accessToken}`,
      'LinkedIn-Version': '202610',
      'X-Restli-Protocol-Version': '2.0.0',
      ...headers,
    },
  })
  return { status: response.status, body: (await response.json()) as Json }
}

const days = 'dateRange=(start:(year:2026,month:11,day:10),end:(year:2026,month:11,day:12))'
const account = () => sandbox.accounts[1]!.accountId
const accounts = (id = account()) => `accounts=List(urn%3Ali%3AsponsoredAccount%3A${id})`
const fields = 'fields=impressions,clicks,costInLocalCurrency,dateRange,pivotValues'
const analytics = (...parts: readonly string[]) =>
  get(`adAnalytics?${['q=analytics', 'pivot=CAMPAIGN_GROUP', 'timeGranularity=DAILY', ...parts].join('&')}`)

const elementsOf = ({ body }: { readonly body: Json }) => body['elements'] as readonly Json[]

describe('a plain client', () => {
  test('reads campaign groups by day, which are the truth and sum to the account', async () => {
    const rows = elementsOf(await analytics(days, accounts(), fields))
    const truth = ['2026-11-10', '2026-11-11', '2026-11-12'].flatMap((day) =>
      sandbox.truth('linkedin_ads', account(), day, nowMs),
    )
    expect(rows.length).toBe(truth.length)
    const sum = (list: readonly Json[]) => list.reduce((all, one) => all + Number(one['impressions']), 0)
    expect(sum(rows)).toBe(truth.reduce((all, one) => all + Number(one.impressions), 0))
    const whole = await get(`adAnalytics?q=analytics&pivot=ACCOUNT&timeGranularity=ALL&${days}&${accounts()}&${fields}`)
    expect(elementsOf(whole)).toMatchObject([
      { impressions: sum(rows), pivotValues: [`urn:li:sponsoredAccount:${account()}`] },
    ])
  })

  test('who names no fields is shown impressions and clicks, without what they are about', async () => {
    const [first] = elementsOf(await analytics(days, accounts()))
    expect(Object.keys(first!).sort()).toEqual(['clicks', 'impressions'])
  })

  test('pages through groups by a word that says nothing; removed ones only when asked for', async () => {
    const groups = `adAccounts/${account()}/adCampaignGroups?q=search`
    const every = `${groups}&search=(status:(values:List(ACTIVE,PAUSED,REMOVED)))`
    const paged: Json[] = []
    for (let after = '', pages = 0; pages < 50; pages++) {
      const { body } = await get(`${every}&pageSize=3${after}`)
      paged.push(...(body['elements'] as readonly Json[]))
      const next = (body['metadata'] as Json)['nextPageToken']
      if (next === undefined) break
      after = `&pageToken=${next as string}`
    }
    expect(paged).toEqual(elementsOf(await get(`${every}&pageSize=1000`)))
    expect(new Set(elementsOf(await get(groups)).map((one) => one['status']))).not.toContain('REMOVED')
  })
})

const tooMany = [
  'impressions,clicks,landingPageClicks,costInLocalCurrency,costInUsd,externalWebsiteConversions,oneClickLeads',
  'conversionValueInLocalCurrency,videoViews,totalEngagements,shares,likes,comments,follows,reactions,opens,sends',
  'videoStarts,videoCompletions,dateRange,pivotValues',
].join(',')

const refusals: readonly (readonly [name: string, parts: () => readonly string[], message: RegExp])[] = [
  [
    'brackets that are encoded',
    () => [days, accounts().replace('(', '%28').replace(')', '%29'), fields],
    /Invalid query parameters/,
  ],
  ['a urn that is not encoded', () => [days, accounts().replaceAll('%3A', ':'), fields], /Invalid query parameters/],
  ['a twenty-first field', () => [days, accounts(), `fields=${tooMany}`], /at most 20/],
  ['an unknown field', () => [days, accounts(), 'fields=clics'], /Invalid field: clics/],
  ['no date', () => [accounts(), fields], /dateRange/],
  ['an end before the start', () => [days.replace('day:12', 'day:9'), accounts(), fields], /after/],
]

describe('refusals', () => {
  test.for(refusals)('%s', async ([, parts, message]) => {
    const { status, body } = await analytics(...parts())
    expect([status, body['code']]).toEqual([400, 'ILLEGAL_ARGUMENT'])
    expect(body['message']).toMatch(message)
  })

  test('of another account, of tokens and of versions', async () => {
    expect((await analytics(days, accounts('1'), fields)).body).toMatchObject({ status: 403, serviceErrorCode: 100 })
    expect((await get('adAccounts?q=search', { Authorization: 'Bearer nobody' })).status).toBe(401)
    const old = await get('adAccounts?q=search', { 'LinkedIn-Version': '202410' })
    expect([old.status, old.body['code']]).toEqual([426, 'NONEXISTENT_VERSION'])
    const { baseUrl, accessToken } = sandbox.connections.linkedin_ads
    const headers = { Authorization: `Bearer ${accessToken}` }
    const missing = (await (await fetch(`${baseUrl}/rest/adAccounts?q=search`, { headers })).json()) as Json
    expect(missing['code']).toBe('VERSION_MISSING')
  })
})
