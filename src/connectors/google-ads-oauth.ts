import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'
import type { ConnectorContext } from './connector.ts'
import type { FailedAnswer, Wire } from './http.ts'
import { callForJson } from './http.ts'
import type { Redactor } from './redact.ts'
import { withRetry } from './retry.ts'
import type { RetryPolicy } from './retry.ts'

/** Hands out access tokens that are good for now. */
export interface TokenSource {
  /** Throws CONNECTORS_AUTH_REVOKED, CONNECTORS_AUTH_MISSING or what reaching the token server costs. */
  token(context: ConnectorContext): Promise<string>
  /** Says that the platform refused this very token, so that the next call gets another. */
  expire(token: string): void
}

export interface OauthOptions {
  readonly url: string
  readonly timeoutMs: number
  /** The form that an access token is given for at this instant. */
  readonly grant: (nowMs: number) => Readonly<Record<string, string>>
}

/** A token is renewed at this part of its life: late enough to matter, early enough that no long answer outlives it. */
const renewAtLife = 0.8

/** `{"access_token","expires_in":3599,"token_type":"Bearer","scope"}` */
const tokenSchema = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  expires_in: z.coerce.number().positive().default(3600),
})

/** `{"error":"invalid_grant","error_description":"Token has been expired or revoked."}` */
const refusalSchema = z.object({ error: z.string(), error_description: z.string().default('') })

const refusals: Readonly<
  Record<string, 'CONNECTORS_AUTH_REVOKED' | 'CONNECTORS_AUTH_MISSING' | 'CONNECTORS_TRANSIENT'>
> = {
  invalid_grant: 'CONNECTORS_AUTH_REVOKED',
  invalid_client: 'CONNECTORS_AUTH_MISSING',
  unauthorized_client: 'CONNECTORS_AUTH_MISSING',
  invalid_request: 'CONNECTORS_AUTH_MISSING',
  internal_failure: 'CONNECTORS_TRANSIENT',
  temporarily_unavailable: 'CONNECTORS_TRANSIENT',
  server_error: 'CONNECTORS_TRANSIENT',
}

/** What a refusal of the token endpoint means. */
export function classifyOauth({ body, status }: FailedAnswer): MillraceError | undefined {
  const read = refusalSchema.safeParse(body)
  if (!read.success) return undefined
  const { error, error_description: description } = read.data
  const code = refusals[error] ?? (status >= 500 ? 'CONNECTORS_TRANSIENT' : 'CONNECTORS_AUTH_MISSING')
  const detail = description ? `${error}: ${description}` : error
  return new MillraceError(code, { platform: 'google_ads', account: null, detail })
}

interface Held {
  readonly token: string
  readonly renewAtMs: number
}

/**
 * Exchanges what a connection was given, a refresh token or a signed assertion, for access tokens. However many callers ask at once, one exchange is under way at most: Google
 * limits them, and each new token may shorten the life of the oldest.
 */
export function refreshingTokens(options: OauthOptions, redact: Redactor, policy: RetryPolicy): TokenSource {
  const wire: Wire = { platform: 'google_ads', timeoutMs: options.timeoutMs, redact, classify: classifyOauth }
  let held: Held | undefined
  let underWay: { readonly fresh: Promise<Held>; readonly owner: AbortSignal } | undefined

  async function exchange(context: ConnectorContext): Promise<Held> {
    const body = new URLSearchParams(options.grant(context.clock.nowMs())).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const request = { method: 'POST', url: options.url, headers, body, account: null } as const
    const answer = await withRetry(() => callForJson(request, wire, context), policy, context)
    const read = tokenSchema.safeParse(answer.body)
    if (!read.success) {
      const detail = 'the token server answered without a usable access_token'
      throw new MillraceError('CONNECTORS_AUTH_MISSING', { platform: 'google_ads', account: null, detail })
    }
    redact.add(read.data.access_token)
    const renewAtMs = context.clock.nowMs() + read.data.expires_in * 1000 * renewAtLife
    context.log({ level: 'debug', message: 'google_ads issued a new access token' })
    return { token: read.data.access_token, renewAtMs }
  }

  function renewed(context: ConnectorContext): NonNullable<typeof underWay> {
    underWay ??= {
      owner: context.signal,
      fresh: exchange(context)
        .then((fresh) => (held = fresh))
        .finally(() => (underWay = undefined)),
    }
    return underWay
  }

  return {
    async token(context) {
      for (;;) {
        context.signal.throwIfAborted()
        if (held && context.clock.nowMs() < held.renewAtMs) return held.token
        const { fresh, owner } = renewed(context)
        try {
          return (await fresh).token
        } catch (error) {
          // The exchange was another caller's and ended with its cancellation: that is no reason to fail here.
          if (!owner.aborted || owner === context.signal) throw error
        }
      }
    },
    expire(token) {
      if (held?.token === token) held = undefined
    },
  }
}
