import type { OidcOptions } from '../access/oidc.ts'
import type { SessionLimits } from '../access/sessions.ts'

/** How people and programs are known to the server. */
export interface AccessOptions {
  /** People sign in, programs have keys; a server that listens for more than this machine wants this or a key. */
  readonly login: boolean
  readonly limits?: SessionLimits | undefined
  /** Of scrypt; a lower one is for tests. */
  readonly scryptCost?: number | undefined
  /** `https://millrace.example.com`, where a proxy stands before the server. */
  readonly publicUrl?: string | undefined
  /** Another place that says who people are. */
  readonly oidc?: OidcOptions | undefined
}

/** Open to this machine, as a demo is. */
export const openAccess: AccessOptions = { login: false }
