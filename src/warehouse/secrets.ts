import { isoInstant } from '../domain/clock.ts'
import type { Clock } from '../domain/clock.ts'
import type { ConnectionSecrets, RotatingSecret } from '../domain/secret.ts'
import type { SecretAddress, SecretKey } from './secret-cipher.ts'
import type { Session, Warehouse } from './warehouse.ts'

/** What may be said of a kept secret. */
export interface KeptSecret extends SecretAddress {
  readonly expiresAtMs: number | null
  readonly updatedAtMs: number
  /** Of the key that it was closed with. */
  readonly keyId: string
}

interface SealedRow {
  readonly keyId: string
  readonly nonce: Buffer
  readonly sealed: Buffer
  readonly expiresAt: Date | null
}

/** Everything kept, without any value and without the key. */
export async function keptSecrets(warehouse: Pick<Warehouse, 'query'>): Promise<readonly KeptSecret[]> {
  const rows = await warehouse.query<{
    connection: string
    name: string
    keyId: string
    expiresAt: Date | null
    updatedAt: Date
  }>(
    `select connection, name, key_id as "keyId", expires_at as "expiresAt", updated_at as "updatedAt"
     from connection_secret order by connection, name`,
  )
  return rows.map(({ expiresAt, updatedAt, ...rest }) => ({
    ...rest,
    expiresAtMs: expiresAt?.getTime() ?? null,
    updatedAtMs: updatedAt.getTime(),
  }))
}

/** Forgets all that a connection keeps; needs no key, so that a lost one is no obstacle. Returns how many there were. */
export async function forgetSecrets(warehouse: Pick<Warehouse, 'query'>, connection: string): Promise<number> {
  const rows = await warehouse.query('delete from connection_secret where connection = $1 returning name', [connection])
  return rows.length
}

async function read(
  session: Pick<Session, 'query'>,
  key: SecretKey,
  address: SecretAddress,
): Promise<RotatingSecret | undefined> {
  const [row] = await session.query<SealedRow & Record<string, unknown>>(
    `select key_id as "keyId", nonce, sealed, expires_at as "expiresAt"
     from connection_secret where connection = $1 and name = $2`,
    [address.connection, address.name],
  )
  return row && { value: key.unseal(address, row), expiresAtMs: row.expiresAt?.getTime() ?? null }
}

/** Keeps a secret in place of whatever was there, also of one that no key opens any more. */
export async function keepSecret(
  session: Pick<Session, 'query'>,
  key: SecretKey,
  clock: Clock,
  address: SecretAddress,
  { value, expiresAtMs }: RotatingSecret,
): Promise<void> {
  const { keyId, nonce, sealed } = key.seal(address, value)
  await session.query(
    `insert into connection_secret (connection, name, key_id, nonce, sealed, expires_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (connection, name) do update set key_id = excluded.key_id, nonce = excluded.nonce,
       sealed = excluded.sealed, expires_at = excluded.expires_at, updated_at = excluded.updated_at`,
    [
      address.connection,
      address.name,
      keyId,
      nonce,
      sealed,
      expiresAtMs === null ? null : isoInstant(expiresAtMs),
      isoInstant(clock.nowMs()),
    ],
  )
}

/** The kept secrets of one connection, opened with the key. */
export function secretsOf(
  warehouse: Pick<Warehouse, 'query' | 'transaction'>,
  key: SecretKey,
  clock: Clock,
  connection: string,
): ConnectionSecrets {
  return {
    read: (name) => read(warehouse, key, { connection, name }),
    rotate: (name, renew) =>
      warehouse.transaction(async (session) => {
        const address = { connection, name }
        await session.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
          `connection secret ${connection}.${name}`,
        ])
        const current = await read(session, key, address)
        const next = await renew(current)
        if (next === undefined) return current
        await keepSecret(session, key, clock, address, next)
        return next
      }),
  }
}
