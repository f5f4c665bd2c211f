import { z } from 'zod'
import type { ErrorCode } from '../domain/errors.ts'
import { MillraceError } from '../domain/errors.ts'
import type { FailedAnswer } from './http.ts'
import { retryAfterMs } from './retry.ts'

type ConnectorsCode = Extract<ErrorCode, `CONNECTORS_${string}`>

/** `{"code":40100,"message":"…","request_id":"…","data":{}}`, with HTTP 200 as a success has it; 0 is success. */
const bodySchema = z.object({
  code: z.coerce.number(),
  message: z.string().default(''),
  request_id: z.string().optional(),
})

/** What a code means here. Source: the return codes in the appendix of TikTok's Business API v1.3. */
const codes: Readonly<Record<number, ConnectorsCode>> = {
  40001: 'CONNECTORS_PERMISSION',
  40002: 'CONNECTORS_BAD_REQUEST',
  40100: 'CONNECTORS_QUOTA',
  40101: 'CONNECTORS_AUTH_MISSING',
  40102: 'CONNECTORS_AUTH_EXPIRED',
  40104: 'CONNECTORS_AUTH_MISSING',
  40105: 'CONNECTORS_AUTH_REVOKED',
  40200: 'CONNECTORS_TRANSIENT',
  40201: 'CONNECTORS_TRANSIENT',
  40202: 'CONNECTORS_TRANSIENT',
  40700: 'CONNECTORS_TRANSIENT',
  50000: 'CONNECTORS_TRANSIENT',
  50002: 'CONNECTORS_TRANSIENT',
}

/** 40002 is every fault of a question; its words say which. */
const words: readonly (readonly [pattern: RegExp, meaning: ConnectorsCode])[] = [
  [/\bversion\b.*(deprecat|sunset|offline|no longer)/i, 'CONNECTORS_VERSION_SUNSET'],
  [/invalid (metric|dimension|field)s?\b|unsupported (metric|dimension|field)/i, 'CONNECTORS_SCHEMA_DRIFT'],
  [/earlier than|too early|data retention/i, 'CONNECTORS_RETENTION'],
]

const dayMs = 86_400_000
const secondMs = 1_000
const minuteMs = 60_000

/** TikTok names no wait, but its words name the limit: of a second, of a minute, or of a day, which ends at midnight UTC. */
function quotaDelayMs(message: string, failed: FailedAnswer): number {
  const named = retryAfterMs(failed.headers, failed.nowMs)
  if (named !== undefined) return named
  if (/\bQPD\b|per day|daily/i.test(message)) return dayMs - (failed.nowMs % dayMs)
  return /\bQPM\b|per minute/i.test(message) ? minuteMs : secondMs
}

function meaningOf(code: number, message: string, status: number): ConnectorsCode {
  const byCode = codes[code]
  if (byCode === 'CONNECTORS_BAD_REQUEST') return words.find(([pattern]) => pattern.test(message))?.[1] ?? byCode
  if (byCode) return byCode
  return code >= 50_000 || status >= 500 ? 'CONNECTORS_TRANSIENT' : 'CONNECTORS_BAD_REQUEST'
}

/** The error that an answer of TikTok's means; undefined when it is not in TikTok's form, or a success. */
export function classifyTiktok(failed: FailedAnswer, version: string): MillraceError | undefined {
  const read = bodySchema.safeParse(failed.body)
  if (!read.success || read.data.code === 0) return undefined
  const { code, message, request_id: requestId } = read.data
  const meaning = meaningOf(code, message, failed.status)
  const facts = { platform: 'tiktok_ads', account: failed.account, detail: `${message} (${code})`, version, requestId }
  if (meaning !== 'CONNECTORS_QUOTA') return new MillraceError(meaning, facts)
  const waitMs = quotaDelayMs(message, failed)
  return new MillraceError(meaning, { ...facts, waitSeconds: Math.ceil(waitMs / 1000) }, { retryAfterMs: waitMs })
}
