import { createHash, randomUUID } from 'node:crypto'
import type { Role } from '../domain/role.ts'
import type { Session, SqlRow } from '../warehouse/warehouse.ts'
import type { OidcPerson } from './oidc.ts'
import type { Principal } from './principal.ts'

interface Known extends SqlRow {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly clients: readonly string[] | null
  readonly disabled: boolean
}

/**
 * The user who is this person, made when they come for the first time. Whom the issuer's word gives a role has it, whatever it was
 * before; where an admin gives roles, a person keeps theirs. Undefined: they have no role, or are disabled.
 */
export async function userOfPerson(
  session: Session,
  person: OidcPerson,
  { nowMs, rolesByIssuer }: { readonly nowMs: number; readonly rolesByIssuer: boolean },
): Promise<Principal | undefined> {
  const [known] = await session.query<Known>(
    `select user_id::text as id, name, role, clients, disabled_at is not null as disabled from access_user
     where issuer = $1 and subject = $2`,
    [person.issuer, person.subject],
  )
  if (known?.disabled) return undefined
  const role = rolesByIssuer ? person.role : (known?.role ?? person.role)
  if (role === undefined) return undefined
  if (!known) return added(session, person, role, nowMs)
  if (role !== known.role) await session.query('update access_user set role = $2 where user_id = $1', [known.id, role])
  return { kind: 'user', id: known.id, name: known.name, role, clients: known.clients }
}

async function added(session: Session, person: OidcPerson, role: Role, nowMs: number): Promise<Principal> {
  const id = randomUUID()
  const plain = person.name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}._@+-]/gu, '-')
  const name = plain.replace(/^[^\p{L}\p{N}]+/u, '').slice(0, 50) || 'user'
  // Somebody else may be called the same; what tells them apart is the issuer's own word for them.
  const apart = createHash('sha256').update(`${person.issuer}\n${person.subject}`).digest('hex').slice(0, 8)
  const [user] = await session.query<{ readonly name: string }>(
    `insert into access_user (user_id, name, role, issuer, subject, created_at, created_by)
     values ($1, case when exists (select from access_user where name = $2) then $2 || '-' || $3 else $2 end, $4, $5, $6, $7, $5)
     returning name`,
    [id, name, apart, role, person.issuer, person.subject, new Date(nowMs)],
  )
  return { kind: 'user', id, name: user?.name ?? name, role, clients: null }
}
