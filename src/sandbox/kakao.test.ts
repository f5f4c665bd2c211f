import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { standingClock } from '../domain/clock.ts'
import type { Sandbox } from './sandbox.ts'
import { startSandbox } from './sandbox.ts'

const nowMs = Date.parse('2026-11-22T03:00:00Z')
let sandbox: Sandbox
let account: string

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 3, nowMs, world: { platforms: ['kakao_moment'] } })
  account = sandbox.accounts[0]!.accountId
})
afterAll(() => sandbox.stop())

/** A client as the examples of Kakao Developers write it, and nothing of ours. */
async function ask(path: string, query: Readonly<Record<string, string>> = {}, of: Sandbox = sandbox, id = account) {
  const token = of.connections.kakao_moment['accessToken'] ?? ''
  const response = await fetch(`${of.url}/openapi/v4/${path}?${new URLSearchParams(query).toString()}`, {
    headers: { Authorization: `Bearer ${token}`, adAccountId: id },
  })
  const text = await response.text()
  return { status: response.status, text, json: JSON.parse(text) as never }
}

interface Row {
  readonly start: string
  readonly dimensions: Readonly<Record<string, string>>
  readonly metrics: Readonly<Record<string, number>>
}

const week = { start: '20261115', end: '20261121', timeUnit: 'DAY', metricsGroup: 'BASIC,PIXEL_SDK_CONVERSION' }

async function idsOf(config: string): Promise<readonly string[]> {
  const { content } = (await ask('campaigns', { config })).json as { content: readonly { id: number }[] }
  return content.map(({ id }) => String(id))
}

describe('reports', () => {
  test('of campaigns are the truth, day by day, and sum to the report of the account', async () => {
    const ids = [...(await idsOf('ON')), ...(await idsOf('OFF')), ...(await idsOf('DEL'))]
    const rows: Row[] = []
    for (let at = 0; at < ids.length; at += 5) {
      const some = { ...week, campaignId: ids.slice(at, at + 5).join(','), level: 'CAMPAIGN' }
      rows.push(...((await ask('campaigns/report', some)).json as { data: readonly Row[] }).data)
    }
    const line = (id: unknown, date: string, values: readonly unknown[]) => [id, date, ...values.map(Number)].join(' ')
    const read = rows
      .filter(({ metrics }) => metrics['imp'] !== 0)
      .map(
        ({ start, dimensions, metrics: { imp, click, cost, conv_purchase_7d: bought, conv_purchase_p_7d: sales } }) =>
          line(dimensions['campaign_id'], start, [imp, click, cost, bought, sales]),
      )
    const days = ['15', '16', '17', '18', '19', '20', '21'].map((date) => `2026-11-${date}`)
    const truth = days
      .flatMap((date) => [...sandbox.truth('kakao_moment', account, date, nowMs)])
      .map((row) =>
        line(row.campaignId, row.date, [row.impressions, row.clicks, row.cost, row.conversions, row.conversionValue]),
      )
    expect(read.sort()).toEqual(truth.sort())
    const { data } = (await ask('adAccounts/report', { ...week, adAccountId: account })).json as {
      data: readonly Row[]
    }
    const sum = (all: readonly Row[], name: string) =>
      all.reduce((total, { metrics }) => total + (metrics[name] ?? 0), 0)
    for (const name of ['imp', 'click', 'cost', 'conv_purchase_1d', 'conv_purchase_7d'])
      expect([name, sum(data, name)]).toEqual([name, sum(rows, name)])
  })

  test('leave the running day out, and refuse more than 31 days, six campaigns and unknown groups', async () => {
    const { data } = (await ask('adAccounts/report', { ...week, end: '20261122' })).json as { data: readonly Row[] }
    expect(data.at(-1)?.start).toBe('2026-11-21')
    expect((await ask('adAccounts/report', { ...week, start: '20261001' })).json).toMatchObject({ code: -813 })
    expect((await ask('campaigns/report', { ...week, campaignId: '1,2,3,4,5,6' })).json).toMatchObject({ code: -2 })
    expect((await ask('adAccounts/report', { ...week, metricsGroup: 'BASICS' })).json).toMatchObject({
      code: -2,
      msg: 'wrong parameter: metricsGroup',
    })
  })

  test('write money as a double and ids as numbers, except among the dimensions', async () => {
    const [id] = await idsOf('ON')
    const { text } = await ask('campaigns/report', { ...week, campaignId: id! })
    expect(text).toMatch(/"cost":\d+\.0[,}]/)
    expect(text).toContain(`"campaign_id":"${id}"`)
    expect((await ask('campaigns', { config: 'ON' })).text).toContain(`"id":${id}`)
  })
})

test('one report in five seconds: of one account, and of several campaigns at once of the whole app', async () => {
  const clock = standingClock(nowMs)
  await using paced = await startSandbox({ seed: 3, clock, world: { platforms: ['kakao_moment'] } })
  const once = () => ask('adAccounts/report', { ...week, adAccountId: account }, paced)
  const several = (id: string) => ask('campaigns/report', { ...week, campaignId: '1,2' }, paced, id)
  expect((await once()).status).toBe(200)
  expect(await once()).toMatchObject({ status: 400, json: { code: -10, msg: 'API limit has been exceeded.' } })
  await clock.sleep(4_999)
  expect((await once()).status).toBe(400)
  await clock.sleep(1)
  expect((await once()).status).toBe(200)
  expect((await several(account)).status).toBe(200)
  expect((await several(paced.accounts[1]!.accountId)).status).toBe(400)
})

test('refusals are codes, most of them in HTTP 400', async () => {
  const answers = async (
    kind: 'token_expired' | 'permission_lost' | 'account_suspended' | 'version_sunset' | 'status_429',
  ) => {
    sandbox.scenario({ faults: [{ kind, route: 'kakao' }] })
    const { status, json } = await ask('campaigns', { config: 'ON' })
    sandbox.scenario({ faults: [] })
    return [status, (json as { code: number }).code]
  }
  expect(await answers('token_expired')).toEqual([401, -401])
  expect(await answers('permission_lost')).toEqual([400, -813])
  expect(await answers('account_suspended')).toEqual([400, -813])
  expect(await answers('version_sunset')).toEqual([400, -9])
  expect(await answers('status_429')).toEqual([400, -10])
  expect((await ask('campaigns', {}, sandbox, '1')).json).toMatchObject({ code: -813, extras: { detailCode: 9004 } })
})
