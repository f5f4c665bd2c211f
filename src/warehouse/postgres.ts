import pg from 'pg'
import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'
import { loadPartitions } from './load.ts'
import { migrateSchema } from './migrate.ts'
import { openPool } from './postgres-pool.ts'
import type { PoolOptions, PostgresPool } from './postgres-pool.ts'
import { statisticsKeeper } from './statistics.ts'
import { defineWarehouse } from './warehouse.ts'
import type { Connection, Warehouse } from './warehouse.ts'

/** What both adapters can be told. The schema's name is used unquoted in session settings, hence its narrow alphabet. */
export const sharedOptions = {
  /** Schema of Millrace's tables, created when absent. */
  schema: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/)
    .default('millrace'),
  /** Connections at most; a load uses one. */
  connections: z.coerce.number().int().min(2).max(100).default(8),
  /** A statement that runs longer is cancelled. */
  statementTimeoutMs: z.coerce.number().int().positive().default(1_800_000),
  /** How long a load waits for another writer of the same partition. */
  lockTimeoutMs: z.coerce.number().int().positive().default(600_000),
}

/** The warehouse over a pool: all that both adapters have in common. */
export function warehouseOver(pool: PostgresPool, close: () => Promise<void>): Warehouse {
  const keepStatistics = statisticsKeeper(pool)
  return {
    get connection() {
      return pool.connection
    },
    place: pool.place,
    migrate: () => migrateSchema(pool),
    query: (sql, values) => pool.query(sql, values),
    transaction: (work) => pool.transaction(work),
    async load(request) {
      const reports = await pool.transaction(async (session) => {
        const loaded = await loadPartitions(session, request)
        await request.alongside?.(session, loaded)
        return loaded
      })
      await keepStatistics(reports)
      return reports
    },
    async [Symbol.asyncDispose]() {
      await pool.end()
      await close()
    },
  }
}

interface Target {
  readonly connection: Omit<Connection, 'schema'>
  readonly ssl: PoolOptions['ssl']
  readonly settings: string | undefined
}

/** Reads a URL as libpq and pg do, sockets (`?host=/run/postgresql`), `sslmode` and `options` included. Throws WAREHOUSE_URL_INVALID. */
function targetOf(url: string): Target {
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw new MillraceError('WAREHOUSE_URL_INVALID', { reason: 'it does not begin with postgres:// or postgresql://' })
  }
  try {
    const { host, port, user, password, database, ssl, connectionParameters } = new pg.Client({
      connectionString: url,
    }) as pg.Client & {
      readonly ssl: PoolOptions['ssl']
      readonly connectionParameters: { readonly options?: string }
    }
    const connection = { host, port, user: user ?? '', password: password ?? null, database: database ?? '' }
    return { connection, ssl, settings: connectionParameters.options }
  } catch (cause) {
    // The cause's own message repeats the URL, and with it the password; only its kind is passed on.
    const reason = (cause as { code?: string }).code ?? 'it is not a URL'
    throw new MillraceError('WAREHOUSE_URL_INVALID', { reason })
  }
}

export const adapter = defineWarehouse({
  name: 'postgres',
  summary: 'your own Postgres, version 15 or newer',
  options: z.object({
    /** `postgres://user:password@host:5432/database`; the database must exist, the schema need not. */
    url: z.string(),
    ...sharedOptions,
  }),
  async open({ url, ...shared }) {
    const { connection, ssl, settings } = targetOf(url)
    const where = `${connection.host}:${connection.port}/${connection.database}`
    const pool = await openPool(connection, {
      ...shared,
      ssl,
      settings,
      place: (version) => (version ? `Postgres ${version} at ${where}` : where),
    })
    return warehouseOver(pool, async () => undefined)
  },
})
