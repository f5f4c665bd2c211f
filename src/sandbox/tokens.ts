import type { Credentials } from './credentials.ts'
import type { Family } from './shapes.ts'

export type TokenState = 'valid' | 'expired' | 'revoked' | 'unknown'

/** Google's access tokens of one sandbox: handed out by the token endpoint, dead after their time on the sandbox's own clock. */
export class AccessTokens {
  readonly #credentials: Credentials
  readonly #lifeSeconds: number
  readonly #expiresAtMs = new Map<string, number>()
  #issued = 0
  /** At these platforms no token works, of whatever kind, until the next scenario. */
  readonly revoked = new Set<Family>()

  constructor(credentials: Credentials, lifeSeconds: number) {
    this.#credentials = credentials
    this.#lifeSeconds = lifeSeconds
  }

  issue(nowMs: number): { readonly token: string; readonly expiresInSeconds: number } {
    const token = `ya29.sandbox-${this.#credentials.stamp}-${++this.#issued}`
    this.#expiresAtMs.set(token, nowMs + this.#lifeSeconds * 1000)
    return { token, expiresInSeconds: this.#lifeSeconds }
  }

  state(token: string, nowMs: number): TokenState {
    const expiresAtMs = this.#expiresAtMs.get(token)
    if (expiresAtMs === undefined) return 'unknown'
    if (this.revoked.has('google')) return 'revoked'
    return nowMs < expiresAtMs ? 'valid' : 'expired'
  }

  /** Kills every access token handed out so far; new ones can be had. */
  expireAll(): void {
    for (const token of this.#expiresAtMs.keys()) this.#expiresAtMs.set(token, Number.NEGATIVE_INFINITY)
  }
}
