import type { Credentials } from './credentials.ts'

/** A token as `debug_token` describes it. */
export interface MetaToken {
  readonly type: 'USER' | 'SYSTEM_USER'
  /** 0: never. */
  readonly expiresAtMs: number
  readonly scopes: readonly string[]
}

const hourMs = 3_600_000
const shortLifeMs = 2 * hourMs
/** 60 days, less a little, as Meta hands them out. */
const longLifeMs = 5_183_944_000

/** Meta's tokens of one sandbox: a system user's that never ends, a person's of two hours, and what that one is exchanged for. */
export class MetaTokens {
  readonly #stamp: string
  readonly #tokens: Map<string, MetaToken>
  #issued = 0

  constructor({ metaAccessToken, metaUserToken, stamp }: Credentials, nowMs: number) {
    const scopes = ['ads_read', 'business_management']
    this.#stamp = stamp
    this.#tokens = new Map([
      [metaAccessToken, { type: 'SYSTEM_USER', expiresAtMs: 0, scopes }],
      [metaUserToken, { type: 'USER', expiresAtMs: nowMs + shortLifeMs, scopes }],
    ])
  }

  find(token: string): MetaToken | undefined {
    return this.#tokens.get(token)
  }

  isExpired({ expiresAtMs }: MetaToken, nowMs: number): boolean {
    return expiresAtMs !== 0 && nowMs >= expiresAtMs
  }

  /** A person's token for one of sixty days; a system user's stays what it is. */
  exchange(token: MetaToken, nowMs: number): { readonly token: string; readonly lifeSeconds: number } {
    const long = `EAASandbox${this.#stamp}long${++this.#issued}`
    this.#tokens.set(long, { ...token, expiresAtMs: nowMs + longLifeMs })
    return { token: long, lifeSeconds: longLifeMs / 1000 }
  }
}
