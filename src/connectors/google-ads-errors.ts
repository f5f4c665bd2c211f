import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'
import type { ErrorCode } from '../domain/errors.ts'
import type { FailedAnswer } from './http.ts'
import { retryAfterMs } from './retry.ts'

type ConnectorsCode = Extract<ErrorCode, `CONNECTORS_${string}`>

/**
 * `{"error":{"code","message","status","details":[…]}}`; searchStream wraps it in an array. Numbers may be text, because the
 * streaming reader keeps digits. Everything is optional: a gateway in front of the API answers parts of this form only.
 */
const bodySchema = z.object({
  error: z.object({
    message: z.string().default(''),
    status: z.string().default(''),
    details: z
      .array(
        z.object({
          errors: z
            .array(
              z.object({
                errorCode: z.record(z.string(), z.unknown()).default({}),
                message: z.string().default(''),
                details: z
                  .object({
                    quotaErrorDetails: z
                      .object({ retryDelay: z.string(), rateName: z.string(), rateScope: z.string() })
                      .partial()
                      .optional(),
                  })
                  .optional(),
              }),
            )
            .default([]),
          requestId: z.string().optional(),
          retryDelay: z.string().optional(),
        }),
      )
      .default([]),
  }),
})

type Body = z.output<typeof bodySchema>

/**
 * What a member of an error family means here; `rest` is every other member of it. Source: the error protos of the API.
 * Families that are missing (there are 168, nearly all about writing) are CONNECTORS_BAD_REQUEST.
 */
const families: Readonly<Record<string, Readonly<Record<string, ConnectorsCode>> & { readonly rest: ConnectorsCode }>> =
  {
    authenticationError: {
      OAUTH_TOKEN_EXPIRED: 'CONNECTORS_AUTH_EXPIRED',
      OAUTH_TOKEN_INVALID: 'CONNECTORS_AUTH_EXPIRED',
      AUTHENTICATION_ERROR: 'CONNECTORS_AUTH_EXPIRED',
      OAUTH_TOKEN_REVOKED: 'CONNECTORS_AUTH_REVOKED',
      OAUTH_TOKEN_DISABLED: 'CONNECTORS_AUTH_REVOKED',
      GOOGLE_ACCOUNT_DELETED: 'CONNECTORS_AUTH_REVOKED',
      OAUTH_TOKEN_HEADER_INVALID: 'CONNECTORS_AUTH_MISSING',
      DEVELOPER_TOKEN_INVALID: 'CONNECTORS_AUTH_MISSING',
      CUSTOMER_NOT_FOUND: 'CONNECTORS_ACCOUNT_UNAVAILABLE',
      CLIENT_CUSTOMER_ID_INVALID: 'CONNECTORS_BAD_REQUEST',
      rest: 'CONNECTORS_PERMISSION',
    },
    authorizationError: {
      CUSTOMER_NOT_ENABLED: 'CONNECTORS_ACCOUNT_UNAVAILABLE',
      ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT: 'CONNECTORS_ACCOUNT_UNAVAILABLE',
      rest: 'CONNECTORS_PERMISSION',
    },
    customerError: { rest: 'CONNECTORS_ACCOUNT_UNAVAILABLE' },
    headerError: { rest: 'CONNECTORS_PERMISSION' },
    quotaError: { ACCESS_PROHIBITED: 'CONNECTORS_PERMISSION', rest: 'CONNECTORS_QUOTA' },
    internalError: { ERROR_CODE_NOT_PUBLISHED: 'CONNECTORS_BAD_REQUEST', rest: 'CONNECTORS_TRANSIENT' },
    databaseError: {
      CONCURRENT_MODIFICATION: 'CONNECTORS_TRANSIENT',
      REQUEST_TOO_LARGE: 'CONNECTORS_TOO_MUCH_DATA',
      rest: 'CONNECTORS_BAD_REQUEST',
    },
    dateRangeError: {
      REQUESTED_DATE_GRANULARITY_NOT_SUPPORTED: 'CONNECTORS_RETENTION',
      rest: 'CONNECTORS_BAD_REQUEST',
    },
    dateError: { EARLIER_THAN_MINIMUM_DATE: 'CONNECTORS_RETENTION', rest: 'CONNECTORS_BAD_REQUEST' },
    requestError: {
      UNSUPPORTED_VERSION: 'CONNECTORS_VERSION_SUNSET',
      EXPIRED_PAGE_TOKEN: 'CONNECTORS_TRANSIENT',
      INVALID_PAGE_TOKEN: 'CONNECTORS_TRANSIENT',
      RPC_DEADLINE_TOO_SHORT: 'CONNECTORS_TRANSIENT',
      CANNOT_BE_EXECUTED_BY_MANAGER_ACCOUNT: 'CONNECTORS_MANAGER_ACCOUNT',
      DEVELOPER_TOKEN_PARAMETER_MISSING: 'CONNECTORS_AUTH_MISSING',
      LOGIN_CUSTOMER_ID_PARAMETER_MISSING: 'CONNECTORS_AUTH_MISSING',
      CLOUD_PROJECT_NOT_FOUND: 'CONNECTORS_PERMISSION',
      rest: 'CONNECTORS_BAD_REQUEST',
    },
    queryError: {
      REQUESTED_METRICS_FOR_MANAGER: 'CONNECTORS_MANAGER_ACCOUNT',
      UNRECOGNIZED_FIELD: 'CONNECTORS_SCHEMA_DRIFT',
      BAD_FIELD_NAME: 'CONNECTORS_SCHEMA_DRIFT',
      PROHIBITED_FIELD_IN_SELECT_CLAUSE: 'CONNECTORS_SCHEMA_DRIFT',
      PROHIBITED_METRIC_IN_SELECT_OR_WHERE_CLAUSE: 'CONNECTORS_SCHEMA_DRIFT',
      DATE_RANGE_TOO_WIDE: 'CONNECTORS_TOO_MUCH_DATA',
      rest: 'CONNECTORS_BAD_REQUEST',
    },
  }

/** What google.rpc.Status says when no GoogleAdsFailure is beside it: the answer of the layers before the Ads API itself. */
const statuses: Readonly<Record<string, ConnectorsCode>> = {
  UNAUTHENTICATED: 'CONNECTORS_AUTH_EXPIRED',
  PERMISSION_DENIED: 'CONNECTORS_PERMISSION',
  RESOURCE_EXHAUSTED: 'CONNECTORS_QUOTA',
  NOT_FOUND: 'CONNECTORS_VERSION_SUNSET',
  UNIMPLEMENTED: 'CONNECTORS_VERSION_SUNSET',
  INVALID_ARGUMENT: 'CONNECTORS_BAD_REQUEST',
  UNAVAILABLE: 'CONNECTORS_TRANSIENT',
  INTERNAL: 'CONNECTORS_TRANSIENT',
  DEADLINE_EXCEEDED: 'CONNECTORS_TRANSIENT',
  ABORTED: 'CONNECTORS_TRANSIENT',
  CANCELLED: 'CONNECTORS_TRANSIENT',
  UNKNOWN: 'CONNECTORS_TRANSIENT',
}

/** Of several errors in one answer the first of this list counts: what waiting cannot cure comes before what it can. */
const consequence: readonly ConnectorsCode[] = [
  'CONNECTORS_AUTH_REVOKED',
  'CONNECTORS_AUTH_MISSING',
  'CONNECTORS_PERMISSION',
  'CONNECTORS_ACCOUNT_UNAVAILABLE',
  'CONNECTORS_MANAGER_ACCOUNT',
  'CONNECTORS_VERSION_SUNSET',
  'CONNECTORS_AUTH_EXPIRED',
  'CONNECTORS_RETENTION',
  'CONNECTORS_SCHEMA_DRIFT',
  'CONNECTORS_TOO_MUCH_DATA',
  'CONNECTORS_BAD_REQUEST',
  'CONNECTORS_QUOTA',
  'CONNECTORS_TRANSIENT',
]

/** Waited for when Google names no delay: its short-term limits are counted by the minute. */
const quotaDelayMsDefault = 60_000

interface Finding {
  readonly code: ConnectorsCode
  readonly detail: string
  readonly retryAfterMs: number | undefined
  /** ACCOUNT, or DEVELOPER for the project as a whole. */
  readonly rateScope?: string | undefined
}

/** The error that a Google answer means; undefined when it is not one of Google's own. `version` is named when it is the culprit. */
export function classifyGoogle(failed: FailedAnswer, version: string): MillraceError | undefined {
  const findings = findingsOf(failed)
  const worst = consequence.flatMap((code) => findings.find((one) => one.code === code) ?? [])[0]
  if (!worst) return undefined
  const named = retryAfterMs(failed.headers, failed.nowMs)
  const quotaMs = worst.code === 'CONNECTORS_QUOTA' ? (worst.retryAfterMs ?? named ?? quotaDelayMsDefault) : undefined
  const waitMs = quotaMs ?? (worst.code === 'CONNECTORS_TRANSIENT' ? named : undefined)
  const facts = {
    platform: 'google_ads',
    account: failed.account,
    detail: worst.detail,
    version,
    requestId: requestIdOf(failed),
    ...(quotaMs !== undefined && { waitSeconds: Math.ceil(quotaMs / 1000) }),
    ...(worst.rateScope === 'DEVELOPER' && { quotaScope: 'all' }),
  }
  return new MillraceError(worst.code, facts, { retryAfterMs: waitMs })
}

function findingsOf(failed: FailedAnswer): readonly Finding[] {
  const bodies = (Array.isArray(failed.body) ? failed.body : [failed.body]).flatMap((one) => {
    const read = bodySchema.safeParse(one)
    return read.success ? [read.data] : []
  })
  if (bodies.length === 0) return withoutBody(failed)
  return bodies.flatMap((body) => {
    const specific = adsFailures(body)
    return specific.length > 0 ? specific : [rpcStatus(body, failed.status)]
  })
}

function adsFailures({ error }: Body): readonly Finding[] {
  return error.details.flatMap(({ errors }) =>
    errors.map((one): Finding => {
      const [family = 'unknown', member] = Object.entries(one.errorCode)[0] ?? []
      const name = String(member)
      const table = families[family]
      const code = table
        ? Object.hasOwn(table, name) && name !== 'rest'
          ? table[name]!
          : table.rest
        : 'CONNECTORS_BAD_REQUEST'
      const delay = one.details?.quotaErrorDetails?.retryDelay
      return {
        code,
        detail: `${one.message || error.message} (${family}: ${name})`,
        retryAfterMs: durationMs(delay) ?? spokenDelayMs(one.message),
        rateScope: one.details?.quotaErrorDetails?.rateScope,
      }
    }),
  )
}

function rpcStatus({ error }: Body, status: number): Finding {
  const bare = status >= 500 ? 'CONNECTORS_TRANSIENT' : 'CONNECTORS_BAD_REQUEST'
  const delay = error.details.map((one) => one.retryDelay).find((one) => one !== undefined)
  const detail = `${error.message} (${error.status || status})`
  return { code: statuses[error.status] ?? bare, detail, retryAfterMs: durationMs(delay) }
}

/** A page without JSON: a version that was switched off answers 404 with HTML, everything else is a gateway's. */
function withoutBody({ status }: FailedAnswer): readonly Finding[] {
  if (status === 404)
    return [{ code: 'CONNECTORS_VERSION_SUNSET', detail: 'HTTP 404 Not Found', retryAfterMs: undefined }]
  if (status === 429)
    return [{ code: 'CONNECTORS_QUOTA', detail: 'HTTP 429 Too Many Requests', retryAfterMs: undefined }]
  return []
}

/** A google.protobuf.Duration in JSON: `8962s`, `1.5s`. */
function durationMs(text: string | undefined): number | undefined {
  const seconds = /^(\d+(?:\.\d+)?)s$/.exec(text ?? '')?.[1]
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000)
}

/** "Too many requests. Retry in 8962 seconds." stands in the message even where the structured delay is absent. */
function spokenDelayMs(message: string): number | undefined {
  const seconds = /retry in (\d+) seconds/i.exec(message)?.[1]
  return seconds === undefined ? undefined : Number(seconds) * 1000
}

function requestIdOf(failed: FailedAnswer): string | undefined {
  const first = bodySchema.safeParse(Array.isArray(failed.body) ? failed.body[0] : failed.body)
  const inBody = first.success ? first.data.error.details.find((one) => one.requestId)?.requestId : undefined
  return inBody ?? failed.headers.get('request-id') ?? undefined
}
