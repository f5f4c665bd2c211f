import { textSeed } from './hash.ts'

/** What a client needs to be let in. Made from the seed: worth nothing anywhere else. */
export interface Credentials {
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
  readonly metaAccessToken: string
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
    loginCustomerId,
    stamp,
  }
}
