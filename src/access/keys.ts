import { timingSafeEqual } from 'node:crypto'
import { MillraceError } from '../domain/errors.ts'
import { roles } from '../domain/role.ts'
import type { Session, SqlRow } from '../warehouse/warehouse.ts'
import type { Principal } from './principal.ts'
import { hashOf, keyIdOf, newKey } from './token.ts'
import { checkName, clientsOf } from './users.ts'

/** A role, or `collect`: sending events to the collector and nothing else. */
export const keyScopes = [...roles, 'collect'] as const

export type KeyScope = (typeof keyScopes)[number]

/** A key as lists show it: never the key. */
export interface AccessKey {
  readonly keyId: string
  readonly name: string
  readonly scope: KeyScope
  readonly clients: readonly string[] | null
  readonly createdAt: Date
  readonly createdBy: string
  readonly expiresAt: Date | null
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
}

export interface KeyWanted {
  readonly name: string
  readonly scope: KeyScope
  readonly clients: readonly string[] | null
  readonly expiresAtMs: number | null
  readonly by: string
  readonly nowMs: number
}

const columns = `key_id as "keyId", name, scope, clients, created_at as "createdAt", created_by as "createdBy",
  expires_at as "expiresAt", last_used_at as "lastUsedAt", revoked_at as "revokedAt"`

/** Makes a key and returns it this one time. Throws ACCESS_NAME_INVALID, ACCESS_KEY_TAKEN. */
export async function createKey(
  session: Session,
  wanted: KeyWanted,
): Promise<{ readonly key: string; readonly made: AccessKey }> {
  const name = checkName(wanted.name)
  const { keyId, key } = newKey()
  const [made] = await session.query<AccessKey & SqlRow>(
    `insert into access_key (key_id, name, scope, clients, key_hash, created_at, created_by, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (name) where revoked_at is null do nothing returning ${columns}`,
    [
      keyId,
      name,
      wanted.scope,
      clientsOf(wanted.clients),
      hashOf(key),
      new Date(wanted.nowMs),
      wanted.by,
      wanted.expiresAtMs === null ? null : new Date(wanted.expiresAtMs),
    ],
  )
  if (!made) throw new MillraceError('ACCESS_KEY_TAKEN', { name })
  return { key, made }
}

/** Those in force, or all that ever were. */
export function listKeys(session: Session, all = false): Promise<readonly AccessKey[]> {
  return session.query<AccessKey & SqlRow>(
    `select ${columns} from access_key where $1 or revoked_at is null order by revoked_at is not null, name, created_at`,
    [all],
  )
}

/** From the next request on the key opens nothing. By id or name. Throws ACCESS_KEY_UNKNOWN. */
export async function revokeKey(
  session: Session,
  { key, by, nowMs }: { readonly key: string; readonly by: string; readonly nowMs: number },
): Promise<AccessKey> {
  const [revoked] = await session.query<AccessKey & SqlRow>(
    `update access_key set revoked_at = $2, revoked_by = $3 where (key_id = $1 or name = lower($1)) and revoked_at is null
     returning ${columns}`,
    [key, new Date(nowMs), by],
  )
  if (!revoked) throw new MillraceError('ACCESS_KEY_UNKNOWN', { key })
  return revoked
}

interface Found extends SqlRow {
  readonly keyId: string
  readonly name: string
  readonly scope: KeyScope
  readonly clients: readonly string[] | null
  readonly hash: string
}

async function keyInForce(session: Session, key: string, nowMs: number): Promise<Found | undefined> {
  const keyId = keyIdOf(key)
  if (keyId === undefined) return undefined
  const [found] = await session.query<Found>(
    `select key_id as "keyId", name, scope, clients, key_hash as hash from access_key
     where key_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)`,
    [keyId, new Date(nowMs)],
  )
  if (!found || !timingSafeEqual(Buffer.from(found.hash), Buffer.from(hashOf(key)))) return undefined
  // Once a minute is enough to see whether a key is still in use, and no write a request.
  await session.query(
    `update access_key set last_used_at = $2 where key_id = $1 and (last_used_at is null or last_used_at < $3)`,
    [keyId, new Date(nowMs), new Date(nowMs - 60_000)],
  )
  return found
}

/** Who holds a key that is in force; undefined for one that is unknown, revoked, expired, or for the collector alone. */
export async function principalOfKey(session: Session, key: string, nowMs: number): Promise<Principal | undefined> {
  const found = await keyInForce(session, key, nowMs)
  if (!found || found.scope === 'collect') return undefined
  return { kind: 'key', id: found.keyId, name: found.name, role: found.scope, clients: found.clients }
}

/** The name of a key for the collector, which is kept beside each event; undefined when it is none. */
export async function collectKeyName(session: Session, key: string, nowMs: number): Promise<string | undefined> {
  const found = await keyInForce(session, key, nowMs)
  return found?.scope === 'collect' ? found.name : undefined
}
