import { z } from 'zod'
import type { ErrorCode } from '../domain/errors.ts'
import { MillraceError } from '../domain/errors.ts'
import type { FailedAnswer } from './http.ts'
import { retryAfterMs } from './retry.ts'

type ConnectorsCode = Extract<ErrorCode, `CONNECTORS_${string}`>

/** `{"code":1016,"message":"…"}` from the services, `{"status":403,"title":"Invalid Signature","detail":…}` from the gate before them. */
const bodySchema = z
  .object({
    code: z.coerce.number().optional(),
    status: z.coerce.number().optional(),
    title: z.string().optional(),
    message: z.string().optional(),
    detail: z.string().nullish(),
  })
  .refine(({ code, title }) => code !== undefined || title !== undefined)

/** What a code means here. Source: the error code table of naver/searchad-apidoc. */
const codes: Readonly<Record<number, ConnectorsCode>> = {
  429: 'CONNECTORS_QUOTA',
  1014: 'CONNECTORS_QUOTA',
  1016: 'CONNECTORS_QUOTA',
  503: 'CONNECTORS_TRANSIENT',
  1004: 'CONNECTORS_TRANSIENT',
  1005: 'CONNECTORS_TRANSIENT',
  1003: 'CONNECTORS_ACCOUNT_UNAVAILABLE',
  1006: 'CONNECTORS_PERMISSION',
  1018: 'CONNECTORS_PERMISSION',
  1001: 'CONNECTORS_BAD_REQUEST',
  4601: 'CONNECTORS_BAD_REQUEST',
}

/** Without a named wait: Naver asks those whom it keeps refusing to stay away for five minutes, which five such waits are. */
const unknownDelayMs = 60_000

/** The gate says only in words what it does not accept: the signature, the license, or the clock behind them. */
const refusedKey = /invalid[ _-]?(?:signature|timestamp|api[ _-]?key|license|access)/i

function meaningOf({ code, title = '', message = '' }: z.output<typeof bodySchema>, status: number): ConnectorsCode {
  if (refusedKey.test(`${title} ${message}`)) return 'CONNECTORS_AUTH_REVOKED'
  const known = codes[code ?? 0]
  if (known) return known
  if (status === 429) return 'CONNECTORS_QUOTA'
  if (status >= 500) return 'CONNECTORS_TRANSIENT'
  if (status === 401) return 'CONNECTORS_AUTH_MISSING'
  return status === 403 ? 'CONNECTORS_PERMISSION' : 'CONNECTORS_BAD_REQUEST'
}

/** The error that an answer of Naver means; undefined when it is not in its form. */
export function classifyNaver(failed: FailedAnswer): MillraceError | undefined {
  const { status, headers, account, nowMs } = failed
  const read = bodySchema.safeParse(failed.body)
  if (!read.success && status !== 429) return undefined
  const said = read.data ?? { message: 'HTTP 429 Too Many Requests' }
  const code = meaningOf(said, status)
  const words = [said.title, said.message, said.detail].filter(Boolean).join('; ') || `HTTP ${status}`
  const detail = said.code === undefined ? words : `${words} (${said.code})`
  const facts = { platform: 'naver_searchad', account, detail }
  const named = retryAfterMs(headers, nowMs)
  if (code !== 'CONNECTORS_QUOTA') return new MillraceError(code, facts, { retryAfterMs: named })
  const waitMs = named ?? unknownDelayMs
  return new MillraceError(code, { ...facts, waitSeconds: Math.ceil(waitMs / 1000) }, { retryAfterMs: waitMs })
}
