import { MillraceError } from '../domain/errors.ts'
import type { TokenSource } from './oauth-tokens.ts'
import { refreshingTokens } from './oauth-tokens.ts'
import type { Redactor } from './redact.ts'
import type { RetryPolicy } from './retry.ts'

export interface LinkedinCredentials {
  readonly oauthUrl: string
  readonly accessToken?: string | undefined
  readonly clientId?: string | undefined
  readonly clientSecret?: string | undefined
  readonly refreshToken?: string | undefined
  readonly timeoutMs: number
}

/** The configured access token while it lives, then those that the refresh token gives; LinkedIn does not replace refresh tokens. */
export function linkedinTokens(given: LinkedinCredentials, redact: Redactor, policy: RetryPolicy): TokenSource {
  const { accessToken, clientId, clientSecret, refreshToken, oauthUrl: url, timeoutMs } = given
  const isRenewable = clientId !== undefined && clientSecret !== undefined && refreshToken !== undefined
  const form = { client_id: clientId ?? '', client_secret: clientSecret ?? '', refresh_token: refreshToken ?? '' }
  const grant = () => ({ grant_type: 'refresh_token', ...form })
  const renewed = isRenewable
    ? refreshingTokens({ platform: 'linkedin_ads', url, timeoutMs, grant }, redact, policy)
    : undefined
  let isOver = accessToken === undefined
  return {
    async token(context) {
      if (!isOver && accessToken !== undefined) return accessToken
      if (renewed) return renewed.token(context)
      const detail = 'it takes an accessToken, or clientId, clientSecret and refreshToken'
      throw new MillraceError('CONNECTORS_AUTH_MISSING', { platform: 'linkedin_ads', account: null, detail })
    },
    expire(token) {
      // Without a way to renew it, the configured one stays: whoever comes next hears the platform's own words.
      if (token === accessToken) isOver = renewed !== undefined
      else renewed?.expire(token)
    },
  }
}
