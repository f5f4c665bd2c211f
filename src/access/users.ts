import { randomUUID } from 'node:crypto'
import { MillraceError } from '../domain/errors.ts'
import type { Role } from '../domain/role.ts'
import type { Session, SqlRow } from '../warehouse/warehouse.ts'
import { checkPassword, hashPassword, isPassword } from './password.ts'
import type { Principal } from './principal.ts'

/** A person as lists show them; what their password was made into stays in the database. */
export interface User {
  readonly userId: string
  /** What they sign in with, in lower case. */
  readonly name: string
  readonly role: Role
  readonly clients: readonly string[] | null
  /** `password`, or the issuer that says who they are. */
  readonly signsInBy: string
  readonly createdAt: Date
  readonly createdBy: string
  readonly lastSeenAt: Date | null
  readonly disabledAt: Date | null
}

/** Who is to become a user. */
export interface UserWanted {
  readonly name: string
  readonly role: Role
  readonly clients: readonly string[] | null
  readonly password: string
  readonly by: string
  readonly nowMs: number
  /** Of scrypt; the default is for people, a lower one for tests. */
  readonly scryptCost?: number | undefined
}

const columns = `user_id::text as "userId", name, role, clients, coalesce(issuer, 'password') as "signsInBy", created_at as "createdAt",
  created_by as "createdBy", last_seen_at as "lastSeenAt", disabled_at as "disabledAt"`

/** Names and clients are words without blanks, so that they can stand in a command, a header and a log. */
const nameForm = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,63}$/u

/** Throws ACCESS_NAME_INVALID. */
export function checkName(name: string): string {
  const plain = name.normalize('NFKC').toLowerCase()
  if (!nameForm.test(plain)) throw new MillraceError('ACCESS_NAME_INVALID', { name })
  return plain
}

/** Throws ACCESS_NAME_INVALID, ACCESS_PASSWORD_WEAK, ACCESS_USER_TAKEN. */
export async function addUser(session: Session, wanted: UserWanted): Promise<User> {
  const name = checkName(wanted.name)
  await checkPassword(wanted.password, name)
  const hash = await hashPassword(wanted.password, wanted.scryptCost)
  const [user] = await session.query<User & SqlRow>(
    `insert into access_user (user_id, name, role, clients, password_hash, created_at, created_by)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (name) do nothing returning ${columns}`,
    [randomUUID(), name, wanted.role, clientsOf(wanted.clients), hash, new Date(wanted.nowMs), wanted.by],
  )
  if (!user) throw new MillraceError('ACCESS_USER_TAKEN', { name })
  return user
}

/** No client at all would be a user who sees nothing; an empty list means all of them. */
export function clientsOf(clients: readonly string[] | null): readonly string[] | null {
  return clients && clients.length > 0 ? [...new Set(clients.map(checkName))].sort() : null
}

export function listUsers(session: Session): Promise<readonly User[]> {
  return session.query<User & SqlRow>(`select ${columns} from access_user order by name`)
}

/** By id or name. Throws ACCESS_USER_UNKNOWN. */
async function userOf(session: Session, idOrName: string): Promise<User> {
  const [user] = await session.query<User & SqlRow>(
    `select ${columns} from access_user where user_id::text = $1 or name = lower($1)`,
    [idOrName],
  )
  if (!user) throw new MillraceError('ACCESS_USER_UNKNOWN', { user: idOrName })
  return user
}

interface Change {
  readonly user: string
  readonly nowMs: number
}

/**
 * A disabled user is signed out everywhere at once and cannot sign in; the row stays, because the audit log names it. Throws
 * ACCESS_USER_UNKNOWN, and ACCESS_LAST_ADMIN when nobody would be left who can let people in.
 */
export async function setDisabled(session: Session, { user, nowMs }: Change, disabled: boolean): Promise<User> {
  const { userId, role } = await userOf(session, user)
  if (disabled && role === 'admin') await keepAnAdmin(session, userId)
  if (disabled) await session.query('delete from access_session where user_id = $1', [userId])
  await session.query('update access_user set disabled_at = $2 where user_id = $1', [
    userId,
    disabled ? new Date(nowMs) : null,
  ])
  return userOf(session, userId)
}

/** Throws ACCESS_USER_UNKNOWN, ACCESS_LAST_ADMIN. */
export async function setRole(
  session: Session,
  user: string,
  { role, clients }: { readonly role: Role; readonly clients: readonly string[] | null },
): Promise<User> {
  const before = await userOf(session, user)
  if (before.role === 'admin' && (role !== 'admin' || clientsOf(clients) !== null))
    await keepAnAdmin(session, before.userId)
  await session.query('update access_user set role = $2, clients = $3 where user_id = $1', [
    before.userId,
    role,
    clientsOf(clients),
  ])
  return userOf(session, before.userId)
}

/** The lock keeps two admins from removing each other at the same moment. */
async function keepAnAdmin(session: Session, userId: string): Promise<void> {
  await session.query(`select pg_advisory_xact_lock(hashtextextended('millrace admins', 0))`)
  if ((await adminCount(session, userId)) === 0) throw new MillraceError('ACCESS_LAST_ADMIN', { user: userId })
}

/** Admins who can sign in, without one of them. */
export async function adminCount(session: Session, except?: string): Promise<number> {
  const [row] = await session.query<{ readonly count: number }>(
    `select count(*)::int as count from access_user
     where role = 'admin' and clients is null and disabled_at is null and user_id::text is distinct from $1`,
    [except ?? null],
  )
  return row?.count ?? 0
}

/** A new password ends every session of the user. Throws ACCESS_USER_UNKNOWN, ACCESS_PASSWORD_WEAK. */
export async function setPassword(
  session: Session,
  { user, nowMs }: Change,
  { password, scryptCost }: { readonly password: string; readonly scryptCost?: number | undefined },
): Promise<User> {
  const { userId, name } = await userOf(session, user)
  await checkPassword(password, name)
  const hash = await hashPassword(password, scryptCost)
  await session.query('update access_user set password_hash = $2, password_at = $3 where user_id = $1', [
    userId,
    hash,
    new Date(nowMs),
  ])
  await session.query('delete from access_session where user_id = $1', [userId])
  return userOf(session, userId)
}

interface Known extends SqlRow {
  readonly userId: string
  readonly name: string
  readonly role: Role
  readonly clients: readonly string[] | null
  readonly hash: string | null
  readonly disabled: boolean
}

/** The person that a name and a password belong to; undefined without saying which of the two is wrong. */
export async function userByPassword(
  session: Session,
  given: { readonly name: string; readonly password: string },
  scryptCost?: number,
): Promise<Principal | undefined> {
  const [known] = await session.query<Known>(
    `select user_id::text as "userId", name, role, clients, password_hash as hash, disabled_at is not null as disabled
     from access_user where name = $1`,
    [given.name.normalize('NFKC').toLowerCase()],
  )
  const isRight = await isPassword(given.password, known?.hash ?? null, scryptCost)
  if (!known || !isRight || known.disabled) return undefined
  return { kind: 'user', id: known.userId, name: known.name, role: known.role, clients: known.clients }
}
