import { expect, test } from 'vitest'
import type { ErrorCode } from '../domain/errors.ts'
import { classifyGoogle } from './google-ads-errors.ts'

/** A body as the API writes it for one or more members of error families. */
function failure(status: number, rpc: string, errors: readonly object[], requestId = 'DAGmiQASehxBOapQ90kf_A') {
  const details = [
    { '@type': 'type.googleapis.com/google.ads.googleads.v24.errors.GoogleAdsFailure', errors, requestId },
  ]
  return { error: { code: status, message: 'Request contains an invalid argument.', status: rpc, details } }
}

const one = (family: string, member: string, message = member) => ({ errorCode: { [family]: member }, message })

const quotaError = {
  ...one('quotaError', 'RESOURCE_EXHAUSTED', 'Too many requests. Retry in 8962 seconds.'),
  details: {
    quotaErrorDetails: {
      rateScope: 'DEVELOPER',
      rateName: 'Number of operations for explorer access',
      retryDelay: '8962s',
    },
  },
}

const bare = (code: number, status: string, message: string, details: readonly object[] = []) => ({
  error: { code, message, status, ...(details.length > 0 && { details }) },
})

interface Case {
  readonly name: string
  readonly status: number
  readonly body: unknown
  readonly code: ErrorCode
  readonly retryAfterMs?: number
  readonly headers?: Readonly<Record<string, string>>
}

const invalid = (family: string, member: string, code: ErrorCode, message?: string): Case => ({
  name: `${family}: ${member}`,
  status: 400,
  body: failure(400, 'INVALID_ARGUMENT', [one(family, member, message)]),
  code,
})

const cases: readonly Case[] = [
  invalid(
    'queryError',
    'UNRECOGNIZED_FIELD',
    'CONNECTORS_SCHEMA_DRIFT',
    "Unrecognized field in the query: 'campaign.ids'.",
  ),
  invalid('queryError', 'REQUESTED_METRICS_FOR_MANAGER', 'CONNECTORS_MANAGER_ACCOUNT'),
  invalid('queryError', 'EXPECTED_FILTERS_ON_DATE_RANGE', 'CONNECTORS_BAD_REQUEST'),
  invalid('requestError', 'UNSUPPORTED_VERSION', 'CONNECTORS_VERSION_SUNSET'),
  invalid('requestError', 'EXPIRED_PAGE_TOKEN', 'CONNECTORS_TRANSIENT'),
  invalid('requestError', 'INVALID_CUSTOMER_ID', 'CONNECTORS_BAD_REQUEST'),
  invalid('dateRangeError', 'REQUESTED_DATE_GRANULARITY_NOT_SUPPORTED', 'CONNECTORS_RETENTION'),
  invalid('authenticationError', 'CUSTOMER_NOT_FOUND', 'CONNECTORS_ACCOUNT_UNAVAILABLE'),
  invalid('campaignError', 'DUPLICATE_CAMPAIGN_NAME', 'CONNECTORS_BAD_REQUEST'),
  ...(
    [
      ['authenticationError', 'OAUTH_TOKEN_EXPIRED', 'CONNECTORS_AUTH_EXPIRED', 401],
      ['authenticationError', 'OAUTH_TOKEN_REVOKED', 'CONNECTORS_AUTH_REVOKED', 401],
      ['authenticationError', 'NOT_ADS_USER', 'CONNECTORS_PERMISSION', 401],
      ['authenticationError', 'TWO_STEP_VERIFICATION_NOT_ENROLLED', 'CONNECTORS_PERMISSION', 401],
      ['authorizationError', 'USER_PERMISSION_DENIED', 'CONNECTORS_PERMISSION', 403],
      ['authorizationError', 'CUSTOMER_NOT_ENABLED', 'CONNECTORS_ACCOUNT_UNAVAILABLE', 403],
      ['authorizationError', 'CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION', 'CONNECTORS_PERMISSION', 403],
      ['quotaError', 'ACCESS_PROHIBITED', 'CONNECTORS_PERMISSION', 403],
      ['internalError', 'TRANSIENT_ERROR', 'CONNECTORS_TRANSIENT', 503],
      ['internalError', 'DEADLINE_EXCEEDED', 'CONNECTORS_TRANSIENT', 504],
    ] as const
  ).map(([family, member, code, status]): Case => ({
    name: `${family}: ${member}`,
    status,
    body: [failure(status, 'X', [one(family, member)])],
    code,
  })),
  {
    name: 'quota with its delay',
    status: 429,
    body: [failure(429, 'RESOURCE_EXHAUSTED', [quotaError])],
    code: 'CONNECTORS_QUOTA',
    retryAfterMs: 8_962_000,
  },
  {
    name: 'quota whose delay is only in the words',
    status: 429,
    body: failure(429, 'RESOURCE_EXHAUSTED', [
      one('quotaError', 'RESOURCE_EXHAUSTED', 'Too many requests. Retry in 12 seconds.'),
    ]),
    code: 'CONNECTORS_QUOTA',
    retryAfterMs: 12_000,
  },
  {
    name: 'quota whose delay is in the header',
    status: 429,
    body: failure(429, 'RESOURCE_EXHAUSTED', [one('quotaError', 'RESOURCE_TEMPORARILY_EXHAUSTED')]),
    code: 'CONNECTORS_QUOTA',
    headers: { 'retry-after': '7' },
    retryAfterMs: 7_000,
  },
  {
    name: 'quota without any delay',
    status: 429,
    body: failure(429, 'RESOURCE_EXHAUSTED', [one('quotaError', 'EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION')]),
    code: 'CONNECTORS_QUOTA',
    retryAfterMs: 60_000,
  },
  {
    name: 'the layer before the API: quota with RetryInfo',
    status: 429,
    body: bare(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded', [{ '@type': 'google.rpc.RetryInfo', retryDelay: '1.5s' }]),
    code: 'CONNECTORS_QUOTA',
    retryAfterMs: 1_500,
  },
  {
    name: 'bare unauthenticated',
    status: 401,
    body: bare(401, 'UNAUTHENTICATED', 'x'),
    code: 'CONNECTORS_AUTH_EXPIRED',
  },
  {
    name: 'bare permission denied',
    status: 403,
    body: bare(403, 'PERMISSION_DENIED', 'x'),
    code: 'CONNECTORS_PERMISSION',
  },
  { name: 'bare unavailable', status: 503, body: bare(503, 'UNAVAILABLE', 'x'), code: 'CONNECTORS_TRANSIENT' },
  { name: 'a version gone: 404 as a page', status: 404, body: undefined, code: 'CONNECTORS_VERSION_SUNSET' },
  {
    name: 'of several, what waiting cannot cure',
    status: 400,
    body: failure(400, 'INVALID_ARGUMENT', [
      one('internalError', 'TRANSIENT_ERROR'),
      quotaError,
      one('authorizationError', 'USER_PERMISSION_DENIED'),
      one('queryError', 'BAD_VALUE'),
    ]),
    code: 'CONNECTORS_PERMISSION',
  },
  {
    name: 'of several in an array of bodies',
    status: 400,
    body: [
      failure(500, 'INTERNAL', [one('internalError', 'INTERNAL_ERROR')]),
      failure(400, 'X', [one('requestError', 'UNSUPPORTED_VERSION')]),
    ],
    code: 'CONNECTORS_VERSION_SUNSET',
  },
]

test.for(cases)('$name is $code', ({ status, body, code, retryAfterMs, headers = {} }) => {
  const error = classifyGoogle({ status, headers: new Headers(headers), body, account: '123', nowMs: 0 }, 'v24')
  expect(error?.code).toBe(code)
  expect(error?.retryAfterMs).toBe(retryAfterMs)
  expect(error?.message).not.toMatch(/\{\w+\}/)
})

test('numbers that a streaming reader left as text change nothing', () => {
  const body = JSON.parse(
    JSON.stringify(failure(400, 'INVALID_ARGUMENT', [one('dateError', 'EARLIER_THAN_MINIMUM_DATE')])),
    (_key, value: unknown) => (typeof value === 'number' ? String(value) : value),
  ) as unknown
  const error = classifyGoogle({ status: 200, headers: new Headers(), body, account: '1', nowMs: 0 }, 'v24')
  expect(error?.code).toBe('CONNECTORS_RETENTION')
})

test('the message names account, words, family and request', () => {
  const body = failure(403, 'PERMISSION_DENIED', [
    one('authorizationError', 'CUSTOMER_NOT_ENABLED', 'It is not enabled'),
  ])
  const error = classifyGoogle({ status: 403, headers: new Headers(), body, account: '123', nowMs: 0 }, 'v24')
  expect(error?.message).toContain('google_ads account 123 is not available')
  expect(error?.message).toContain('It is not enabled (authorizationError: CUSTOMER_NOT_ENABLED)')
  expect(error?.facts['requestId']).toBe('DAGmiQASehxBOapQ90kf_A')
})

test.for([502, 200, 418])('a page of HTML with status %s is nothing of Google’s', (status) => {
  expect(
    classifyGoogle({ status, headers: new Headers(), body: undefined, account: null, nowMs: 0 }, 'v24'),
  ).toBeUndefined()
})
