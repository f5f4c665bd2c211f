import { createHash, randomBytes } from 'node:crypto'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbedded } from './embedded-server.ts'
import { migrateSchema, migrationsChecksum } from './migrate.ts'
import { openPool } from './postgres-pool.ts'
import type { PoolOptions } from './postgres-pool.ts'
import { warehouseOver } from './postgres.ts'
import type { Connection, Warehouse } from './warehouse.ts'

/** One folder a user of this machine, shared by all test processes and kept between runs: only the first test ever waits for initdb. */
const testDir = join(tmpdir(), `millrace-test-postgres-${userInfo().uid}`)

const poolOptions: PoolOptions = {
  schema: 'millrace',
  connections: 8,
  statementTimeoutMs: 120_000,
  lockTimeoutMs: 60_000,
  place: (version) => `test Postgres ${version}`,
}

const quoted = (name: string) => pg.escapeIdentifier(name)

async function withClient<Result>(
  connection: Omit<Connection, 'schema'>,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const { password, ...rest } = connection
  const client = new pg.Client({ ...rest, database: 'postgres', ...(password === null ? {} : { password }) })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Drops databases of test processes that were killed. */
async function sweep(admin: pg.Client): Promise<void> {
  const { rows } = await admin.query<{ name: string }>(
    `select datname as name from pg_database where datname ~ '^(test|building)_[0-9]+_'
       and not exists (select 1 from pg_stat_activity a where a.datname = pg_database.datname)`,
  )
  for (const { name } of rows) {
    try {
      process.kill(Number(name.split('_')[1]), 0)
    } catch {
      // Nobody has that number any more; another test process may be dropping the same database, which is as good.
      await admin.query(`drop database if exists ${quoted(name)} with (force)`).catch(() => undefined)
    }
  }
}

/** The migrated database that test databases are copied from; built aside and renamed, so that it is never seen half migrated. */
async function ensureTemplate(admin: pg.Client, connection: Omit<Connection, 'schema'>): Promise<string> {
  const name = `template_${createHash('sha256').update(migrationsChecksum()).digest('hex').slice(0, 16)}`
  const exists = async () => (await admin.query('select 1 from pg_database where datname = $1', [name])).rowCount === 1
  if (await exists()) return name
  await admin.query(`select pg_advisory_lock(hashtextextended('test template', 0))`)
  if (await exists()) return name
  await sweep(admin)
  const building = `building_${process.pid}_${randomBytes(4).toString('hex')}`
  await admin.query(`create database ${quoted(building)}`)
  const pool = await openPool({ ...connection, database: building }, poolOptions)
  await migrateSchema(pool)
  await pool.end()
  await admin.query(`alter database ${quoted(building)} rename to ${quoted(name)}`)
  return name
}

/**
 * A warehouse of its own on a real Postgres, for a test file or a test: a fresh, migrated, empty database, dropped when disposed of.
 * The server is shared by all test processes of this user and runs without fsync; the last one that leaves stops it.
 */
export async function openTestWarehouse(): Promise<Warehouse> {
  const server = await startEmbedded({ dir: testDir, durable: false })
  const database = `test_${process.pid}_${randomBytes(6).toString('hex')}`
  try {
    await withClient(server.connection, async (admin) => {
      const template = await ensureTemplate(admin, server.connection)
      await admin.query(`create database ${quoted(database)} template ${quoted(template)}`)
    })
    const pool = await openPool({ ...server.connection, database }, poolOptions)
    return warehouseOver(pool, async () => {
      await withClient(server.connection, (admin) => admin.query(`drop database ${quoted(database)} with (force)`))
      await server.stop()
    })
  } catch (error) {
    await server.stop()
    throw error
  }
}
