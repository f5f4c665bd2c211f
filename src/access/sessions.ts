import type { Role } from '../domain/role.ts'
import type { Session, SqlRow } from '../warehouse/warehouse.ts'
import type { Principal } from './principal.ts'
import { hashOf, newSecret } from './token.ts'

/** How long a sign-in lasts, and how long without a request. */
export interface SessionLimits {
  readonly wholeMs: number
  readonly idleMs: number
}

export const sessionLimitsDefault: SessionLimits = { wholeMs: 7 * 86_400_000, idleMs: 12 * 3_600_000 }

/** How often a session that is used is written down as used. */
const touchEveryMs = 60_000

/** Where a session was opened from, for the person who looks at their sessions. */
export interface Origin {
  readonly address: string
  readonly agent: string
}

/** Opens a session of a user and returns the secret that a cookie carries; only its hash is kept. */
export async function openSession(
  session: Session,
  userId: string,
  { nowMs, limits, origin }: { readonly nowMs: number; readonly limits: SessionLimits; readonly origin: Origin },
): Promise<string> {
  const secret = newSecret()
  await session.query('delete from access_session where expires_at < $1', [new Date(nowMs)])
  await session.query(
    `insert into access_session (session_hash, user_id, created_at, last_seen_at, expires_at, address, agent)
     values ($1, $2, $3, $3, $4, $5, $6)`,
    [
      hashOf(secret),
      userId,
      new Date(nowMs),
      new Date(nowMs + limits.wholeMs),
      origin.address,
      origin.agent.slice(0, 200),
    ],
  )
  await session.query('update access_user set last_seen_at = $2 where user_id = $1', [userId, new Date(nowMs)])
  return secret
}

export async function endSession(session: Session, secret: string): Promise<void> {
  await session.query('delete from access_session where session_hash = $1', [hashOf(secret)])
}

interface Found extends SqlRow {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly clients: readonly string[] | null
  readonly lastSeenAt: Date
}

/** Who opened the session, while it lasts and the user is not disabled. */
export async function userBySession(
  session: Session,
  secret: string,
  { nowMs, limits }: { readonly nowMs: number; readonly limits: SessionLimits },
): Promise<Principal | undefined> {
  const hash = hashOf(secret)
  const [found] = await session.query<Found>(
    `select u.user_id::text as id, u.name, u.role, u.clients, s.last_seen_at as "lastSeenAt"
     from access_session s join access_user u on u.user_id = s.user_id
     where s.session_hash = $1 and s.expires_at > $2 and s.last_seen_at > $3 and u.disabled_at is null`,
    [hash, new Date(nowMs), new Date(nowMs - limits.idleMs)],
  )
  if (!found) return undefined
  if (nowMs - found.lastSeenAt.getTime() > touchEveryMs) await touch(session, hash, found.id, nowMs)
  const { id, name, role, clients } = found
  return { kind: 'user', id, name, role, clients }
}

async function touch(session: Session, hash: string, userId: string, nowMs: number): Promise<void> {
  await session.query('update access_session set last_seen_at = $2 where session_hash = $1', [hash, new Date(nowMs)])
  await session.query('update access_user set last_seen_at = $2 where user_id = $1', [userId, new Date(nowMs)])
}
