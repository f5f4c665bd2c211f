import { zipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { day } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { RemoteJob } from '../domain/remote-job.ts'
import type { Fault } from '../sandbox/scenario.ts'
import type { SandboxOptions } from '../sandbox/sandbox.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { conservationProperty } from './conservation.fixture.ts'
import type { ConnectorRig } from './connector.contract.ts'
import { connectorContract, errorOf, receive, testContext } from './connector.contract.ts'
import { adapter, openMicrosoftAds } from './microsoft-ads.ts'
import { classifyMicrosoft } from './microsoft-ads-errors.ts'
import { readReport } from './microsoft-ads-report.ts'
import { microsoftRawRow } from './microsoft-ads-rows.ts'
import { wordOfZone, zoneOfWord } from './microsoft-ads-zones.ts'

const nowMs = Date.parse('2026-11-22T12:00:00Z')
const range = { since: day('2026-11-10'), until: day('2026-11-19') }

async function openSandbox(options: Partial<SandboxOptions> = {}, given: object = {}) {
  const sandbox = await startSandbox({ seed: 20261122, nowMs, world: { platforms: ['microsoft_ads'] }, ...options })
  const parsed = adapter.options.parse({ ...sandbox.connections.microsoft_ads, ...given })
  return { sandbox, connector: openMicrosoftAds(parsed) }
}

async function openRig(): Promise<ConnectorRig> {
  const { sandbox, connector } = await openSandbox()
  const { clientSecret = '', refreshToken = '', developerToken = '' } = sandbox.connections.microsoft_ads
  return {
    connector,
    nowMs,
    range,
    secrets: [clientSecret, refreshToken, developerToken],
    truth: (account, date) =>
      sandbox
        .truth('microsoft_ads', account.accountId, date, sandbox.nowMs())
        .map(({ campaignId, impressions, clicks, cost, conversions }) => ({
          entityId: campaignId,
          date,
          impressions,
          clicks,
          cost,
          conversions,
        })),
    platform: {
      metrics: 'microsoft.submit',
      field: 'Clicks',
      faults: (faults) => sandbox.scenario({ faults }),
      advance: (durationMs) => sandbox.setClock(sandbox.nowMs() + durationMs),
      without: {
        control_totals: 'Microsoft sends no sums; its count of rows is checked while reading',
        duplicate_page: 'a report is one file, without pages',
      },
    },
    [Symbol.asyncDispose]: () => sandbox.stop(),
  }
}

connectorContract('microsoft_ads', openRig)

conservationProperty(openRig, {
  routes: ['microsoft.campaigns', 'microsoft.submit', 'microsoft.poll', 'microsoft.download'],
  metrics: 'microsoft.submit',
  kinds: ['missing_rows', 'job_failed', 'job_stuck', 'token_expired', 'account_suspended'],
})

async function readUnder(faults: readonly Fault[], since = range.since) {
  const { sandbox, connector } = await openSandbox()
  await using running = sandbox
  const context = testContext(nowMs)
  const [account] = await connector.discover(context)
  const clean = await receive(connector, account!, range, context)
  const from = running.log().length
  running.scenario({ faults })
  const waitsMs = context.waitsMs.length
  const read = await receive(connector, account!, { ...range, since }, context)
  const calls = running.log().slice(from)
  const routes = (route: string) => calls.filter((one) => one.route === `microsoft.${route}`).length
  return { clean: clean.received, ...read, calls, routes, context, waitsMs: context.waitsMs.slice(waitsMs) }
}

const broken = (detail: string) =>
  new MillraceError('CONNECTORS_ANSWER_CUT', { platform: 'microsoft_ads', host: 'h', detail })
const reportOf = (lines: readonly string[]) =>
  readReport(zipSync({ 'a.csv': Buffer.from(`\uFEFF${lines.join('\r\n')}\r\n`) }), broken)

describe('the file of a report', () => {
  const head = [
    '"Report Name: Campaign, by day"',
    '"Last Completed Available Day: 11/21/2026 11:15:00 PM (GMT)"',
    '"Rows: 2"',
  ]
  const rows = ['"TimePeriod","CampaignId","Spend"', '"2026-11-20","1","1.50"', '"2026-11-20","2","0.00"']

  test('is a zip whose CSV begins with a byte order mark and header lines and ends with a copyright', () => {
    const { header, records } = reportOf([
      ...head,
      '',
      ...rows,
      '',
      '"©2026 Microsoft Corporation. All rights reserved. "',
    ])
    expect(header).toEqual({
      'Report Name': 'Campaign, by day',
      'Last Completed Available Day': '11/21/2026 11:15:00 PM (GMT)',
      Rows: '2',
    })
    expect(records).toEqual([
      { TimePeriod: '2026-11-20', CampaignId: '1', Spend: '1.50' },
      { TimePeriod: '2026-11-20', CampaignId: '2', Spend: '0.00' },
    ])
  })

  test('that lost a row is refused by the count in its header', () => {
    expect(() => reportOf([...head, '', ...rows.slice(0, 2)])).toThrow(/Rows: 2 and has 1/)
  })

  test('that is no archive, holds no file, or was cut is refused', () => {
    const whole = zipSync({ 'a.csv': Buffer.from(rows.join('\n')) })
    for (const bytes of [Buffer.from('PK nonsense'), zipSync({}), whole.subarray(0, whole.length - 30)])
      expect(() => readReport(bytes, broken)).toThrow(/archive/)
  })

  test('of the older format has American days and commas between thousands', () => {
    const row = microsoftRawRow({
      TimePeriod: '3/5/2020',
      CampaignId: '1',
      CampaignName: '1,000',
      Spend: '1,234.50',
      Clicks: '--',
    })
    expect(row).toMatchObject({ TimePeriod: '2020-03-05', CampaignName: '1,000', Spend: '1234.50', Clicks: null })
  })
})

describe('a report that Microsoft works at', () => {
  test('is looked at until it is there', async () => {
    const { routes, waitsMs } = await readUnder([])
    expect([routes('submit'), routes('poll'), routes('download')]).toEqual([1, 3, 1])
    expect(waitsMs).toEqual([2_000, 3_000])
  })

  test('that failed is known at the next look and asked for again', async () => {
    const { routes, received, clean } = await readUnder([{ kind: 'job_failed', route: 'microsoft.submit', nth: 1 }])
    expect([routes('submit'), routes('poll')]).toEqual([2, 6])
    expect(received.rows).toEqual(clean.rows)
  })

  test('that never ends is given up and asked for anew', async () => {
    const { routes, received, clean, waitsMs } = await readUnder([
      { kind: 'job_stuck', route: 'microsoft.submit', nth: 1 },
    ])
    expect(routes('submit')).toBe(2)
    expect(received.rows).toEqual(clean.rows)
    expect(Math.max(...waitsMs)).toBe(30_000)
  })

  test('whose file arrives damaged is fetched again, not asked for again', async () => {
    for (const kind of ['truncated_json', 'reset_mid_stream', 'html_502'] as const) {
      const { routes, received, clean } = await readUnder([{ kind, route: 'microsoft.download', nth: 1 }])
      expect([routes('submit'), routes('download')]).toEqual([1, 2])
      expect(received.rows).toEqual(clean.rows)
    }
  })

  test('whose file lost a row is CONNECTORS_ANSWER_CUT', async () => {
    const error = await errorOf(readUnder([{ kind: 'missing_rows', route: 'microsoft.submit', from: 1 }]))
    expect([error.code, error.retryable]).toEqual(['CONNECTORS_ANSWER_CUT', true])
  })

  test('without rows is Success without an address', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    const context = testContext(nowMs)
    const [account] = await connector.discover(context)
    const tomorrow = { since: day('2026-11-24'), until: day('2026-11-24') }
    const { received, result } = await receive(connector, account!, tomorrow, context)
    expect([received.rows, result.rows]).toEqual([[], 0])
    expect(running.log().some((one) => one.route === 'microsoft.download')).toBe(false)
  })

  test('that an earlier process asked for is waited for, and forgotten once it is read', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    const jobs: RemoteJob[] = []
    const remoteJobs = {
      find: ({ question }: Pick<RemoteJob, 'question'>) =>
        Promise.resolve(jobs.find((one) => one.question === question)),
      keep: (job: RemoteJob) => Promise.resolve(void jobs.push(job)),
      forget: (job: RemoteJob) => Promise.resolve(void jobs.splice(jobs.indexOf(job), 1)),
    }
    const clock = { nowMs: () => nowMs, sleep: () => Promise.reject(new Error('the process died')) }
    const first = testContext(nowMs, { remoteJobs: { ...remoteJobs, forget: () => Promise.resolve() }, clock })
    const [account] = await connector.discover(first)
    await expect(receive(connector, account!, range, first)).rejects.toThrow('the process died')
    const from = running.log().length
    const { received } = await receive(connector, account!, range, testContext(nowMs, { remoteJobs }))
    expect(
      running
        .log()
        .slice(from)
        .map((one) => one.route),
    ).not.toContain('microsoft.submit')
    expect(received.rows.length).toBeGreaterThan(0)
    expect(jobs).toEqual([])
  })

  test('says how far Microsoft itself has come', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    const context = testContext(nowMs)
    const [account] = await connector.discover(context)
    await receive(connector, account!, { since: day('2026-11-22'), until: day('2026-11-22') }, context)
    expect(JSON.stringify(context.logged)).toContain('complete until 11/21/2026 11:15:00 PM (GMT)')
    expect(running.accounts.length).toBe(3)
  })
})

describe('rows and campaigns', () => {
  test('conversions are the qualified ones, with their fraction', async () => {
    const { received } = await readUnder([])
    const fractional = received.rows.filter((row) => /\.\d/.test(row['ConversionsQualified'] ?? ''))
    expect(fractional.length).toBeGreaterThan(0)
    for (const row of fractional) expect(row['Conversions']).toMatch(/^\d+$/)
  })

  test('all types are listed; a shared budget is nobody’s; deleted campaigns are known by their rows', async () => {
    const { received } = await readUnder([], day('2026-09-01'))
    expect(new Set(received.entities.map((one) => one.objectiveRaw)).size).toBeGreaterThan(2)
    expect(received.entities.some((one) => one.dailyBudget === null && one.status === 'active')).toBe(true)
    const removed = received.entities.filter((one) => one.status === 'removed')
    expect(removed.map((one) => [one.name === '', one.statusRaw])).toEqual(removed.map(() => [false, 'Deleted']))
    expect(removed.length).toBeGreaterThan(0)
  })

  test('zones have words of Microsoft’s own', () => {
    expect(zoneOfWord('Seoul')).toBe('Asia/Seoul')
    expect(zoneOfWord('Europe/Oslo')).toBe('Europe/Oslo')
    expect(wordOfZone('America/Los_Angeles')).toBe('PacificTimeUSCanadaTijuana')
    expect(wordOfZone('Asia/Pyongyang')).toBeUndefined()
  })
})

describe('errors by their bodies', () => {
  const bodies: readonly (readonly [
    status: number,
    code: number,
    errorCode: string,
    expected: string,
    waitMs?: number,
  ])[] = [
    [400, 100, 'NullRequest', 'CONNECTORS_BAD_REQUEST'],
    [401, 105, 'InvalidCredentials', 'CONNECTORS_AUTH_REVOKED'],
    [403, 106, 'UserIsNotAuthorized', 'CONNECTORS_PERMISSION'],
    [401, 109, 'AuthenticationTokenExpired', 'CONNECTORS_AUTH_EXPIRED'],
    [400, 117, 'CallRateExceeded', 'CONNECTORS_QUOTA', 60_000],
    [400, 207, 'ConcurrentRequestOverLimit', 'CONNECTORS_QUOTA', 60_000],
    [500, 0, 'InternalError', 'CONNECTORS_TRANSIENT'],
    [400, 0, 'InternalError', 'CONNECTORS_TRANSIENT'],
    [400, 2017, 'ReportingServiceInvalidReportColumn', 'CONNECTORS_SCHEMA_DRIFT'],
    [400, 2012, 'ReportingServiceTimePeriodTooOld', 'CONNECTORS_RETENTION'],
    [400, 8, 'ApiVersionNoLongerSupported', 'CONNECTORS_VERSION_SUNSET'],
    [503, 4711, 'SomethingOfTomorrow', 'CONNECTORS_TRANSIENT'],
  ]

  test.for(bodies)('HTTP %i, %i %s', ([status, Code, ErrorCode, expected, waitMs]) => {
    for (const key of ['OperationErrors', 'Errors', 'BatchErrors']) {
      const body = { [key]: [{ Code, ErrorCode, Message: 'Sorry.' }], TrackingId: 't' }
      const error = classifyMicrosoft({ status, headers: new Headers(), body, account: '1', nowMs }, 'v13')
      expect([error?.code, error?.retryAfterMs]).toEqual([expected, waitMs])
    }
  })

  test('an answer that names a report at another scheme than https is not followed', async () => {
    const { sandbox, connector } = await openSandbox()
    await using running = sandbox
    const lying: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      if (typeof input !== 'string' || !input.endsWith('/Poll')) return response
      return Response.json({
        ReportRequestStatus: { Status: 'Success', ReportDownloadUrl: 'http://169.254.169.254/x' },
      })
    }
    const context = testContext(nowMs, { fetch: lying })
    const [account] = await connector.discover(context)
    const error = await errorOf(receive(connector, account!, range, context))
    expect([error.code, running.accounts.length]).toEqual(['CONNECTORS_BAD_REQUEST', 3])
  })
})
