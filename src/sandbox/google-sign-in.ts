import type { Reply, Request } from './reply.ts'
import { htmlReply, jsonReply } from './reply.ts'
import type { Call, SandboxState } from './sandbox-state.ts'

const adwords = 'https://www.googleapis.com/auth/adwords'
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** `http://127.0.0.1:54321/…` and its kind: where a program on the person's own machine listens (RFC 8252 §7.3). */
function isLoopback(address: string): boolean {
  const url = URL.canParse(address) ? new URL(address) : undefined
  return url?.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
}

/** `GET /o/oauth2/v2/auth`: where a person signs in and agrees. Whoever comes here agrees at once. */
export function answerAuthorize(state: SandboxState, request: Request, call: Call): Reply {
  const { query } = request
  const redirectUri = query.get('redirect_uri') ?? ''
  if (query.get('client_id') !== state.credentials.clientId) return htmlReply(401, 'invalid_client')
  if (!isLoopback(redirectUri)) return htmlReply(400, 'redirect_uri_mismatch')
  if (query.get('response_type') !== 'code') return htmlReply(400, 'invalid_request')
  const scope = query.get('scope') ?? ''
  if (!scope.split(' ').includes(adwords)) return htmlReply(400, 'invalid_scope')
  const to = new URL(redirectUri)
  to.searchParams.set('state', query.get('state') ?? '')
  if (call.fired.has('permission_lost')) to.searchParams.set('error', 'access_denied')
  else {
    const agreed = {
      redirectUri,
      challenge: query.get('code_challenge') ?? '',
      challengeMethod: query.get('code_challenge_method') ?? 'plain',
      scope,
    }
    to.searchParams.set('code', state.grants.agree(agreed, state.clock.nowMs()))
    to.searchParams.set('scope', scope)
  }
  return { status: 302, headers: { location: to.href, 'content-type': 'text/html; charset=UTF-8' }, body: '' }
}

/** `invalid_grant: Malformed auth code.` as Google's token endpoint says it. */
function refusal(status: number, text: string): Reply {
  const [error = '', description = ''] = text.split(/: (.*)/s)
  return jsonReply(status, { error, error_description: description })
}

function tokenReply(state: SandboxState, more: Readonly<Record<string, unknown>> = {}): Reply {
  const { token, expiresInSeconds } = state.tokens.issue(state.clock.nowMs())
  return jsonReply(200, {
    access_token: token,
    expires_in: expiresInSeconds,
    scope: adwords,
    token_type: 'Bearer',
    ...more,
  })
}

function redeemed(state: SandboxState, form: URLSearchParams): Reply {
  const got = state.grants.redeem(form, state.clock.nowMs())
  if (typeof got === 'string') return refusal(400, got)
  return tokenReply(state, {
    refresh_token: got.refreshToken,
    scope: got.scope,
    ...(got.lifeSeconds !== undefined && { refresh_token_expires_in: got.lifeSeconds }),
  })
}

/** `POST /token`, form-encoded, as RFC 6749 §4.1.3 and §6, RFC 7523 §2.1, and Google's documents have it. */
export function answerToken(state: SandboxState, request: Request, call: Call): Reply {
  const { fired } = call
  if (fired.has('status_500')) return jsonReply(500, { error: 'internal_failure' })
  if (fired.has('status_503')) return jsonReply(503, { error: 'temporarily_unavailable' })
  if (fired.has('status_429')) return refusal(429, 'rate_limit_exceeded: Rate Limit Exceeded')
  if (fired.has('token_revoked')) state.tokens.revoked.add('google')
  const form = new URLSearchParams(request.body)
  const { credentials } = state
  const isRevoked = state.tokens.revoked.has('google')
  const grant = form.get('grant_type')
  if (grant === jwtBearer) {
    const refused = state.grants.refuseAssertion(form.get('assertion') ?? '', state.clock.nowMs())
    return refused === undefined ? tokenReply(state) : refusal(400, refused)
  }
  if (grant !== 'refresh_token' && grant !== 'authorization_code')
    return refusal(400, `unsupported_grant_type: Invalid grant_type: ${grant ?? ''}`)
  if (form.get('client_id') !== credentials.clientId)
    return refusal(401, 'invalid_client: The OAuth client was not found.')
  if (form.get('client_secret') !== credentials.clientSecret) return refusal(401, 'invalid_client: Unauthorized')
  if (grant === 'authorization_code') return redeemed(state, form)
  if (isRevoked || !state.grants.accepts(form.get('refresh_token'), state.clock.nowMs()))
    return refusal(400, 'invalid_grant: Token has been expired or revoked.')
  return tokenReply(state)
}

/** `POST /revoke`: takes a token back, as people do who replace one (RFC 7009). */
export function answerRevoke(state: SandboxState, request: Request): Reply {
  const token = new URLSearchParams(request.body).get('token') ?? ''
  return state.grants.revoke(token) ? jsonReply(200, {}) : refusal(400, 'invalid_token: Token expired or revoked')
}
