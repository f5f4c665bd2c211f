import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { MillraceError } from '../domain/errors.ts'
import type { Platform } from '../domain/platform.ts'
import { statement } from './statements.ts'
import type { Warehouse } from './warehouse.ts'

/** The role that everybody who reads marts is a member of; itself it cannot log in. */
const readerRole = 'millrace_reader'

export interface BiAccount {
  readonly platform: Platform
  readonly accountId: string
}

/** Who may read what: all accounts, or one client's. */
export interface BiGrant {
  /** Undefined: readers of everything. */
  readonly client?: { readonly name: string; readonly accounts: readonly BiAccount[] } | undefined
  /** Someone who logs in, with the password that they are given if they are new. */
  readonly login?: { readonly user: string; readonly password: string } | undefined
}

/** A role and what it sees; null is every account. */
export interface BiScope {
  readonly role: string
  readonly members: readonly string[]
  readonly accounts: readonly string[] | null
}

/** Small letters, digits and underscores: what needs no quotes anywhere, and is one role in every tool. */
const roleName = /^[a-z][a-z0-9_]{0,40}$/

function checked(name: string): string {
  if (!roleName.test(name)) throw new MillraceError('WAREHOUSE_ROLE_NAME', { name })
  return name
}

export const roleOf = (client: string | undefined): string =>
  client === undefined ? readerRole : `${readerRole}_${checked(client)}`

/**
 * What Postgres stores instead of the password (RFC 5803): made here, so that the password itself is in no statement and no server
 * log. `SCRAM-SHA-256$<rounds>:<salt>$<stored key>:<server key>`
 */
export function passwordVerifier(password: string, salt: Uint8Array = randomBytes(16)): string {
  const rounds = 4_096
  const salted = pbkdf2Sync(password, salt, rounds, 32, 'sha256')
  const keyed = (text: string) => createHmac('sha256', salted).update(text).digest()
  const stored = createHash('sha256').update(keyed('Client Key')).digest('base64')
  const saltText = Buffer.from(salt).toString('base64')
  return `SCRAM-SHA-256$${rounds}:${saltText}$${stored}:${keyed('Server Key').toString('base64')}`
}

const quotedText = (text: string) => `'${text.replaceAll("'", "''")}'`

/** Roles are the whole server's and know no `if not exists`. */
const createRole = (role: string, more: string) =>
  `do $do$ begin if not exists (select from pg_catalog.pg_roles where rolname = '${role}') then create role ${role} ${more}; end if; end $do$`

const views = ['account', 'campaign_daily', 'ad_daily', 'account_daily', 'freshness']
  .map((name) => `marts.${name}`)
  .join(', ')

/** What a role sees: every account, or these in place of those before. */
function scopeStatements(role: string, accounts: readonly BiAccount[] | undefined): readonly string[] {
  const scope = (values: string) => `insert into bi_scope (role, platform, account_id) values (${values})`
  return [
    `delete from bi_scope where role = '${role}'`,
    ...(accounts?.map((one) => scope([role, one.platform, one.accountId].map(quotedText).join(', '))) ?? [
      scope(`'${role}', null, null`),
    ]),
  ]
}

/** Pure: the statements of a grant, in their order; each may be run again. */
export function grantStatements({ client, login }: BiGrant, verifier: string): readonly string[] {
  const role = roleOf(client?.name)
  const user = login && checked(login.user)
  return [
    ...scopeStatements(role, client?.accounts),
    'create schema if not exists marts',
    statement('bi-views'),
    createRole(readerRole, 'nologin'),
    `grant usage on schema marts to ${readerRole}`,
    `grant select on ${views} to ${readerRole}`,
    ...(client ? [createRole(role, 'nologin')] : []),
    // A client's role takes the right to read from the views' side and not from the readers of everything, whose accounts it would see.
    ...(client ? [`grant usage on schema marts to ${role}`, `grant select on ${views} to ${role}`] : []),
    ...(user
      ? [
          createRole(user, `login password ${quotedText(verifier)}`),
          // A forgotten tab must not hold the tables for hours, and nobody writes by mistake.
          `alter role ${user} set default_transaction_read_only = on`,
          `alter role ${user} set statement_timeout = '5min'`,
          `alter role ${user} set search_path = marts`,
          `grant ${role} to ${user}`,
        ]
      : []),
  ]
}

/** Makes roles, views and rights, all of it or nothing. Returns whether the login is new: only then has it the password. */
export function grantReading(warehouse: Warehouse, grant: BiGrant): Promise<{ readonly isNewLogin: boolean }> {
  return warehouse.transaction(async (session) => {
    const known = await session.query('select from pg_catalog.pg_roles where rolname = $1', [grant.login?.user ?? ''])
    for (const one of grantStatements(grant, passwordVerifier(grant.login?.password ?? ''))) await session.query(one)
    return { isNewLogin: grant.login !== undefined && known.length === 0 }
  })
}

/** Takes a client's role or a login's rights back. The login stays: others may have given it rights of theirs. */
export function revokeReading(
  warehouse: Warehouse,
  { client, user }: { client?: string; user?: string },
): Promise<void> {
  return warehouse.transaction(async (session) => {
    const role = roleOf(client)
    const statements =
      user === undefined
        ? [`delete from bi_scope where role = '${role}'`, `drop owned by ${role}`, `drop role ${role}`]
        : [`revoke ${role} from ${checked(user)}`]
    for (const one of statements) await session.query(one)
  })
}

export async function readScopes(warehouse: Pick<Warehouse, 'query'>): Promise<readonly BiScope[]> {
  return warehouse.query<BiScope & Record<string, unknown>>(
    `select s.role,
       array(select m.rolname::text from pg_catalog.pg_auth_members g
             join pg_catalog.pg_roles r on r.oid = g.roleid join pg_catalog.pg_roles m on m.oid = g.member
             where r.rolname = s.role and m.rolcanlogin order by 1) as members,
       case when bool_or(s.platform is null) then null
            else array_agg(s.platform || '/' || s.account_id order by s.platform, s.account_id) end as accounts
     from bi_scope s group by s.role order by s.role`,
  )
}
