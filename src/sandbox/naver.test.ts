import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Sandbox } from './sandbox.ts'
import { startSandbox } from './sandbox.ts'

// Noon in Seoul.
const nowMs = Date.parse('2026-11-22T03:00:00Z')
let sandbox: Sandbox
let customer: string

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 3, nowMs, world: { platforms: ['naver_searchad'] } })
  customer = sandbox.accounts[0]!.accountId
})
afterAll(() => sandbox.stop())

interface Ask {
  readonly method?: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: object
  /** What is signed; the path when absent. */
  readonly signed?: string
  readonly customer?: string
}

/** A client as the samples of naver/searchad-apidoc write it, and nothing of ours. */
async function ask(path: string, { method = 'GET', query, body, signed = path, customer: of = customer }: Ask = {}) {
  const { apiKey = '', secretKey = '' } = sandbox.connections.naver_searchad
  const timestamp = String(nowMs)
  const signature = createHmac('sha256', secretKey).update(`${timestamp}.${method}.${signed}`).digest('base64')
  const search = query ? `?${new URLSearchParams(query).toString()}` : ''
  const response = await fetch(`${sandbox.url}${path}${search}`, {
    method,
    headers: {
      'Content-Type': 'application/json; charset=UTF-8',
      'X-Timestamp': timestamp,
      'X-API-KEY': apiKey,
      'X-Customer': of,
      'X-Signature': signature,
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') ?? false
  return { status: response.status, text, json: (isJson ? JSON.parse(text) : null) as never }
}

interface Job {
  readonly reportJobId: number
  readonly status: string
  readonly downloadUrl: string
  readonly statDt: string
}

async function built(reportTp: string, statDt: string): Promise<{ job: Job; statuses: readonly string[] }> {
  let job: Job = (await ask('/stat-reports', { method: 'POST', body: { reportTp, statDt } })).json
  const statuses = [job.status]
  while (!['BUILT', 'NONE', 'ERROR', 'AGGREGATING'].includes(job.status)) {
    job = (await ask(`/stat-reports/${job.reportJobId}`)).json
    statuses.push(job.status)
  }
  return { job, statuses }
}

const linesOf = async ({ downloadUrl }: Job) => {
  const query = Object.fromEntries(new URL(downloadUrl).searchParams)
  const { text } = await ask('/report-download', { query })
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t'))
}

describe('the signature', () => {
  test('is over the path; with the query in it, or a wrong key, the gate refuses with 403', async () => {
    const query = { type: 'MYCLIENTS' }
    expect((await ask('/customer-links', { query })).status).toBe(200)
    const refused = await ask('/customer-links', { query, signed: '/customer-links?type=MYCLIENTS' })
    expect(refused).toMatchObject({ status: 403, json: { title: 'Invalid Signature' } })
  })

  test('of a license does not open another customer', async () => {
    expect(await ask('/ncc/campaigns', { customer: '1' })).toMatchObject({ status: 403, json: { code: 1018 } })
  })
})

describe('a report', () => {
  test('goes from REGIST to BUILT, and its file is lines without a header that sum to the truth', async () => {
    const { job, statuses } = await built('AD', '20261118')
    expect([statuses[0], statuses.at(-1)]).toEqual(['REGIST', 'BUILT'])
    const lines = await linesOf(job)
    expect(new Set(lines.map((cells) => cells.length))).toEqual(new Set([14]))
    expect(new Set(lines.map(([date, id]) => `${date} ${id}`))).toEqual(new Set([`20261118 ${customer}`]))
    const truth = sandbox.truth('naver_searchad', customer, '2026-11-18', nowMs)
    const sum = (at: number) => lines.reduce((total, cells) => total + Number(cells[at]), 0)
    const of = (name: 'impressions' | 'clicks' | 'cost') => truth.reduce((total, row) => total + Number(row[name]), 0)
    expect([sum(9), sum(10), sum(11)]).toEqual([of('impressions'), of('clicks'), of('cost')])
    expect(lines.length).toBeGreaterThan(truth.length)
  })

  test('names its day as the instant in UTC at which it begins in Korea', async () => {
    expect((await built('AD', '20261118')).job.statDt).toBe('2026-11-17T15:00:00.000Z')
  })

  test('of conversions has direct and indirect purchases, and others beside them', async () => {
    const lines = await linesOf((await built('AD_CONVERSION', '20261118')).job)
    expect(new Set(lines.map((cells) => `${cells[9]} ${cells[10]}`))).toEqual(
      new Set(['1 purchase', '2 purchase', '1 add_to_cart']),
    )
    const purchases = lines
      .filter((cells) => cells[10] === 'purchase')
      .reduce((sum, cells) => sum + Number(cells[11]), 0)
    const truth = sandbox.truth('naver_searchad', customer, '2026-11-18', nowMs)
    expect(purchases).toBe(truth.reduce((sum, row) => sum + Number(row.conversions), 0))
  })

  test('of before July 2024 has numbers for types, and of before April 2026 doubles for costs', async () => {
    const old = await linesOf((await built('AD_CONVERSION', '20240601')).job)
    expect(new Set(old.map((cells) => cells[10]))).toEqual(new Set(['1', '3']))
    const [line] = await linesOf((await built('AD', '20260201')).job)
    expect(line?.[11]).toMatch(/^\d+\.0$/)
  })

  test('of the running day is AGGREGATING, of a day before the account NONE', async () => {
    expect((await built('AD', '20261122')).job.status).toBe('AGGREGATING')
    expect((await built('AD', '20190101')).job.status).toBe('NONE')
  })

  test('that is forgotten is gone, and its file with it', async () => {
    const { job } = await built('AD', '20261118')
    expect((await ask(`/stat-reports/${job.reportJobId}`, { method: 'DELETE' })).status).toBe(204)
    expect(await ask(`/stat-reports/${job.reportJobId}`)).toMatchObject({ status: 404, json: { code: 4601 } })
    const query = Object.fromEntries(new URL(job.downloadUrl).searchParams)
    expect((await ask('/report-download', { query })).status).toBe(404)
  })
})

test('/stats sums the same by day and over all, with VAT on the money', async () => {
  const campaigns = (await ask('/ncc/campaigns')).json as readonly { nccCampaignId: string }[]
  const ids = campaigns.map((one) => one.nccCampaignId).join(',')
  const query = {
    ids,
    fields: '["impCnt","clkCnt","salesAmt","ccnt"]',
    timeRange: '{"since":"2026-11-16","until":"2026-11-18"}',
  }
  type Row = { id: string; impCnt: number; salesAmt: number; dateStart?: string }
  const of = async (timeIncrement: string) => {
    const { data, cycleBaseTm } = (await ask('/stats', { query: { ...query, timeIncrement } })).json as {
      data: Row[]
      cycleBaseTm: string
    }
    expect(cycleBaseTm).toBe('202611221200')
    return data
  }
  const [daily, all] = [await of('1'), await of('allDays')]
  expect(daily.every(({ dateStart }) => dateStart?.startsWith('2026-11-1'))).toBe(true)
  const sum = (rows: readonly Row[]) => rows.reduce((total, row) => total + row.impCnt, 0)
  expect(sum(daily)).toBe(sum(all))
  const truth = ['2026-11-16', '2026-11-17', '2026-11-18'].flatMap((date) => [
    ...sandbox.truth('naver_searchad', customer, date, nowMs),
  ])
  for (const { id, salesAmt } of all) {
    const net = truth.filter(({ campaignId }) => campaignId === id).reduce((total, row) => total + Number(row.cost), 0)
    expect(salesAmt).toBe(Math.round(net * 1.1))
  }
})
