import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'
import type { RotatingSecret } from '../domain/secret.ts'
import type { ConnectorContext } from './connector.ts'
import { classifyOauth } from './oauth-tokens.ts'
import { adwordsScope } from './google-service-account.ts'
import { callForJson } from './http.ts'
import type { Wire } from './http.ts'
import { openLoopback } from './loopback.ts'
import { redactor } from './redact.ts'

/** The OAuth client of a Google Cloud project, of the type "Desktop app", and where Google is. */
export interface GoogleApp {
  readonly clientId: string
  readonly clientSecret: string
  /** Where people sign in. */
  readonly authorizeUrl: string
  /** The token endpoint. */
  readonly oauthUrl: string
}

/** What the person sees and where they are sent. */
export interface Door {
  readonly words: { readonly done: string; readonly refused: string; readonly back: string }
  /** Told the address at which the person signs in. */
  readonly open: (url: string) => void
}

/** `{"access_token","refresh_token","scope","refresh_token_expires_in"?}`; the last is there for apps in Testing. */
const grantSchema = z.object({
  access_token: z.string(),
  refresh_token: z.string().optional(),
  scope: z.string().default(''),
  refresh_token_expires_in: z.coerce.number().positive().optional(),
})

const refused = (detail: string) => new MillraceError('CONNECTORS_SIGN_IN', { platform: 'google_ads', detail })

/** A proof that only the one who began the sign-in can end it (RFC 7636). */
function proofKey(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(48).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

function authorizeUrl(app: GoogleApp, redirectUri: string, state: string, challenge: string): string {
  const url = new URL(app.authorizeUrl)
  const query = {
    client_id: app.clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: adwordsScope,
    // Without these two a second sign-in brings no refresh token.
    access_type: 'offline',
    prompt: 'consent',
    state,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url.href
}

function wireOf(app: GoogleApp, secrets: readonly string[]): Wire {
  const redact = redactor([app.clientSecret, ...secrets])
  return {
    platform: 'google_ads',
    timeoutMs: 30_000,
    redact,
    classify: (failed) => classifyOauth('google_ads', failed),
  }
}

const formHeaders = { 'content-type': 'application/x-www-form-urlencoded' }

/**
 * Signs a person in through their browser: a door on 127.0.0.1, Google's page, the code that comes back, and the refresh token that
 * it is exchanged for, with its end when Google said one (seven days while the app is in Testing).
 * Throws CONNECTORS_SIGN_IN when the person or Google refuses, and what reaching the token server costs.
 */
export async function signInGoogle(app: GoogleApp, door: Door, context: ConnectorContext): Promise<RotatingSecret> {
  const state = randomBytes(24).toString('base64url')
  const { verifier, challenge } = proofKey()
  await using loopback = await openLoopback(state, door.words)
  door.open(authorizeUrl(app, loopback.redirectUri, state, challenge))
  const back = await loopback.returned(context.signal)
  if (back.kind === 'refused') throw refused(back.error)
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code: back.code,
    client_id: app.clientId,
    client_secret: app.clientSecret,
    redirect_uri: loopback.redirectUri,
    code_verifier: verifier,
  }).toString()
  const request = { method: 'POST', url: app.oauthUrl, headers: formHeaders, body, account: null } as const
  const answer = await callForJson(request, wireOf(app, [back.code, verifier]), context)
  const read = grantSchema.safeParse(answer.body)
  if (!read.success) throw refused('the token server answered without a token')
  const { refresh_token: value, scope, refresh_token_expires_in: life } = read.data
  if (!scope.split(' ').includes(adwordsScope)) throw refused('the scope adwords was not agreed to')
  if (value === undefined) throw refused('Google gave no refresh token')
  return { value, expiresAtMs: life === undefined ? null : context.clock.nowMs() + life * 1000 }
}

/** Takes a refresh token back, after another took its place. The address is beside the token endpoint's. */
export async function revokeGoogle(app: GoogleApp, token: string, context: ConnectorContext): Promise<void> {
  const body = new URLSearchParams({ token }).toString()
  const request = {
    method: 'POST',
    url: new URL('/revoke', app.oauthUrl).href,
    headers: formHeaders,
    body,
    account: null,
  }
  await callForJson({ ...request, method: 'POST' }, wireOf(app, [token]), context)
}
