import { MetaRefusal } from './meta-error.ts'
import type { Request } from './reply.ts'
import type { SandboxState } from './sandbox-state.ts'

/** `/oauth/access_token`: a token of two hours for one of sixty days. */
export function exchangeToken(state: SandboxState, request: Request): object {
  const form = new URLSearchParams([...request.query, ...new URLSearchParams(request.body)])
  const { metaAppId, metaAppSecret } = state.credentials
  if (form.get('grant_type') !== 'fb_exchange_token') throw new MetaRefusal(100, 'Invalid grant_type parameter')
  if (form.get('client_id') !== metaAppId)
    throw new MetaRefusal(101, 'Error validating application. Cannot get application info due to a system error.')
  if (form.get('client_secret') !== metaAppSecret) throw new MetaRefusal(1, 'Error validating client secret.')
  const nowMs = state.clock.nowMs()
  const held = state.metaTokens.find(form.get('fb_exchange_token') ?? '')
  if (!held) throw new MetaRefusal(190, 'Invalid OAuth access token - Cannot parse access token', { subcode: 467 })
  if (state.metaTokens.isExpired(held, nowMs)) {
    throw new MetaRefusal(190, 'Error validating access token: Session has expired.', { subcode: 463 })
  }
  const { token, lifeSeconds } = state.metaTokens.exchange(held, nowMs)
  return { access_token: token, token_type: 'bearer', expires_in: lifeSeconds }
}

/** `/debug_token`: what Meta knows of a token. */
export function describeToken(state: SandboxState, request: Request): object {
  const held = state.metaTokens.find(request.query.get('input_token') ?? '')
  const { metaAppId } = state.credentials
  if (!held) {
    const error = { code: 190, message: 'Invalid OAuth access token.' }
    return { data: { error, is_valid: false, scopes: [] } }
  }
  const isExpired = state.metaTokens.isExpired(held, state.clock.nowMs())
  return {
    data: {
      app_id: metaAppId,
      type: held.type,
      application: 'Sandbox',
      data_access_expires_at: 0,
      expires_at: Math.floor(held.expiresAtMs / 1000),
      is_valid: !isExpired,
      scopes: held.scopes,
      user_id: '100000000000001',
      ...(isExpired && { error: { code: 190, subcode: 463, message: 'Error validating access token' } }),
    },
  }
}
