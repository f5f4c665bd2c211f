import { createHmac } from 'node:crypto'
import pg from 'pg'
import type { SqlRow, SqlValue, Warehouse } from './warehouse.ts'

/** Where queries run that somebody else wrote: they can read what is published and do nothing else. */
export interface ReadOnly extends AsyncDisposable {
  /** One statement; the values keep it to one, because only the simple protocol takes several. Throws what the database says. */
  query<Row extends SqlRow>(statement: BoundedStatement): Promise<readonly Row[]>
}

export interface BoundedStatement {
  readonly text: string
  readonly values: readonly [SqlValue, ...SqlValue[]]
  readonly timeoutMs: number
}

const role = 'millrace_check'

/** What a check may read; everything else of the schema (runs, outbox, people) is none of its business. */
const readable = [
  'daily_campaign_metrics',
  'fact_ad_daily',
  'fact_ad_daily_history',
  'partition_state',
  'dim_account',
  'dim_entity',
]

/**
 * A connection of its own as a role of its own. A role that one merely changes to is no wall: `select set_config('role', …)` changes
 * back. The role can log in, select from a few tables, and nothing else; every statement runs in a read-only transaction that is
 * rolled back, under a time limit that it cannot raise for itself. Opens at the first query; the first one makes the role.
 */
export function openReadOnly(warehouse: Pick<Warehouse, 'connection' | 'transaction' | 'query'>): ReadOnly {
  let opening: Promise<pg.Client> | undefined
  let last: Promise<unknown> = Promise.resolve()
  const connected = () =>
    (opening ??= connect(warehouse).catch((error: unknown) => {
      opening = undefined
      throw error
    }))
  const run = async <Row extends SqlRow>(statement: BoundedStatement): Promise<readonly Row[]> => {
    const client = await connected()
    try {
      return await bounded<Row>(client, statement)
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) {
        // The connection itself is gone or stuck: the next query opens another.
        opening = undefined
        await client.end().catch(() => undefined)
      }
      throw error
    }
  }
  return {
    query: (statement) => {
      // One after another: a connection has one transaction.
      const next = last.then(
        () => run(statement),
        () => run(statement),
      )
      last = next
      return next as Promise<never>
    },
    async [Symbol.asyncDispose]() {
      await last.catch(() => undefined)
      await (await opening?.catch(() => undefined))?.end()
    },
  }
}

async function bounded<Row extends SqlRow>(client: pg.Client, { text, values, timeoutMs }: BoundedStatement) {
  await client.query('begin transaction read only')
  try {
    await client.query(`set local statement_timeout = ${Math.ceil(timeoutMs)}`)
    return (await client.query<Row>(text, values as unknown as unknown[])).rows
  } finally {
    await client.query('rollback')
    // A session's advisory locks outlive its transactions, and a load waits for the lock of its partition.
    await client.query('select pg_advisory_unlock_all()')
  }
}

type Maker = Pick<Warehouse, 'connection' | 'transaction' | 'query'>

async function connect(warehouse: Maker): Promise<pg.Client> {
  await makeRole(warehouse)
  try {
    return await login(warehouse)
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== '28P01') throw error
    // Somebody gave the role another password, or the warehouse's own has changed since the role was made.
    await warehouse.query(`alter role ${role} password ${literal(passwordOf(warehouse) ?? '')}`)
    return login(warehouse)
  }
}

async function login(warehouse: Maker): Promise<pg.Client> {
  const { host, port, database, schema } = warehouse.connection
  const password = passwordOf(warehouse)
  const client = new pg.Client({
    host,
    port,
    database,
    user: role,
    ...(password === null ? {} : { password }),
    connectionTimeoutMillis: 10_000,
    application_name: 'millrace check',
    options: `-c search_path=${schema} -c timezone=UTC -c jit=off -c lock_timeout=5000`,
  })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** Derived and not stored: whoever has the warehouse's password has this one, and nobody else. */
function passwordOf({ connection: { password } }: Maker): string | null {
  return password === null ? null : createHmac('sha256', password).update(role).digest('hex')
}

async function makeRole(warehouse: Maker): Promise<void> {
  const { schema } = warehouse.connection
  const [found] = await warehouse.query(`select 1 from pg_roles where rolname = $1`, [role])
  if (!found) {
    const password = passwordOf(warehouse)
    const login = `login nosuperuser nocreatedb nocreaterole noreplication noinherit ${password === null ? '' : `password ${literal(password)}`}`
    try {
      await warehouse.transaction(async (session) => {
        await session.query(`create role ${role} ${login}`)
        await session.query(`alter role ${role} set default_transaction_read_only = on`)
        await session.query(`alter role ${role} set statement_timeout = '60s'`)
      })
    } catch (error) {
      // Another process made it in the same moment.
      const [made] = await warehouse.query(`select 1 from pg_roles where rolname = $1`, [role])
      if (!made) throw error
    }
  }
  await warehouse.transaction(async (session) => {
    await session.query(`select pg_advisory_xact_lock(hashtextextended('${role} ${schema}', 0))`)
    const [missing] = await session.query(
      `select 1 from unnest($1::text[]) as t (name)
       where not has_table_privilege($2::text, format('%I.%I', $3::text, t.name), 'select') or not has_schema_privilege($2::text, $3::text, 'usage') limit 1`,
      [readable, role, schema],
    )
    if (!missing) return
    const own = pg.escapeIdentifier(schema)
    await session.query(`grant usage on schema ${own} to ${role}`)
    await session.query(`grant select on ${readable.map((name) => `${own}.${name}`).join(', ')} to ${role}`)
  })
}

function literal(text: string): string {
  return pg.escapeLiteral(text)
}
