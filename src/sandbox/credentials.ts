import { textSeed } from './hash.ts'

/** What a client needs to be let in. Made from the seed: worth nothing anywhere else. */
export interface Credentials {
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
  /** A system user's: it does not end. */
  readonly metaAccessToken: string
  /** A person's, as a browser gets it: it ends two hours after the sandbox began. */
  readonly metaUserToken: string
  readonly metaAppId: string
  readonly metaAppSecret: string
  /** The Google manager account's id, for the header `login-customer-id`. */
  readonly loginCustomerId: string
  /** Part of every secret; tells the worlds of different seeds apart. */
  readonly stamp: string
}

export function credentialsOf(seed: number, loginCustomerId: string): Credentials {
  const stamp = textSeed(`credentials ${seed}`).toString(36)
  return {
    clientId: `sandbox-${stamp}.apps.googleusercontent.com`,
    clientSecret: `GOCSPX-sandbox-${stamp}`,
    refreshToken: `1//sandbox-${stamp}-refresh`,
    metaAccessToken: `EAASandbox${stamp}`,
    metaUserToken: `EAASandbox${stamp}short`,
    metaAppId: '1000000000000001',
    metaAppSecret: `sandbox-app-secret-${stamp}`,
    loginCustomerId,
    stamp,
  }
}
