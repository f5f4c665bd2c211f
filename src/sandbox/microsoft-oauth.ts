import type { Reply, Request } from './reply.ts'
import { jsonReply } from './reply.ts'
import type { Call, SandboxState } from './sandbox-state.ts'
import { shapes } from './shapes.ts'
import type { TokenState } from './tokens.ts'

const lifeSeconds = 3_599

/**
 * Tokens of one sandbox. Every exchange replaces the refresh token. The one before it works until its successor was used for the
 * first time: who dies between the answer and the writing of it can come back, who never writes it down cannot.
 */
export class MicrosoftTokens {
  readonly #state: SandboxState
  readonly #expiresAtMs = new Map<string, number>()
  #current: string
  #previous: string | undefined
  #issued = 0

  constructor(state: SandboxState) {
    this.#state = state
    this.#current = shapes.microsoft_ads.connection('', state.credentials).refreshToken
  }

  accessState(token: string): TokenState {
    const expiresAtMs = this.#expiresAtMs.get(token)
    if (expiresAtMs === undefined) return 'unknown'
    if (this.#state.tokens.revoked.has('microsoft')) return 'revoked'
    return this.#state.clock.nowMs() < expiresAtMs ? 'valid' : 'expired'
  }

  expireAll(): void {
    for (const token of this.#expiresAtMs.keys()) this.#expiresAtMs.set(token, Number.NEGATIVE_INFINITY)
  }

  /** `POST …/oauth2/v2.0/token`, form-encoded. */
  answer(request: Request, { fired }: Call): Reply {
    if (fired.has('status_500') || fired.has('status_503'))
      return refusal(503, 'temporarily_unavailable', 'AADSTS90033')
    if (fired.has('status_429')) return refusal(429, 'temporarily_unavailable', 'AADSTS90055')
    if (fired.has('token_revoked')) this.#state.tokens.revoked.add('microsoft')
    const form = new URLSearchParams(request.body)
    const { clientId, clientSecret } = shapes.microsoft_ads.connection('', this.#state.credentials)
    if (form.get('grant_type') !== 'refresh_token') return refusal(400, 'unsupported_grant_type', 'AADSTS70003')
    if (form.get('client_id') !== clientId) return refusal(400, 'unauthorized_client', 'AADSTS700016')
    if (form.get('client_secret') !== clientSecret) return refusal(401, 'invalid_client', 'AADSTS7000215')
    const given = form.get('refresh_token')
    const isKnown = given !== null && (given === this.#current || given === this.#previous)
    if (!isKnown || this.#state.tokens.revoked.has('microsoft')) return refusal(400, 'invalid_grant', 'AADSTS70000')
    this.#previous = given
    this.#issued += 1
    const { stamp } = this.#state.credentials
    this.#current = `M.C5_sandbox.${stamp}.refresh.${this.#issued}`
    const token = `EwB4_sandbox.${stamp}.access.${this.#issued}`
    this.#expiresAtMs.set(token, this.#state.clock.nowMs() + lifeSeconds * 1000)
    return jsonReply(200, {
      token_type: 'Bearer',
      scope: 'https://ads.microsoft.com/msads.manage',
      expires_in: lifeSeconds,
      access_token: token,
      refresh_token: this.#current,
    })
  }
}

function refusal(status: number, error: string, code: string): Reply {
  const description = `${code}: The provided value is not valid. Trace ID: 00000000-0000-0000-0000-000000000000`
  return jsonReply(status, { error, error_description: description, error_codes: [Number(code.replace('AADSTS', ''))] })
}
