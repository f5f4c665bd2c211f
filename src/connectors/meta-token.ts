import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'
import type { RotatingSecret } from '../domain/secret.ts'
import type { ConnectorContext } from './connector.ts'
import { callForJson } from './http.ts'
import type { Wire } from './http.ts'
import { classifyMeta } from './meta-ads-errors.ts'
import { redactor } from './redact.ts'

export interface MetaDoor {
  readonly baseUrl: string
  readonly apiVersion: string
}

/** The app that a token was made by; only with it can a token be renewed. */
export interface MetaApp {
  readonly appId: string
  readonly appSecret: string
}

/** What Meta says of a token. */
export interface DescribedToken {
  readonly type: string
  readonly isValid: boolean
  /** Null: it does not end by itself. */
  readonly expiresAtMs: number | null
  readonly scopes: readonly string[]
}

/** `{"data":{"type":"SYSTEM_USER","is_valid":true,"expires_at":0,"scopes":[…]}}`; times are seconds, 0 is never. */
const describedSchema = z.object({
  data: z.object({
    type: z.string().default(''),
    is_valid: z.boolean(),
    expires_at: z.coerce.number().default(0),
    data_access_expires_at: z.coerce.number().default(0),
    scopes: z.array(z.string()).default([]),
  }),
})

/** `{"access_token","token_type":"bearer","expires_in":5183944}`; a token without end comes without `expires_in`. */
const exchangedSchema = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  expires_in: z.coerce.number().positive().optional(),
})

function wireOf({ apiVersion }: MetaDoor, secrets: readonly string[]): Wire {
  return {
    platform: 'meta_ads',
    timeoutMs: 30_000,
    redact: redactor(secrets),
    classify: (failed) => classifyMeta(failed, apiVersion),
  }
}

const addressOf = ({ baseUrl, apiVersion }: MetaDoor, path: string) =>
  new URL(`${baseUrl.replace(/\/+$/, '')}/${apiVersion}/${path}`)

/** Asks Meta about a token, with that token itself. Throws CONNECTORS_* as any call. */
export async function describeMetaToken(
  door: MetaDoor,
  token: string,
  context: ConnectorContext,
): Promise<DescribedToken> {
  const url = addressOf(door, 'debug_token')
  url.searchParams.set('input_token', token)
  const headers = { authorization: `Bearer ${token}` }
  const answer = await callForJson(
    { method: 'GET', url: url.href, headers, account: null },
    wireOf(door, [token]),
    context,
  )
  const read = describedSchema.safeParse(answer.body)
  if (!read.success) {
    const detail = 'Meta did not describe the token'
    throw new MillraceError('CONNECTORS_AUTH_MISSING', { platform: 'meta_ads', account: null, detail })
  }
  const { type, is_valid: isValid, expires_at: expires, data_access_expires_at: access, scopes } = read.data.data
  // A person's token may outlive the ninety days for which they agreed to the access: what ends first counts.
  const ends = [expires, access].filter((seconds) => seconds > 0)
  return { type, isValid, scopes, expiresAtMs: ends.length > 0 ? Math.min(...ends) * 1000 : null }
}

/** A token of sixty days for one that still works. The secrets travel in the body. Throws CONNECTORS_* as any call. */
export async function extendMetaToken(
  door: MetaDoor,
  { appId, appSecret }: MetaApp,
  token: string,
  context: ConnectorContext,
): Promise<RotatingSecret> {
  const body = new URLSearchParams({
    grant_type: 'fb_exchange_token',
    client_id: appId,
    client_secret: appSecret,
    fb_exchange_token: token,
  }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const url = addressOf(door, 'oauth/access_token').href
  const wire = wireOf(door, [token, appSecret])
  const answer = await callForJson({ method: 'POST', url, headers, body, account: null }, wire, context)
  const read = exchangedSchema.safeParse(answer.body)
  if (!read.success) {
    const detail = 'Meta answered without a token'
    throw new MillraceError('CONNECTORS_AUTH_MISSING', { platform: 'meta_ads', account: null, detail })
  }
  const { access_token: value, expires_in: life } = read.data
  return { value, expiresAtMs: life === undefined ? null : context.clock.nowMs() + life * 1000 }
}
