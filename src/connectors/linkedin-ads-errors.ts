import { z } from 'zod'
import type { ErrorCode } from '../domain/errors.ts'
import { MillraceError } from '../domain/errors.ts'
import type { FailedAnswer } from './http.ts'
import { retryAfterMs } from './retry.ts'

type ConnectorsCode = Extract<ErrorCode, `CONNECTORS_${string}`>

/** `{"status":401,"serviceErrorCode":65602,"code":"EXPIRED_ACCESS_TOKEN","message":"…"}` */
const bodySchema = z.object({
  status: z.coerce.number().optional(),
  serviceErrorCode: z.coerce.number().optional(),
  code: z.string().default(''),
  message: z.string().default(''),
})

type LinkedinError = z.output<typeof bodySchema>

/** What a word of `code` means here. Source: the error pages of LinkedIn's API guide and Marketing API. */
const codes: Readonly<Record<string, ConnectorsCode>> = {
  EXPIRED_ACCESS_TOKEN: 'CONNECTORS_AUTH_EXPIRED',
  REVOKED_ACCESS_TOKEN: 'CONNECTORS_AUTH_REVOKED',
  INVALID_ACCESS_TOKEN: 'CONNECTORS_AUTH_REVOKED',
  EMPTY_ACCESS_TOKEN: 'CONNECTORS_AUTH_MISSING',
  ACCESS_DENIED: 'CONNECTORS_PERMISSION',
  NONEXISTENT_VERSION: 'CONNECTORS_VERSION_SUNSET',
  VERSION_MISSING: 'CONNECTORS_VERSION_SUNSET',
  INTERNAL_SERVER_ERROR: 'CONNECTORS_TRANSIENT',
  GATEWAY_TIMEOUT: 'CONNECTORS_TRANSIENT',
}

const serviceCodes: Readonly<Record<number, ConnectorsCode>> = {
  100: 'CONNECTORS_PERMISSION',
  101: 'CONNECTORS_QUOTA',
  65600: 'CONNECTORS_AUTH_MISSING',
  65601: 'CONNECTORS_AUTH_REVOKED',
  65602: 'CONNECTORS_AUTH_EXPIRED',
}

const statuses: Readonly<Record<number, ConnectorsCode>> = {
  401: 'CONNECTORS_AUTH_REVOKED',
  403: 'CONNECTORS_PERMISSION',
  426: 'CONNECTORS_VERSION_SUNSET',
  429: 'CONNECTORS_QUOTA',
}

/** 400 is every fault of a question; its words say which. */
const words: readonly (readonly [pattern: RegExp, meaning: ConnectorsCode])[] = [
  [/\bfields?\b/i, 'CONNECTORS_SCHEMA_DRIFT'],
  [/date ?range.*(old|before|past|retention)/i, 'CONNECTORS_RETENTION'],
]

function meaningOf({ code, serviceErrorCode, message }: LinkedinError, status: number): ConnectorsCode {
  const known = codes[code] ?? serviceCodes[serviceErrorCode ?? -1] ?? statuses[status]
  if (known) return known
  if (status >= 500) return 'CONNECTORS_TRANSIENT'
  return words.find(([pattern]) => pattern.test(message))?.[1] ?? 'CONNECTORS_BAD_REQUEST'
}

const dayMs = 86_400_000
const minuteMs = 60_000

/** LinkedIn names no wait. Limits of a day begin anew at midnight UTC; all others are short. */
function quotaDelayMs(message: string, failed: FailedAnswer): number {
  const named = retryAfterMs(failed.headers, failed.nowMs)
  if (named !== undefined) return named
  return /\bDAY\b/.test(message) ? dayMs - (failed.nowMs % dayMs) : minuteMs
}

/** The error that an answer of LinkedIn's means; undefined when it is not in LinkedIn's form. */
export function classifyLinkedin(failed: FailedAnswer, version: string): MillraceError | undefined {
  const read = bodySchema.safeParse(failed.body)
  if (!read.success || (read.data.code === '' && read.data.message === '')) {
    return failed.status === 429 ? quota(failed, 'HTTP 429 Too Many Requests') : undefined
  }
  const { code, serviceErrorCode, message } = read.data
  const meaning = meaningOf(read.data, failed.status)
  const detail = `${message} (${[failed.status, code, serviceErrorCode].filter((one) => one !== undefined && one !== '').join(' ')})`
  if (meaning === 'CONNECTORS_QUOTA') return quota(failed, detail)
  return new MillraceError(meaning, { platform: 'linkedin_ads', account: failed.account, detail, version })
}

function quota(failed: FailedAnswer, detail: string): MillraceError {
  const waitMs = quotaDelayMs(detail, failed)
  const facts = { platform: 'linkedin_ads', account: failed.account, detail, waitSeconds: Math.ceil(waitMs / 1000) }
  return new MillraceError('CONNECTORS_QUOTA', facts, { retryAfterMs: waitMs })
}
