import { z } from 'zod'
import type { ErrorCode } from '../domain/errors.ts'
import { MillraceError } from '../domain/errors.ts'
import type { FailedAnswer } from './http.ts'
import { usageOf } from './meta-ads-usage.ts'
import { retryAfterMs } from './retry.ts'

type ConnectorsCode = Extract<ErrorCode, `CONNECTORS_${string}`>

/** `{"error":{"message","type","code","error_subcode","is_transient","error_user_title","error_user_msg","fbtrace_id"}}` */
const bodySchema = z.object({
  error: z.object({
    message: z.string().default(''),
    code: z.coerce.number().default(0),
    error_subcode: z.coerce.number().optional(),
    is_transient: z.coerce.boolean().default(false),
    error_user_msg: z.string().optional(),
    fbtrace_id: z.string().optional(),
  }),
})

type GraphError = z.output<typeof bodySchema>['error']

/**
 * What a code means here. `type` is of no use: Meta files throttling under OAuthException too, and answers most of it with
 * HTTP 400. Source: the error pages of the Graph and Marketing APIs.
 */
const codes: Readonly<Record<number, ConnectorsCode>> = {
  [-2]: 'CONNECTORS_TRANSIENT',
  1: 'CONNECTORS_TRANSIENT',
  2: 'CONNECTORS_TRANSIENT',
  104: 'CONNECTORS_TRANSIENT',
  960: 'CONNECTORS_TRANSIENT',
  4: 'CONNECTORS_QUOTA',
  17: 'CONNECTORS_QUOTA',
  32: 'CONNECTORS_QUOTA',
  341: 'CONNECTORS_QUOTA',
  613: 'CONNECTORS_QUOTA',
  80000: 'CONNECTORS_QUOTA',
  80001: 'CONNECTORS_QUOTA',
  80002: 'CONNECTORS_QUOTA',
  80003: 'CONNECTORS_QUOTA',
  80004: 'CONNECTORS_QUOTA',
  80005: 'CONNECTORS_QUOTA',
  80006: 'CONNECTORS_QUOTA',
  80008: 'CONNECTORS_QUOTA',
  80009: 'CONNECTORS_QUOTA',
  80014: 'CONNECTORS_QUOTA',
  3: 'CONNECTORS_PERMISSION',
  10: 'CONNECTORS_PERMISSION',
  102: 'CONNECTORS_AUTH_EXPIRED',
  190: 'CONNECTORS_AUTH_REVOKED',
  12: 'CONNECTORS_VERSION_SUNSET',
  2635: 'CONNECTORS_VERSION_SUNSET',
  2500: 'CONNECTORS_AUTH_MISSING',
  3018: 'CONNECTORS_RETENTION',
}

/** `code/subcode` where the subcode changes what the code means. */
const subcodes: Readonly<Record<string, ConnectorsCode>> = {
  '190/463': 'CONNECTORS_AUTH_EXPIRED',
  '102/463': 'CONNECTORS_AUTH_EXPIRED',
  '100/33': 'CONNECTORS_PERMISSION',
  '100/1487534': 'CONNECTORS_TOO_MUCH_DATA',
  '100/1504018': 'CONNECTORS_TOO_MUCH_DATA',
  '2/1504041': 'CONNECTORS_BAD_REQUEST',
}

/** Where Meta has no code of its own for something, only its words tell. */
const words: readonly (readonly [code: number, pattern: RegExp, meaning: ConnectorsCode])[] = [
  [1, /reduce the amount of data/i, 'CONNECTORS_TOO_MUCH_DATA'],
  [100, /missing permission/i, 'CONNECTORS_PERMISSION'],
  [100, /non-?existing field|not valid for fields param/i, 'CONNECTORS_SCHEMA_DRIFT'],
  [2500, /unknown path components/i, 'CONNECTORS_VERSION_SUNSET'],
]

function meaningOf(
  { code, error_subcode: subcode, message, is_transient }: GraphError,
  status: number,
): ConnectorsCode {
  const bySubcode = subcodes[`${code}/${subcode}`]
  if (bySubcode) return bySubcode
  const byWords = words.find(([of, pattern]) => of === code && pattern.test(message))
  if (byWords) return byWords[2]
  const byCode = codes[code]
  if (byCode) return byCode
  if (code >= 200 && code <= 299) return 'CONNECTORS_PERMISSION'
  return is_transient || status >= 500 ? 'CONNECTORS_TRANSIENT' : 'CONNECTORS_BAD_REQUEST'
}

/** Without a named wait: short where the headers say that calls are answered again, else as long as these budgets need to drain. */
const drainedDelayMs = 5_000
const unknownDelayMs = 60_000

function quotaDelayMs(failed: FailedAnswer): number {
  const usage = usageOf(failed.headers)
  const named = retryAfterMs(failed.headers, failed.nowMs) ?? Math.max(0, ...usage.map((one) => one.resetMs))
  return named > 0 ? named : usage.length > 0 ? drainedDelayMs : unknownDelayMs
}

/** The error that a Graph answer means; undefined when it is not in Graph's form. */
export function classifyMeta(failed: FailedAnswer, version: string): MillraceError | undefined {
  const read = bodySchema.safeParse(failed.body)
  if (!read.success) return failed.status === 429 ? quota(failed, 'HTTP 429 Too Many Requests') : undefined
  const { error } = read.data
  const code = meaningOf(error, failed.status)
  const subcode = error.error_subcode === undefined ? '' : `/${error.error_subcode}`
  const detail = `${error.error_user_msg ?? error.message} (${error.code}${subcode})`
  if (code === 'CONNECTORS_QUOTA') return quota(failed, detail, error)
  const facts = { platform: 'meta_ads', account: failed.account, detail, version, requestId: error.fbtrace_id }
  const waitMs = code === 'CONNECTORS_TRANSIENT' ? retryAfterMs(failed.headers, failed.nowMs) : undefined
  return new MillraceError(code, facts, { retryAfterMs: waitMs })
}

/** Of the app, the person or the page; all other throttling is of one account. */
const codesOfAll: ReadonlySet<number | undefined> = new Set([4, 17, 32])

function quota(failed: FailedAnswer, detail: string, error?: GraphError): MillraceError {
  const waitMs = quotaDelayMs(failed)
  const facts = {
    platform: 'meta_ads',
    account: failed.account,
    detail,
    requestId: error?.fbtrace_id,
    waitSeconds: Math.ceil(waitMs / 1000),
    ...(codesOfAll.has(error?.code) && { quotaScope: 'all' }),
  }
  return new MillraceError('CONNECTORS_QUOTA', facts, { retryAfterMs: waitMs })
}
