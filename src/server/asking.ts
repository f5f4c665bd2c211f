import { AsyncLocalStorage } from 'node:async_hooks'
import type { Principal } from '../access/principal.ts'

/** In whose name the code runs that answers a request; undefined before anybody signed in. */
export const asking = new AsyncLocalStorage<Principal | undefined>()

/** Whoever asks sees the rows of their clients alone. */
export function isNarrowed(): boolean {
  return asking.getStore()?.clients != null
}
