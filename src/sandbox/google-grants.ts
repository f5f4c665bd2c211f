import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Credentials } from './credentials.ts'

/** What a person agreed to on Google's page, until the program comes for it. */
interface Agreed {
  readonly redirectUri: string
  readonly challenge: string
  readonly challengeMethod: string
  readonly scope: string
  readonly expiresAtMs: number
}

/** A key file as Google Cloud hands it out for a service account. */
export interface ServiceAccountKey {
  readonly type: 'service_account'
  readonly project_id: string
  readonly private_key_id: string
  readonly private_key: string
  readonly client_email: string
  readonly client_id: string
  readonly token_uri: string
}

interface ServicePair {
  readonly publicKey: KeyObject
  readonly key: ServiceAccountKey
}

const codeLifeMs = 600_000
const weekSeconds = 604_799
const claimLifeSecondsMax = 3_600

/** What stands in a signed assertion. */
interface Claims {
  readonly iss?: string
  readonly sub?: string
  readonly scope?: string
  readonly aud?: string
  readonly iat?: number
  readonly exp?: number
}

/** Who may ask Google for access tokens: those that agreed in a browser, and one service account. */
export class GoogleGrants {
  readonly #credentials: Credentials
  readonly #testing: boolean
  readonly #codes = new Map<string, Agreed>()
  /** Refresh tokens and when they end. */
  readonly #refreshTokens: Map<string, number>
  #issued = 0
  #pair: ServicePair | undefined

  constructor(credentials: Credentials, app: 'testing' | 'production') {
    this.#credentials = credentials
    this.#testing = app === 'testing'
    this.#refreshTokens = new Map([[credentials.refreshToken, Number.POSITIVE_INFINITY]])
  }

  agree(agreed: Omit<Agreed, 'expiresAtMs'>, nowMs: number): string {
    const code = `4/0sandbox-${this.#credentials.stamp}-${++this.#issued}`
    this.#codes.set(code, { ...agreed, expiresAtMs: nowMs + codeLifeMs })
    return code
  }

  /** Each code works once. Returns the refresh token with its life, or the word that Google refuses with. */
  redeem(
    form: URLSearchParams,
    nowMs: number,
  ): { readonly refreshToken: string; readonly lifeSeconds: number | undefined; readonly scope: string } | string {
    const code = form.get('code') ?? ''
    const agreed = this.#codes.get(code)
    this.#codes.delete(code)
    if (!agreed || nowMs >= agreed.expiresAtMs) return 'invalid_grant: Malformed auth code.'
    if (form.get('redirect_uri') !== agreed.redirectUri) return 'redirect_uri_mismatch: Bad Request'
    const verifier = form.get('code_verifier') ?? ''
    const proof =
      agreed.challengeMethod === 'S256' ? createHash('sha256').update(verifier).digest('base64url') : verifier
    if (agreed.challenge !== '' && proof !== agreed.challenge) return 'invalid_grant: Invalid code verifier.'
    const refreshToken = `1//sandbox-${this.#credentials.stamp}-signed-in-${++this.#issued}`
    // An app whose consent screen is in Testing: its refresh tokens end after seven days.
    const lifeSeconds = this.#testing ? weekSeconds : undefined
    this.#refreshTokens.set(refreshToken, nowMs + (lifeSeconds ?? Number.POSITIVE_INFINITY) * 1000)
    return { refreshToken, lifeSeconds, scope: agreed.scope }
  }

  accepts(refreshToken: string | null, nowMs: number): boolean {
    return nowMs < (this.#refreshTokens.get(refreshToken ?? '') ?? Number.NEGATIVE_INFINITY)
  }

  /** Returns whether there was such a token. */
  revoke(token: string): boolean {
    return this.#refreshTokens.delete(token)
  }

  /** The key file of the sandbox's service account; made when it is first asked for, because that takes a while. */
  serviceAccount(tokenUrl: string): ServiceAccountKey {
    this.#pair ??= this.#makePair(tokenUrl)
    return this.#pair.key
  }

  #makePair(tokenUrl: string): ServicePair {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const { stamp } = this.#credentials
    return {
      publicKey: createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
      key: {
        type: 'service_account',
        project_id: `sandbox-${stamp}`,
        private_key_id: stamp,
        private_key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
        client_email: `millrace@sandbox-${stamp}.iam.gserviceaccount.com`,
        client_id: '100000000000000000001',
        token_uri: tokenUrl,
      },
    }
  }

  /** Undefined when the assertion is good; else the word and the reason of the refusal. */
  refuseAssertion(assertion: string, nowMs: number): string | undefined {
    const [head = '', body = '', signature = ''] = assertion.split('.')
    const pair = this.#pair
    if (
      !pair ||
      !verify('RSA-SHA256', Buffer.from(`${head}.${body}`), pair.publicKey, Buffer.from(signature, 'base64url'))
    )
      return 'invalid_grant: Invalid JWT Signature.'
    const { iss, scope, aud, iat = 0, exp = 0 } = JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims
    if (iss !== pair.key.client_email) return 'invalid_grant: Invalid grant: account not found'
    if (aud !== pair.key.token_uri) return 'invalid_grant: Invalid JWT: Failed audience check.'
    const nowSeconds = nowMs / 1000
    if (exp <= nowSeconds || iat > nowSeconds + 300 || exp - iat > claimLifeSecondsMax)
      return 'invalid_grant: Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.'
    return scope === undefined ? 'invalid_scope: Invalid OAuth scope or ID token audience provided.' : undefined
  }
}
