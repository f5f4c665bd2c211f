import { request as plainRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as secureRequest } from 'node:https'
import { isIP } from 'node:net'
import { systemClock } from '../domain/clock.ts'
import type { Clock } from '../domain/clock.ts'
import type { ErrorCode } from '../domain/errors.ts'
import { MillraceError } from '../domain/errors.ts'
import { InnerAddress, isPublic, publicLookup } from './public-address.ts'

export interface Posting {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** For people, without secrets. */
  readonly place: string
  readonly timeoutMs: number
  /** Hosts that may be in this network, and be spoken to without TLS. */
  readonly allowHosts: readonly string[]
  readonly signal: AbortSignal
  /** What the reply may not show. */
  readonly secrets: readonly string[]
}

const replyBytesMax = 65_536
const replyShown = 200

/**
 * Posts a body and returns the reply's text. Redirects are not followed, replies are read up to 64 KB, hosts within this network are refused
 * unless allowed. Throws NOTIFY_REFUSED (never), NOTIFY_AUTH (not with these credentials), NOTIFY_UNAVAILABLE (later, after
 * `retryAfterMs` where the other side said so), and the signal's reason.
 */
export async function post(posting: Posting, clock: Pick<Clock, 'nowMs'> = systemClock): Promise<string> {
  posting.signal.throwIfAborted()
  guard(posting)
  const limit = AbortSignal.timeout(posting.timeoutMs)
  const signal = AbortSignal.any([posting.signal, limit])
  const { response, text } = await exchange(posting, signal).catch((error: unknown) => {
    posting.signal.throwIfAborted()
    if (error instanceof InnerAddress) throw failure(posting, 'NOTIFY_REFUSED', error.message, error)
    const reply = limit.aborted ? `no end after ${posting.timeoutMs} ms` : messageOf(error)
    throw failure(posting, 'NOTIFY_UNAVAILABLE', reply, error)
  })
  const status = response.statusCode ?? 0
  if (status >= 200 && status < 300) return text
  const reply = `${status} ${text}`.trim()
  throw failure(posting, codeOf(status), reply, undefined, retryAfter(response, clock.nowMs()))
}

/** What of an address is a secret: names and passwords, parameters, and path segments that nobody would type. */
export function secretsIn(url: URL): readonly string[] {
  const segments = url.pathname.split('/').filter((one) => one.length >= 8)
  return [url.username, url.password, ...url.searchParams.values(), ...segments].filter(Boolean)
}

/** https only, and no address of this network by its number; names are judged when they are looked up. */
function guard(posting: Posting): void {
  const { url, allowHosts } = posting
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (allowHosts.includes(host)) return
  if (url.protocol !== 'https:')
    throw failure(posting, 'NOTIFY_REFUSED', 'only https is spoken to hosts that are not allowed by name')
  if (isIP(host) !== 0 && !isPublic(host)) throw failure(posting, 'NOTIFY_REFUSED', `${host} is not a public address`)
}

function exchange(
  { url, headers, body, allowHosts }: Posting,
  signal: AbortSignal,
): Promise<{ readonly response: IncomingMessage; readonly text: string }> {
  const allowed = allowHosts.includes(url.hostname.replace(/^\[|\]$/g, ''))
  const open = url.protocol === 'https:' ? secureRequest : plainRequest
  return new Promise((resolve, reject) => {
    const sent = open(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)), 'user-agent': 'millrace' },
        signal,
        // A connection of its own: one that the other side has dropped would fail the next message.
        agent: false,
        ...(allowed ? {} : { lookup: publicLookup }),
      },
      (response) => {
        const chunks: Buffer[] = []
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes <= replyBytesMax) chunks.push(chunk)
          else response.destroy(new Error('the reply is longer than 64 KB'))
        })
        response.on('error', reject)
        response.on('end', () => resolve({ response, text: Buffer.concat(chunks).toString('utf8') }))
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

/** 408, 425, 429 and 5xx may pass; 401 and 403 are the credentials'; everything else, a redirect too, stays as it is. */
function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'NOTIFY_AUTH'
  if (status === 408 || status === 425 || status === 429 || status >= 500) return 'NOTIFY_UNAVAILABLE'
  return 'NOTIFY_REFUSED'
}

const retryAfterMsMax = 24 * 3_600_000

/** Seconds or a date (RFC 9110 §10.2.3); a day at most, so that a wrong header does not hold a message for ever. */
function retryAfter({ headers }: IncomingMessage, nowMs: number): number | undefined {
  const text = headers['retry-after']
  if (text === undefined) return undefined
  const ms = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), retryAfterMsMax)
}

function failure(
  { place, secrets }: Posting,
  code: ErrorCode,
  reply: string,
  cause?: unknown,
  retryAfterMs?: number,
): MillraceError {
  const clean = secrets.reduce((text, secret) => (secret === '' ? text : text.replaceAll(secret, '***')), reply)
  const shown = clean.replaceAll(/\s+/g, ' ').slice(0, replyShown)
  return new MillraceError(
    code,
    { place, reply: shown },
    { cause, ...(retryAfterMs !== undefined && { retryAfterMs }) },
  )
}

function messageOf(error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message?: string }
  return code && message && !message.includes(code) ? `${code}: ${message}` : (message ?? String(error))
}
