import pg from 'pg'
import type { Connection } from './warehouse.ts'

/** A table's rows as two numbers: how many, and the sum of a hash of each, in whatever order they come. */
export interface TableSum {
  /** `schema.table`. */
  readonly table: string
  readonly rows: string
  readonly hash: string
}

export interface TableName {
  readonly schema: string
  readonly name: string
  readonly kind: 'r' | 'm'
}

/** Text of values depends on these; both sides of a comparison must have the same. */
const plainSettings = '-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c search_path=pg_catalog -c jit=off'

/** A session whose text of values is the same on every server. */
export function openPlain({ password, ...rest }: Omit<Connection, 'schema'>): Promise<pg.Client> {
  return connected({ ...rest, ...(password === null ? {} : { password }) })
}

/** The same by a URL as libpq reads it, `sslmode` included. */
export function openPlainUrl(url: string): Promise<pg.Client> {
  return connected({ connectionString: url })
}

async function connected(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client({ ...config, options: plainSettings, application_name: 'millrace backup' })
  // A server that goes away is found by the next query; without a listener its farewell would end the program.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** Every table that outlives a crash, of every schema but the server's own. */
export async function tablesOf(client: pg.Client): Promise<readonly TableName[]> {
  const { rows } = await client.query<TableName>(
    `select n.nspname as schema, c.relname as name, c.relkind as kind
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'm') and c.relpersistence = 'p' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
     order by 1, 2`,
  )
  return rows
}

export function quotedName({ schema, name }: Pick<TableName, 'schema' | 'name'>): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`
}

/** Rows and their hashes, in the session's snapshot. md5 is the same in every version of Postgres, unlike its own hash functions. */
export async function sumOf(client: pg.Client, table: TableName): Promise<TableSum> {
  const { rows } = await client.query<{ rows: string; hash: string }>(
    `select count(*)::text as rows, coalesce(sum(('x' || substr(md5(whole_row_::text), 1, 16))::bit(64)::bigint::numeric), 0)::text as hash
     from ${quotedName(table)} as whole_row_`,
  )
  return { table: `${table.schema}.${table.name}`, rows: rows[0]?.rows ?? '0', hash: rows[0]?.hash ?? '0' }
}

export async function sumsOf(client: pg.Client, onTable?: (table: string) => void): Promise<readonly TableSum[]> {
  const sums: TableSum[] = []
  for (const table of await tablesOf(client)) {
    onTable?.(`${table.schema}.${table.name}`)
    sums.push(await sumOf(client, table))
  }
  return sums
}

export interface SumDifference {
  readonly table: string
  readonly expected: TableSum | null
  readonly found: TableSum | null
}

/** Tables that are not on both sides with equal rows. Pure. */
export function differencesOf(expected: readonly TableSum[], found: readonly TableSum[]): readonly SumDifference[] {
  const right = new Map(found.map((one) => [one.table, one]))
  const left = new Map(expected.map((one) => [one.table, one]))
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((table) => {
    const [a, b] = [left.get(table) ?? null, right.get(table) ?? null]
    return a && b && a.rows === b.rows && a.hash === b.hash ? [] : [{ table, expected: a, found: b }]
  })
}

export interface Moment {
  /** Everything that was committed before this place of the log is in `sums`, and nothing else. */
  readonly lsn: string
  readonly sums: readonly TableSum[]
}

const lockTries = 30

/**
 * The sums at one exact place of the log, while others write: writers wait for a moment, in which the place is read and a snapshot
 * taken; the snapshot is summed up afterwards. Undefined when a writer does not let go within a minute.
 */
export async function sumsAtMoment(
  connection: Omit<Connection, 'schema'>,
  onTable?: (table: string) => void,
): Promise<Moment | undefined> {
  const locker = await openPlain(connection)
  const reader = await openPlain(connection)
  try {
    const tables = (await tablesOf(locker)).filter(({ kind }) => kind === 'r').map(quotedName)
    for (let tries = 0; tries < lockTries; tries += 1) {
      try {
        await locker.query(`begin; set local lock_timeout = '2s'`)
        if (tables.length > 0) await locker.query(`lock table ${tables.join(', ')} in share mode`)
        await reader.query('begin isolation level repeatable read read only')
        const { rows } = await reader.query<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn')
        await locker.query('commit')
        const sums = await sumsOf(reader, onTable)
        return { lsn: rows[0]?.lsn ?? '', sums }
      } catch (error) {
        await locker.query('rollback').catch(() => undefined)
        // 55P03: a writer holds a table; 40P01: two of them wait for each other and for us.
        if (!['55P03', '40P01'].includes((error as { code?: string }).code ?? '')) throw error
      }
    }
    return undefined
  } finally {
    await Promise.all([locker.end(), reader.end()].map((one) => one.catch(() => undefined)))
  }
}
