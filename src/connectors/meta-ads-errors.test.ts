import { describe, expect, test } from 'vitest'
import type { ErrorCode } from '../domain/errors.ts'
import { classifyMeta } from './meta-ads-errors.ts'
import { usageOf } from './meta-ads-usage.ts'

type Words = Readonly<Record<string, unknown>>

/** `type` is OAuthException throughout, as Meta has it even where no token is concerned: nothing may depend on it. */
const graph = (code: number, message: string, words: Words = {}) => ({
  error: { message, type: 'OAuthException', code, fbtrace_id: 'AbC', ...words },
})

const sub = (error_subcode: number): Words => ({ error_subcode })

const cases: readonly (readonly [name: string, status: number, body: unknown, code: ErrorCode])[] = [
  ['app limit', 400, graph(4, '(#4) Application request limit reached', sub(1504022)), 'CONNECTORS_QUOTA'],
  ['user limit', 400, graph(17, 'User request limit reached', sub(2446079)), 'CONNECTORS_QUOTA'],
  ['page limit', 400, graph(32, 'Page request limit reached'), 'CONNECTORS_QUOTA'],
  ['custom limit', 400, graph(613, 'Calls to this api have exceeded the rate limit.'), 'CONNECTORS_QUOTA'],
  ['insights limit', 400, graph(80000, 'There have been too many calls from this ad-account.'), 'CONNECTORS_QUOTA'],
  [
    'account limit',
    400,
    graph(80004, 'Demasiadas llamadas a esta cuenta publicitaria.', sub(2446079)),
    'CONNECTORS_QUOTA',
  ],
  ['unknown error', 500, graph(1, 'An unknown error occurred', sub(99)), 'CONNECTORS_TRANSIENT'],
  ['timeout', 400, graph(2, 'Service temporarily unavailable', sub(1504038)), 'CONNECTORS_TRANSIENT'],
  ['connection reset', 400, graph(104, 'Connection reset by peer'), 'CONNECTORS_TRANSIENT'],
  ['failed job', 400, graph(-2, 'Report failed', sub(2490547)), 'CONNECTORS_TRANSIENT'],
  ['transient by its mark', 400, graph(99_999, 'x', { is_transient: true }), 'CONNECTORS_TRANSIENT'],
  [
    'too much',
    500,
    graph(1, "Please reduce the amount of data you're asking for, then retry your request"),
    'CONNECTORS_TOO_MUCH_DATA',
  ],
  ['too much by subcode', 400, graph(100, 'x', sub(1487534)), 'CONNECTORS_TOO_MUCH_DATA'],
  ['synchronous timeout', 400, graph(100, 'x', sub(1504018)), 'CONNECTORS_TOO_MUCH_DATA'],
  [
    'session expired',
    400,
    graph(190, 'Error validating access token: Session has expired', sub(463)),
    'CONNECTORS_AUTH_EXPIRED',
  ],
  ['password changed', 400, graph(190, 'La sesión se ha invalidado', sub(460)), 'CONNECTORS_AUTH_REVOKED'],
  ['app removed', 400, graph(190, 'The user has not authorized application', sub(458)), 'CONNECTORS_AUTH_REVOKED'],
  ['no token', 400, graph(2500, 'An active access token must be used'), 'CONNECTORS_AUTH_MISSING'],
  ['no right', 403, graph(200, 'Ad account owner has NOT grant ads_read permission'), 'CONNECTORS_PERMISSION'],
  ['no right by words', 400, graph(100, '(#100) Missing permissions'), 'CONNECTORS_PERMISSION'],
  [
    'no such object',
    400,
    graph(100, "Unsupported get request. Object with ID 'act_1' does not exist", sub(33)),
    'CONNECTORS_PERMISSION',
  ],
  [
    'field gone',
    400,
    graph(100, '(#100) Tried accessing nonexisting field (x) on node type (AdsInsights)'),
    'CONNECTORS_SCHEMA_DRIFT',
  ],
  ['field not valid', 400, graph(100, 'x is not valid for fields param.'), 'CONNECTORS_SCHEMA_DRIFT'],
  ['wrong parameter', 400, graph(100, '(#100) Invalid parameter'), 'CONNECTORS_BAD_REQUEST'],
  ['wrong breakdowns', 400, graph(2, 'Invalid breakdowns', sub(1504041)), 'CONNECTORS_BAD_REQUEST'],
  ['too old', 400, graph(3018, 'The start date cannot be beyond 37 months'), 'CONNECTORS_RETENTION'],
  [
    'version gone',
    400,
    graph(2635, 'You are calling a deprecated version of the Ads API.'),
    'CONNECTORS_VERSION_SUNSET',
  ],
  ['version unknown', 400, graph(2500, 'Unknown path components: /v99.0'), 'CONNECTORS_VERSION_SUNSET'],
  ['new code, server side', 503, graph(123_456, 'x'), 'CONNECTORS_TRANSIENT'],
  ['new code, our side', 400, graph(123_456, 'x'), 'CONNECTORS_BAD_REQUEST'],
]

test.for(cases)('%s is %s %s %s', ([, status, body, code]) => {
  const error = classifyMeta({ status, headers: new Headers(), body, account: '1', nowMs: 0 }, 'v26.0')
  expect(error?.code).toBe(code)
  expect(error?.message).not.toMatch(/\{\w+\}/)
})

test('the words for people, in their language, stand in the message', () => {
  const body = graph(80004, 'raw', { error_user_msg: '잠시 후 다시 시도하세요.' })
  const error = classifyMeta({ status: 400, headers: new Headers(), body, account: '1', nowMs: 0 }, 'v26.0')
  expect(error?.explain('ko').why).toContain('잠시 후 다시 시도하세요. (80004)')
})

test('a page of HTML is nothing of Meta’s', () => {
  const failed = { status: 502, headers: new Headers(), body: undefined, account: null, nowMs: 0 }
  expect(classifyMeta(failed, 'v26.0')).toBeUndefined()
})

describe('when calls are answered again', () => {
  const throttled = (headers: Readonly<Record<string, string>>) =>
    classifyMeta({ status: 400, headers: new Headers(headers), body: graph(17, 'x'), account: '1', nowMs: 0 }, 'v26.0')

  const entry = (type: string, minutes: number, percent: number) => ({
    type,
    call_count: percent,
    total_cputime: 1,
    total_time: 1,
    estimated_time_to_regain_access: minutes,
  })

  test('the busiest of all entries counts, and it speaks in minutes', () => {
    const usage = JSON.stringify({ '77': [entry('ads_management', 0, 5), entry('ads_insights', 19, 100)] })
    expect(throttled({ 'x-business-use-case-usage': usage })?.retryAfterMs).toBe(19 * 60_000)
  })

  test('the account’s own header speaks in seconds, and only when the budget is used up', () => {
    const header = (percent: number) => ({
      'x-ad-account-usage': JSON.stringify({ acc_id_util_pct: percent, reset_time_duration: 100 }),
    })
    expect(throttled(header(100))?.retryAfterMs).toBe(100_000)
    expect(throttled(header(9.67))?.retryAfterMs).toBe(5_000)
  })

  test('without a word of it a minute is waited, and Retry-After beats all', () => {
    expect(throttled({})?.retryAfterMs).toBe(60_000)
    expect(throttled({ 'retry-after': '3', 'x-app-usage': '{"call_count":100}' })?.retryAfterMs).toBe(3_000)
  })

  test('a usage header that cannot be read is passed over', () => {
    expect(usageOf(new Headers({ 'x-app-usage': 'soon', 'x-ad-account-usage': '[]' }))).toEqual([])
  })
})
