import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { isMillraceError } from '../domain/errors.ts'
import { BareClient, chunks, googleError, googleRows, metaError, metaPage } from './bare-client.ts'
import type { BareAnswer } from './bare-client.ts'
import type { Fault, FaultKind, Scenario } from './scenario.ts'
import { ScenarioBook, faultKinds } from './scenario.ts'
import type { Sandbox } from './sandbox.ts'
import { startSandbox } from './sandbox.ts'

const nowMs = Date.parse('2026-11-22T12:00:00Z')
const range = { time_range: JSON.stringify({ since: '2026-10-01', until: '2026-10-05' }), default_summary: 'true' }
const query =
  "SELECT campaign.id, segments.date, metrics.impressions, metrics.clicks, metrics.cost_micros FROM campaign WHERE segments.date BETWEEN '2026-10-01' AND '2026-10-05'"

let sandbox: Sandbox
let client: BareClient
let googleId: string
let metaId: string

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 1, nowMs })
  client = new BareClient(sandbox)
  googleId = client.account('google_ads', 'USD').accountId
  metaId = client.account('meta_ads', 'USD').accountId
})
afterAll(() => sandbox.stop())
beforeEach(async () => {
  sandbox.scenario({ faults: [] })
  await client.token()
})

const google = (more: object = { summaryRowSetting: 'SUMMARY_ROW_WITH_RESULTS' }) =>
  client.stream(googleId, query, more)
const meta = (more: Readonly<Record<string, string>> = {}) => client.insights(metaId, { ...range, ...more })
const armed = new Set<FaultKind>()
const arm = (...faults: Fault[]) => {
  for (const { kind } of faults) armed.add(kind)
  sandbox.scenario({ faults })
}

const clicksOf = (answer: BareAnswer) => googleRows(answer).map(({ metrics }) => metrics!['clicks'])
const impressionsSum = (answer: BareAnswer) =>
  googleRows(answer).reduce((sum, { metrics }) => sum + Number(metrics!['impressions']), 0)
const summaryImpressions = (answer: BareAnswer) => Number(chunks(answer).at(-1)!.summaryRow!.metrics!['impressions'])

describe('every fault is seen by a plain client:', () => {
  test('latency', async () => {
    arm({ kind: 'latency', delayMs: 150 })
    const startMs = performance.now()
    expect((await google()).status).toBe(200)
    expect(performance.now() - startMs).toBeGreaterThan(140)
  })

  test('slow', async () => {
    arm({ kind: 'slow', delayMs: 10 })
    const startMs = performance.now()
    expect(googleRows(await google()).length).toBeGreaterThan(20)
    expect(performance.now() - startMs).toBeGreaterThan(150)
    expect(metaPage(await meta()).data.length).toBeGreaterThan(20)
  })

  test('reset', async () => {
    arm({ kind: 'reset' })
    await expect(google()).rejects.toThrow('fetch failed')
    await expect(meta()).rejects.toThrow('fetch failed')
  })

  test('reset_mid_stream', async () => {
    arm({ kind: 'reset_mid_stream' })
    await expect(google()).rejects.toThrow('terminated')
    await expect(meta()).rejects.toThrow('terminated')
  })

  test('truncated_json', async () => {
    arm({ kind: 'truncated_json' })
    for (const answer of [await google(), await meta()]) {
      expect(answer.status).toBe(200)
      expect(answer.json).toBeUndefined()
      expect(answer.text.length).toBeGreaterThan(100)
    }
  })

  test('html_502', async () => {
    arm({ kind: 'html_502' })
    for (const answer of [await google(), await meta()]) {
      expect([answer.status, answer.headers.get('content-type')]).toEqual([502, 'text/html; charset=UTF-8'])
    }
  })

  test('status_429', async () => {
    arm({ kind: 'status_429', retryAfterSeconds: 7 })
    const answer = await google()
    expect(googleError(answer)).toBe('429 quotaError RESOURCE_EXHAUSTED')
    expect(answer.text).toContain('"retryDelay":"7s"')
    const throttled = await meta()
    expect(metaError(throttled)).toBe('400 80000/2446079')
    expect(throttled.headers.get('x-ad-account-usage')).toContain('"reset_time_duration":7')
  })

  test('status_500', async () => {
    arm({ kind: 'status_500' })
    expect(googleError(await google())).toBe('500 internalError INTERNAL_ERROR')
    expect(metaError(await meta())).toBe('500 1/99')
  })

  test('status_503', async () => {
    arm({ kind: 'status_503' })
    expect(googleError(await google())).toBe('503 internalError TRANSIENT_ERROR')
    expect(metaError(await meta())).toBe('503 2/1504043')
    expect((await client.token()).status).toBe(503)
  })

  test('token_expired', async () => {
    arm({ kind: 'token_expired', nth: 1 })
    expect(googleError(await google())).toBe('401 authenticationError OAUTH_TOKEN_EXPIRED')
    expect(googleError(await google())).toBe('401 authenticationError OAUTH_TOKEN_EXPIRED')
    await client.token()
    expect((await google()).status).toBe(200)
    arm({ kind: 'token_expired', route: 'meta' })
    expect(metaError(await meta())).toBe('400 190/463')
  })

  test('token_revoked', async () => {
    arm({ kind: 'token_revoked', nth: 2, route: 'google.stream' })
    expect((await google()).status).toBe(200)
    expect(googleError(await google())).toBe('401 authenticationError OAUTH_TOKEN_REVOKED')
    expect((await client.token()).json).toMatchObject({ error: 'invalid_grant' })
    expect((await meta()).status).toBe(200)
    arm({ kind: 'token_revoked', route: 'meta' })
    expect(metaError(await meta())).toBe('400 190/458')
  })

  test('account_suspended', async () => {
    arm({ kind: 'account_suspended', account: googleId }, { kind: 'account_suspended', account: metaId })
    expect(googleError(await google())).toBe('403 authorizationError CUSTOMER_NOT_ENABLED')
    expect(metaError(await meta())).toBe('400 200/-')
    const listed = await client.search(
      sandbox.credentials.loginCustomerId,
      `SELECT customer_client.status FROM customer_client WHERE customer_client.id = ${googleId}`,
    )
    expect(listed.text).toContain('"status":"SUSPENDED"')
    expect((await client.meta(`act_${metaId}`, { fields: 'account_status' })).json).toMatchObject({ account_status: 2 })
    expect((await client.stream(client.account('google_ads', 'KRW').accountId, query)).status).toBe(200)
  })

  test('permission_lost', async () => {
    arm({ kind: 'permission_lost', from: 2 })
    expect((await google()).status).toBe(200)
    expect(googleError(await google())).toBe('403 authorizationError USER_PERMISSION_DENIED')
    expect(metaError(await meta())).toBe('400 200/-')
  })

  test('version_sunset', async () => {
    arm({ kind: 'version_sunset' })
    expect(googleError(await google())).toBe('400 requestError UNSUPPORTED_VERSION')
    expect(metaError(await meta())).toBe('400 2635/-')
  })

  test('too_much_data', async () => {
    arm({ kind: 'too_much_data', route: 'meta' })
    expect(metaError(await meta())).toBe('500 1/-')
  })

  test('wrong_control_total', async () => {
    arm({ kind: 'wrong_control_total' })
    const answer = await google()
    expect(summaryImpressions(answer)).not.toBe(impressionsSum(answer))
    const page = metaPage(await meta())
    expect(Number(page.summary!.impressions)).toBe(page.data.reduce((sum, row) => sum + Number(row.impressions), 0) + 1)
  })

  test('missing_rows', async () => {
    const [whole, wholePage] = [await google(), metaPage(await meta())]
    arm({ kind: 'missing_rows', rows: 3 })
    const answer = await google()
    expect(googleRows(answer)).toEqual(googleRows(whole).slice(3))
    expect(summaryImpressions(answer)).toBe(impressionsSum(whole))
    const page = metaPage(await meta())
    expect(page.data).toEqual(wholePage.data.slice(3))
    expect(page.summary).toEqual(wholePage.summary)
  })

  test('duplicate_page', async () => {
    const whole = googleRows(await google())
    arm({ kind: 'duplicate_page', nth: 1 }, { kind: 'duplicate_page', route: 'meta', nth: 1 })
    expect(googleRows(await google())).toEqual([...whole, ...whole])
    const first = metaPage(await meta({ limit: '5' }))
    const again = metaPage(await meta({ limit: '5', after: first.paging!.cursors.after }))
    expect(again.data).toEqual(first.data)
  })

  test('empty_page', async () => {
    arm({ kind: 'empty_page', nth: 1, route: 'meta' }, { kind: 'empty_page', nth: 1, route: 'google.search' })
    const first = metaPage(await meta())
    expect([first.data.length, typeof first.paging!.next]).toEqual([0, 'string'])
    expect(metaPage(await meta({ after: first.paging!.cursors.after })).data.length).toBeGreaterThan(0)
    const [page] = chunks(await client.search(googleId, query))
    expect([page!.results, typeof page!.nextPageToken]).toEqual([undefined, 'string'])
  })

  test('schema_drift_removed', async () => {
    arm(
      { kind: 'schema_drift_removed', field: 'metrics.clicks', route: 'google' },
      { kind: 'schema_drift_removed', field: 'spend', route: 'meta' },
    )
    expect(new Set(clicksOf(await google()))).toEqual(new Set([undefined]))
    expect(metaPage(await meta()).data.every(({ spend }) => spend === undefined)).toBe(true)
    arm(
      { kind: 'schema_drift_removed', field: 'metrics.clicks', route: 'google', mode: 'error' },
      { kind: 'schema_drift_removed', field: 'spend', route: 'meta', mode: 'error' },
    )
    expect(googleError(await google())).toBe('400 queryError UNRECOGNIZED_FIELD')
    expect(metaError(await meta())).toBe('400 100/-')
  })

  test('schema_drift_type', async () => {
    arm(
      { kind: 'schema_drift_type', field: 'metrics.clicks', value: '"many"', route: 'google' },
      { kind: 'schema_drift_type', field: 'spend', route: 'meta' },
    )
    expect(new Set(clicksOf(await google()))).toEqual(new Set(['many']))
    expect(metaPage(await meta()).data[0]!.spend).toEqual({ value: '1' })
  })

  test('schema_drift_added', async () => {
    arm({ kind: 'schema_drift_added' })
    expect(googleRows(await google())[0]).toHaveProperty('experimentalInsights')
    expect(metaPage(await meta()).data[0]).toHaveProperty('experimental_insights')
  })

  test('restated_day', async () => {
    const before = sandbox.truth('google_ads', googleId, '2026-10-03')
    arm({ kind: 'restated_day', account: googleId, day: '2026-10-03', factor: 2 })
    const after = sandbox.truth('google_ads', googleId, '2026-10-03')
    expect(Number(after[0]!.impressions)).toBeGreaterThan(Number(before[0]!.impressions) * 1.9)
    const answer = await google()
    const row = googleRows(answer).find(
      ({ campaign, segments }) => segments!['date'] === '2026-10-03' && campaign!['id'] === after[0]!.campaignId,
    )
    expect(row!.metrics!['impressions']).toBe(after[0]!.impressions)
    expect(summaryImpressions(answer)).toBe(impressionsSum(answer))
  })

  test('withdrawn_campaign', async () => {
    const campaignId = sandbox.truth('meta_ads', metaId, '2026-10-03')[0]!.campaignId
    const has = async () => {
      const { data, summary } = metaPage(await meta())
      expect(Number(summary!.impressions)).toBe(data.reduce((sum, row) => sum + Number(row.impressions), 0))
      return data.some((row) => row.campaign_id === campaignId)
    }
    arm({ kind: 'withdrawn_campaign', account: metaId, campaignId, nth: 2 })
    expect(await has()).toBe(true)
    expect(await has()).toBe(false)
    expect(await has()).toBe(false)
    expect(sandbox.truth('meta_ads', metaId, '2026-10-03').some((row) => row.campaignId === campaignId)).toBe(false)
  })

  /** Looks at a report until it has ended; gives what it was on every look. */
  async function reportStates(looksMax = 8): Promise<readonly string[]> {
    const submitted = await client.report(metaId, {
      level: 'campaign',
      fields: 'campaign_id,impressions',
      time_range: JSON.stringify({ since: '2026-10-01', until: '2026-10-03' }),
    })
    const id = (submitted.json as { report_run_id: string }).report_run_id
    const states: string[] = []
    for (let look = 0; look < looksMax; look += 1) {
      const answer = await client.meta(id)
      const { async_status: status, error_code: code } = (answer.json ?? {}) as Record<string, string | number>
      states.push(status === undefined ? metaError(answer) : `${status}${code === undefined ? '' : ` ${code}`}`)
      if (/Completed|Failed|Skipped/.test(states.at(-1) ?? '')) break
    }
    return states
  }

  test('job_stuck, job_failed, job_too_large, job_skipped, job_unseen', async () => {
    const running = ['Job Started', 'Job Running', 'Job Running']
    arm()
    expect(await reportStates()).toEqual([...running, 'Job Completed'])
    arm({ kind: 'job_stuck' })
    expect(await reportStates()).toEqual(Array(8).fill('Job Running'))
    arm({ kind: 'job_failed' })
    expect((await reportStates()).at(-1)).toBe('Job Failed -2')
    arm({ kind: 'job_too_large' })
    expect((await reportStates()).at(-1)).toBe('Job Failed 1')
    arm({ kind: 'job_skipped' })
    expect((await reportStates()).at(-1)).toBe('Job Skipped')
    arm({ kind: 'job_unseen', route: 'meta.job', nth: 1 })
    expect(await reportStates()).toEqual(['400 100/33', ...running, 'Job Completed'])
  })

  test('and none was left out', () => {
    expect([...armed].sort()).toEqual(Object.keys(faultKinds).sort())
  })
})

describe('a scenario', () => {
  test('fires by number, from a number on, so many times, and only where it is meant', async () => {
    arm({ kind: 'status_503', route: 'google.stream', account: googleId, nth: 2 })
    const statuses: number[] = []
    for (let i = 0; i < 3; i++) statuses.push((await google()).status)
    expect(statuses).toEqual([200, 503, 200])
    arm({ kind: 'status_503', from: 2, times: 1, route: 'google.stream' })
    statuses.length = 0
    for (let i = 0; i < 4; i++) statuses.push((await google()).status)
    expect(statuses).toEqual([200, 503, 200, 200])
    expect((await meta()).status).toBe(200)
    expect(
      sandbox
        .log()
        .slice(-5)
        .map(({ faults }) => faults.join()),
    ).toEqual(['', 'status_503', '', '', ''])
  })

  test('replays: one seed and one order of requests give one schedule', () => {
    const schedule = (scenario: Scenario, length: number) => {
      const book = new ScenarioBook()
      book.install(scenario)
      return Array.from({ length }, (_, index) =>
        [...book.hit(index % 2 ? 'google.stream' : 'meta.insights', String(index % 3)).keys()].join(),
      )
    }
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0.05, max: 0.95, noNaN: true }), (seed, probability) => {
        const scenario: Scenario = {
          seed,
          faults: [
            { kind: 'reset', probability },
            { kind: 'status_429', probability, account: '1', times: 3 },
          ],
        }
        expect(schedule(scenario, 50)).toEqual(schedule(scenario, 50))
      }),
      { seed: 13, numRuns: 50 },
    )
    const often = schedule({ seed: 2, faults: [{ kind: 'reset', probability: 0.3 }] }, 1000).filter(
      (one) => one === 'reset',
    )
    expect(often.length).toBeGreaterThan(250)
    expect(often.length).toBeLessThan(350)
  })

  test('with an unknown fault or route is refused', () => {
    const install = (fault: object) => {
      try {
        sandbox.scenario({ faults: [fault as Fault] })
      } catch (error) {
        return isMillraceError(error) ? error.code : error
      }
      return undefined
    }
    expect(install({ kind: 'earthquake' })).toBe('SANDBOX_FAULT_UNKNOWN')
    expect(install({ kind: 'reset', route: 'nowhere' })).toBe('SANDBOX_FAULT_UNKNOWN')
  })
})

describe('control routes', () => {
  const control = async (path: string, body?: object) => {
    const response = await fetch(
      `${sandbox.url}/__sandbox/${path}`,
      body ? { method: 'POST', body: JSON.stringify(body) } : {},
    )
    return { status: response.status, json: (await response.json()) as Record<string, unknown> }
  }

  test('move the clock, arm faults, and tell truth, quota and log to another process', async () => {
    await control('clock', { nowMs: '2026-11-23T00:00:00Z' })
    expect(sandbox.nowMs()).toBe(Date.parse('2026-11-23T00:00:00Z'))
    await control('clock', { nowMs })
    expect((await control('scenario', { faults: [{ kind: 'status_500', route: 'meta' }] })).json).toEqual({ faults: 1 })
    expect((await meta()).status).toBe(500)
    const { json } = await control(`truth?platform=meta_ads&account=${metaId}&day=2026-10-03`)
    expect(json['rows']).toEqual(sandbox.truth('meta_ads', metaId, '2026-10-03'))
    const early = await control(`truth?platform=meta_ads&account=${metaId}&day=2026-10-03&as_of=2026-10-04T08:00:00Z`)
    expect(early.json['rows']).not.toEqual(json['rows'])
    expect((await control('quota')).json['requests']).toMatchObject({ 'meta.insights': expect.any(Number) as number })
    const { requests } = (await control('log')).json as { requests: { route: string; status: number; query: string }[] }
    expect(requests.at(-1)).toMatchObject({ route: 'meta.insights', status: 500, faults: ['status_500'] })
    expect(JSON.stringify(requests)).not.toContain(sandbox.credentials.metaAccessToken)
  })

  test('refuse what they do not understand', async () => {
    expect((await control('clock', { nowMs: 'soon' })).status).toBe(400)
    expect((await control('scenario', { faults: [{ kind: 'x' }] })).json['error']).toBe('SANDBOX_FAULT_UNKNOWN')
    expect((await control('truth?platform=meta_ads&account=1&day=2026-10-03')).json['error']).toBe(
      'SANDBOX_ACCOUNT_UNKNOWN',
    )
    expect((await control('weather')).status).toBe(404)
  })
})
