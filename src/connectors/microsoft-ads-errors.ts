import { z } from 'zod'
import type { ErrorCode } from '../domain/errors.ts'
import { MillraceError } from '../domain/errors.ts'
import type { FailedAnswer } from './http.ts'
import { retryAfterMs } from './retry.ts'

type ConnectorsCode = Extract<ErrorCode, `CONNECTORS_${string}`>

const errorSchema = z.object({
  Code: z.coerce.number().default(0),
  ErrorCode: z.string().default(''),
  Message: z.string().nullish(),
  Details: z.string().nullish(),
})

/** `{"OperationErrors":[{"Code","ErrorCode","Message"}],"BatchErrors":[],"TrackingId"}`, or `Errors` where signing in is refused. */
const bodySchema = z.object({
  OperationErrors: z.array(errorSchema).nullish(),
  BatchErrors: z.array(errorSchema).nullish(),
  Errors: z.array(errorSchema).nullish(),
  TrackingId: z.string().nullish(),
})

/** What a number means here. Source: the operation error codes of Microsoft Advertising, v13. */
const codes: Readonly<Record<number, ConnectorsCode>> = {
  0: 'CONNECTORS_TRANSIENT',
  105: 'CONNECTORS_AUTH_REVOKED',
  106: 'CONNECTORS_PERMISSION',
  109: 'CONNECTORS_AUTH_EXPIRED',
  117: 'CONNECTORS_QUOTA',
  207: 'CONNECTORS_QUOTA',
}

/** Services number the same thing differently; the names of their errors tell what it is. */
const words: readonly (readonly [pattern: RegExp, meaning: ConnectorsCode])[] = [
  [/TokenExpired/i, 'CONNECTORS_AUTH_EXPIRED'],
  [/DeveloperToken|MissingCredential/i, 'CONNECTORS_AUTH_MISSING'],
  [/InvalidCredentials|AuthenticationFailed/i, 'CONNECTORS_AUTH_REVOKED'],
  [/RateExceeded|OverLimit|Throttl/i, 'CONNECTORS_QUOTA'],
  [/VersionNoLongerSupported|UnsupportedVersion/i, 'CONNECTORS_VERSION_SUNSET'],
  [/NotAuthorized|Unauthorized|AccessDenied|InvalidAccount/i, 'CONNECTORS_PERMISSION'],
  [/Column/i, 'CONNECTORS_SCHEMA_DRIFT'],
  [/DataNotAvailable|TimePeriodTooOld|Retention/i, 'CONNECTORS_RETENTION'],
  [/InternalError|Timeout|Unavailable/i, 'CONNECTORS_TRANSIENT'],
]

function meaningOf(error: z.output<typeof errorSchema>, status: number): ConnectorsCode {
  const byWords = words.find(([pattern]) => pattern.test(error.ErrorCode))
  if (byWords) return byWords[1]
  const byCode = error.ErrorCode === '' || error.Code !== 0 ? codes[error.Code] : undefined
  if (byCode) return byCode
  return status >= 500 ? 'CONNECTORS_TRANSIENT' : 'CONNECTORS_BAD_REQUEST'
}

/** Microsoft asks to wait a minute after calls came too fast; it says so in its documents, seldom in the answer. */
const minuteMs = 60_000

/** The error that an answer of Microsoft's means; undefined when it is not in Microsoft's form. */
export function classifyMicrosoft(failed: FailedAnswer, version: string): MillraceError | undefined {
  const read = bodySchema.safeParse(failed.body)
  const known = read.success ? read.data : {}
  const [first] = [...(known.OperationErrors ?? []), ...(known.BatchErrors ?? []), ...(known.Errors ?? [])]
  const error = first ?? (failed.status === 429 ? { Code: 117, ErrorCode: 'CallRateExceeded' } : undefined)
  if (!error) return undefined
  const meaning = meaningOf(error, failed.status)
  const said = [error.Message, error.Details].filter((one) => one !== undefined && one !== null && one !== '')
  const detail = `${said.length > 0 ? said.join(' ') : error.ErrorCode} (${error.Code} ${error.ErrorCode})`
  const facts = {
    platform: 'microsoft_ads',
    account: failed.account,
    detail,
    version,
    requestId: known.TrackingId ?? undefined,
  }
  if (meaning !== 'CONNECTORS_QUOTA') return new MillraceError(meaning, facts)
  const waitMs = retryAfterMs(failed.headers, failed.nowMs) ?? minuteMs
  return new MillraceError(meaning, { ...facts, waitSeconds: Math.ceil(waitMs / 1000) }, { retryAfterMs: waitMs })
}
