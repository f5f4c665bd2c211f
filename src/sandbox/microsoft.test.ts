import { inflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Sandbox } from './sandbox.ts'
import { startSandbox } from './sandbox.ts'

const nowMs = Date.parse('2026-11-22T12:00:00Z')
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 20261122, nowMs, world: { platforms: ['microsoft_ads'] } })
})
afterAll(() => sandbox.stop())

type Json = Readonly<Record<string, unknown>>

/** A client that knows nothing of Millrace: OAuth by form, operations as POST with JSON, headers by their documented names. */
class Client {
  #token = ''
  refreshToken = sandbox.connections.microsoft_ads['refreshToken'] ?? ''
  account = ''
  customer = ''

  async signIn(refreshToken = this.refreshToken): Promise<Json> {
    const { oauthUrl = '', clientId = '', clientSecret = '' } = sandbox.connections.microsoft_ads
    const form = {
      grant_type: 'refresh_token',
      client_id: clientId,
      client_secret: clientSecret,
      refresh_token: refreshToken,
    }
    const response = await fetch(oauthUrl, { method: 'POST', body: new URLSearchParams(form) })
    const body = (await response.json()) as Json
    if (response.ok) [this.#token, this.refreshToken] = [String(body['access_token']), String(body['refresh_token'])]
    return body
  }

  async post(
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; body: Json }> {
    const { baseUrl = '', developerToken = '' } = sandbox.connections.microsoft_ads
    const response = await fetch(`${baseUrl}/${path}`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${this.#token}`,
        DeveloperToken: developerToken,
        CustomerAccountId: this.account,
        CustomerId: this.customer,
        'Content-Type': 'application/json',
        ...headers,
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as Json }
  }
}

async function signedIn(): Promise<Client> {
  const client = new Client()
  // The sandbox lives on between tests: go on from the youngest token that any of them was given.
  client.refreshToken = youngest || client.refreshToken
  await client.signIn()
  youngest = client.refreshToken
  const { body } = await client.post('CustomerManagement/v13/Accounts/Search', { PageInfo: { Index: 0, Size: 10 } })
  const [account] = body['Accounts'] as readonly Json[]
  client.account = String(account!['Id'])
  client.customer = String(account!['ParentCustomerId'])
  return client
}
let youngest = ''

const report = (change: Json = {}) => ({
  ReportRequest: {
    Type: 'CampaignPerformanceReportRequest',
    Format: 'Csv',
    FormatVersion: '2.0',
    Aggregation: 'Daily',
    Columns: ['TimePeriod', 'CampaignId', 'CampaignName', 'Impressions', 'Spend'],
    Time: {
      CustomDateRangeStart: { Day: 10, Month: 11, Year: 2026 },
      CustomDateRangeEnd: { Day: 12, Month: 11, Year: 2026 },
    },
    ...change,
  },
})

/** What unzip does, for one file: skip the local header, inflate the rest. */
function unzipped(archive: Buffer): string {
  expect(archive.subarray(0, 4).toString('latin1')).toBe('PK\x03\x04')
  const from = 30 + archive.readUInt16LE(26) + archive.readUInt16LE(28)
  return inflateRawSync(archive.subarray(from, from + archive.readUInt32LE(18))).toString('utf8')
}

describe('a plain client', () => {
  test('submits, polls, downloads, unzips, and finds a byte order mark, header lines, rows and a copyright', async () => {
    const client = await signedIn()
    const submitted = await client.post('Reporting/v13/GenerateReport/Submit', report())
    const ask = () => client.post('Reporting/v13/GenerateReport/Poll', submitted.body)
    const statuses: unknown[] = []
    let status: Json = {}
    for (let look = 0; look < 5 && status['Status'] !== 'Success'; look++) {
      status = (await ask()).body['ReportRequestStatus'] as Json
      statuses.push(status['Status'])
    }
    expect(statuses).toEqual(['Pending', 'Pending', 'Success'])
    const download = await fetch(String(status['ReportDownloadUrl']))
    expect(download.headers.get('content-type')).toBe('application/x-zip-compressed')
    const lines = unzipped(Buffer.from(await download.arrayBuffer())).split('\r\n')
    expect(lines[0]).toMatch(/^\uFEFF"Report Name: /)
    expect(lines).toContain('"TimePeriod","CampaignId","CampaignName","Impressions","Spend"')
    expect(lines.at(-2)).toMatch(/^"©/)
    const rows = lines.filter((line) => /^"2026-11-1\d"/.test(line))
    expect(lines).toContain(`"Rows: ${rows.length}"`)
    const truth = ['2026-11-10', '2026-11-11', '2026-11-12'].flatMap((day) =>
      sandbox.truth('microsoft_ads', client.account, day, nowMs),
    )
    const impressions = rows.reduce((sum, line) => sum + Number(line.split('","').at(-2)), 0)
    expect(impressions).toBe(truth.reduce((sum, row) => sum + Number(row.impressions), 0))
    expect((await fetch(String(status['ReportDownloadUrl']).replace(/\d+\.zip/, '1.zip'))).status).toBe(404)
  })

  test('is shown search campaigns only unless it names types', async () => {
    const client = await signedIn()
    const list = async (more: Json) =>
      (await client.post('CampaignManagement/v13/Campaigns/QueryByAccountId', { AccountId: client.account, ...more }))
        .body['Campaigns'] as readonly Json[]
    const search = await list({})
    expect(new Set(search.map((one) => one['CampaignType']))).toEqual(new Set(['Search']))
    expect((await list({ CampaignType: 'Search Shopping Audience PerformanceMax' })).length).toBeGreaterThan(
      search.length,
    )
  })

  test('keeps the youngest refresh token: the one before works until it was used', async () => {
    const client = await signedIn()
    const [before, first] = [client.refreshToken, (await client.signIn())['refresh_token']]
    const again = (await client.signIn(before))['refresh_token']
    expect([first === again, before === first]).toEqual([false, false])
    await client.signIn(String(again))
    expect(await client.signIn(before)).toMatchObject({ error: 'invalid_grant' })
    youngest = client.refreshToken
  })
})

const refusals: readonly (readonly [change: Json, code: number, errorCode: string])[] = [
  [{ Type: 'KeywordReport' }, 100, 'NullRequest'],
  [{ Columns: ['TimePeriod', 'Klicks'] }, 2017, 'ReportingServiceInvalidReportColumn'],
  [{ Columns: ['CampaignId'] }, 2018, 'ReportingServiceMissingColumn'],
  [{ Time: {} }, 2000, 'ReportingServiceInvalidCustomDateRange'],
]

describe('refusals', () => {
  test.for(refusals)('%o', async ([change, code, errorCode]) => {
    const client = await signedIn()
    const { status, body } = await client.post('Reporting/v13/GenerateReport/Submit', report(change))
    expect([status, (body['OperationErrors'] as readonly Json[])[0]]).toMatchObject([
      400,
      { Code: code, ErrorCode: errorCode },
    ])
    expect(body['BatchErrors']).toEqual([])
  })

  test('of signing in come under Errors; a body that is no JSON is a null request', async () => {
    const client = await signedIn()
    const path = 'Reporting/v13/GenerateReport/Submit'
    const token = await client.post(path, report(), { Authorization: 'Bearer nobody' })
    expect(token.body['Errors']).toMatchObject([{ Code: 105, ErrorCode: 'InvalidCredentials' }])
    expect((await client.post(path, '{')).body['OperationErrors']).toMatchObject([{ Code: 100 }])
    const customer = await client.post(path, report(), { CustomerId: '1' })
    expect(customer.body['OperationErrors']).toMatchObject([{ Code: 106 }])
  })
})
