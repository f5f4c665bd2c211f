import { z } from 'zod'
import type { ErrorCode } from '../domain/errors.ts'
import { MillraceError } from '../domain/errors.ts'
import type { FailedAnswer } from './http.ts'
import { retryAfterMs } from './retry.ts'

type ConnectorsCode = Extract<ErrorCode, `CONNECTORS_${string}`>

/** `{"code":-813,"msg":"KakaoMomentException","extras":{"detailCode":9004,"detailMsg":"…"}}`: what happened is in the extras. */
const bodySchema = z.object({
  code: z.coerce.number(),
  msg: z.string().default(''),
  extras: z.object({ detailCode: z.coerce.number().optional(), detailMsg: z.string().optional() }).optional(),
})

/** What a code means here. Source: the error code pages of Kakao Developers, common and of Kakao Moment. */
const codes: Readonly<Record<number, ConnectorsCode>> = {
  [-1]: 'CONNECTORS_TRANSIENT',
  [-7]: 'CONNECTORS_TRANSIENT',
  [-603]: 'CONNECTORS_TRANSIENT',
  [-9798]: 'CONNECTORS_TRANSIENT',
  [-10]: 'CONNECTORS_QUOTA',
  [-9]: 'CONNECTORS_VERSION_SUNSET',
  [-3]: 'CONNECTORS_PERMISSION',
  [-4]: 'CONNECTORS_PERMISSION',
  [-5]: 'CONNECTORS_PERMISSION',
  [-12]: 'CONNECTORS_PERMISSION',
  [-101]: 'CONNECTORS_AUTH_REVOKED',
  [-402]: 'CONNECTORS_PERMISSION',
  [-401]: 'CONNECTORS_AUTH_REVOKED',
  [-2]: 'CONNECTORS_BAD_REQUEST',
  [-8]: 'CONNECTORS_BAD_REQUEST',
}

/** Where Kakao has one code for several things, its words tell. */
const words: readonly (readonly [code: number, pattern: RegExp, meaning: ConnectorsCode])[] = [
  [-401, /expired/i, 'CONNECTORS_AUTH_EXPIRED'],
  [-2, /metricsGroup|dimension/i, 'CONNECTORS_SCHEMA_DRIFT'],
  [-813, /권한|멤버|permission|member/i, 'CONNECTORS_PERMISSION'],
  [-813, /정지|중지|삭제|폐쇄|suspend|closed/i, 'CONNECTORS_ACCOUNT_UNAVAILABLE'],
]

/** Reports may be asked for every five seconds; without a named wait that is what a refusal asks for. */
const spacingMs = 5_000

function meaningOf(code: number, said: string, status: number): ConnectorsCode {
  const byWords = words.find(([of, pattern]) => of === code && pattern.test(said))
  if (byWords) return byWords[2]
  const known = codes[code]
  if (known) return known
  if (status === 429) return 'CONNECTORS_QUOTA'
  return status >= 500 ? 'CONNECTORS_TRANSIENT' : 'CONNECTORS_BAD_REQUEST'
}

/** The error that an answer of Kakao means, in whatever status it came; undefined when it is not in its form. */
export function classifyKakao(failed: FailedAnswer, version: string): MillraceError | undefined {
  const read = bodySchema.safeParse(failed.body)
  if (!read.success && failed.status !== 429) return undefined
  const { code, msg, extras } = read.data ?? { code: -10, msg: 'HTTP 429 Too Many Requests' }
  const said = extras?.detailMsg ?? msg
  const meaning = meaningOf(code, said, failed.status)
  const detail = `${said} (${code}${extras?.detailCode === undefined ? '' : `/${extras.detailCode}`})`
  const facts = { platform: 'kakao_moment', account: failed.account, detail, version }
  const named = retryAfterMs(failed.headers, failed.nowMs)
  if (meaning !== 'CONNECTORS_QUOTA') return new MillraceError(meaning, facts, { retryAfterMs: named })
  const waitMs = named ?? spacingMs
  return new MillraceError(meaning, { ...facts, waitSeconds: Math.ceil(waitMs / 1000) }, { retryAfterMs: waitMs })
}
