import type { Role } from '../domain/role.ts'

/** Who asks: a person, a program with a key of its own, whoever holds the server's one key, or this machine where nobody signs in. */
export interface Principal {
  readonly kind: 'user' | 'key' | 'server_key' | 'local'
  /** Stays the same when the name changes. */
  readonly id: string
  /** For people and the audit log. */
  readonly name: string
  readonly role: Role
  /** The only clients whose rows are shown; null: all rows. */
  readonly clients: readonly string[] | null
}

/** A server of this machine alone, without a login: whoever sits here. */
export const localPrincipal: Principal = { kind: 'local', id: 'local', name: 'local', role: 'admin', clients: null }

export const serverKeyPrincipal: Principal = {
  kind: 'server_key',
  id: 'server_key',
  name: 'server key',
  role: 'admin',
  clients: null,
}
