import { strict as assert } from 'node:assert'
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { Platform } from '../domain/platform.ts'
import type { ConnectionSecrets } from '../domain/secret.ts'
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
  readonly platform: Platform
  readonly url: string
  readonly timeoutMs: number
  /** The form that an access token is given for at this instant, with the refresh token that took the configured one's place. */
  readonly grant: (nowMs: number, kept: string | undefined) => Readonly<Record<string, string>>
  /** Given where the platform replaces the refresh token at every use. */
  readonly replaces?: ReplacedToken
}

export interface ReplacedToken {
  /** The refresh token that the connection was told, and whose: another one begins anew. */
  readonly configured: string
  /** Where its successors are kept; without it they last as long as the process. */
  readonly secrets: ConnectionSecrets | undefined
}

/** A token is renewed at this part of its life: late enough to matter, early enough that no long answer outlives it. */
const renewAtLife = 0.8

/** `{"access_token","expires_in":3599,"token_type":"Bearer","scope"}` */
const tokenSchema = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  expires_in: z.coerce.number().positive().default(3600),
  /** Platforms that replace refresh tokens send the new one; Google never does. */
  refresh_token: z
    .string()
    .regex(/^[\x21-\x7e]+$/)
    .optional(),
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
export function classifyOauth(platform: Platform, { body, status }: FailedAnswer): MillraceError | undefined {
  const read = refusalSchema.safeParse(body)
  if (!read.success) return undefined
  const { error, error_description: description } = read.data
  const code = refusals[error] ?? (status >= 500 ? 'CONNECTORS_TRANSIENT' : 'CONNECTORS_AUTH_MISSING')
  const detail = description ? `${error}: ${description}` : error
  return new MillraceError(code, { platform, account: null, detail })
}

interface Held {
  readonly token: string
  readonly renewAtMs: number
}

interface Renewal {
  readonly held: Held
  readonly next: string | undefined
}

type TokenAnswer = z.output<typeof tokenSchema>

/** Asks the token server, with the refresh token that was kept or else with the configured one. */
function tokenServer(options: OauthOptions, redact: Redactor, policy: RetryPolicy) {
  const { platform } = options
  const classify: Wire['classify'] = (failed) => classifyOauth(platform, failed)
  const wire: Wire = { platform, timeoutMs: options.timeoutMs, redact, classify }

  async function exchanged(kept: string | undefined, context: ConnectorContext): Promise<TokenAnswer> {
    const body = new URLSearchParams(options.grant(context.clock.nowMs(), kept)).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const request = { method: 'POST', url: options.url, headers, body, account: null } as const
    const answer = await withRetry(() => callForJson(request, wire, context), policy, context)
    const read = tokenSchema.safeParse(answer.body)
    if (read.success) return read.data
    const detail = 'the token server answered without a usable access_token'
    throw new MillraceError('CONNECTORS_AUTH_MISSING', { platform, account: null, detail })
  }

  /** With the token that was kept; when that one is dead, with the configured one, which somebody may have renewed by hand. */
  async function answered(kept: string | undefined, context: ConnectorContext): Promise<TokenAnswer> {
    if (kept === undefined) return exchanged(undefined, context)
    redact.add(kept)
    try {
      return await exchanged(kept, context)
    } catch (error) {
      if (!isMillraceError(error, 'CONNECTORS_AUTH_REVOKED')) throw error
      context.log({
        level: 'warn',
        message: `${platform} refused the refresh token that was kept; the configured one is tried`,
      })
      return exchanged(undefined, context)
    }
  }

  return answered
}

/**
 * Exchanges what a connection was given, a refresh token or a signed assertion, for access tokens. However many callers ask at once,
 * one exchange is under way at most: platforms limit them, and each new token may shorten the life of the oldest. A refresh token
 * that the platform replaces is kept with the connection's secrets, so that the next process goes on where this one ended.
 */
export function refreshingTokens(options: OauthOptions, redact: Redactor, policy: RetryPolicy): TokenSource {
  const { platform, replaces } = options
  const answered = tokenServer(options, redact, policy)
  const chain = replaces && createHash('sha256').update(replaces.configured).digest('hex').slice(0, 12)
  let held: Held | undefined
  let underWay: { readonly fresh: Promise<Held>; readonly owner: AbortSignal } | undefined
  /** The youngest refresh token that this process knows of. */
  let latest: string | undefined

  /** An access token by the youngest refresh token, and the refresh token that took its place. */
  async function renew(kept: string | undefined, context: ConnectorContext): Promise<Renewal> {
    const answer = await answered(kept, context)
    redact.add(answer.access_token)
    if (answer.refresh_token !== undefined) redact.add(answer.refresh_token)
    latest = answer.refresh_token ?? latest
    context.log({ level: 'debug', message: `${platform} issued a new access token` })
    const renewAtMs = context.clock.nowMs() + answer.expires_in * 1000 * renewAtLife
    return { held: { token: answer.access_token, renewAtMs }, next: answer.refresh_token }
  }

  async function exchange(context: ConnectorContext): Promise<Held> {
    if (!replaces?.secrets || chain === undefined) return (await renew(latest, context)).held
    let fresh: Held | undefined
    await replaces.secrets.rotate(`refreshToken ${chain}`, async (current) => {
      const { held: renewal, next } = await renew(current?.value ?? latest, context)
      fresh = renewal
      return next === undefined ? undefined : { value: next, expiresAtMs: null }
    })
    assert(fresh, 'a rotation that returns has renewed')
    return fresh
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
