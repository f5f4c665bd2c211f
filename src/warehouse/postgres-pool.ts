import pg from 'pg'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import { warehouseError } from './postgres-errors.ts'
import type { Asked } from './postgres-errors.ts'
import type { Connection, Session, SqlRow, SqlValue } from './warehouse.ts'

/** The oldest server whose SQL the statements keep to. */
const oldestMajor = 15

/** A session that also has the driver's client, for what `query` cannot do: COPY. */
export interface PostgresSession extends Session {
  readonly client: pg.PoolClient
}

export interface PoolOptions {
  readonly schema: string
  readonly connections: number
  readonly statementTimeoutMs: number
  readonly lockTimeoutMs: number
  readonly ssl?: pg.ClientConfig['ssl'] | undefined
  /** Settings of the session that the URL asked for, in the form of libpq's `options`. */
  readonly settings?: string | undefined
  /** For people and errors, with the server's version filled in. */
  place(version: string): string
  /** Brings a server back that does not answer, and says where it is now; without it an absent server is an error. */
  readonly revive?: (() => Promise<Omit<Connection, 'schema'>>) | undefined
}

export interface PostgresPool {
  readonly connection: Connection
  readonly place: string
  query<Row extends SqlRow>(sql: string, values?: readonly SqlValue[]): Promise<readonly Row[]>
  transaction<Result>(work: (session: PostgresSession) => Promise<Result>): Promise<Result>
  end(): Promise<void>
}

type Parser = (text: string) => unknown

/** The driver's parsers by the type's number in pg_type; its typings know only some of the numbers. */
const driverParser = pg.types.getTypeParser as (oid: number, format?: string) => Parser

const asText: Parser = (text) => text

/** `date` (1082) and arrays of `date` or `numeric` stay text: a Date would move the day by a time zone, a number would round. */
const ownParsers: ReadonlyMap<number, Parser> = new Map([
  [1082, asText],
  [1182, driverParser(1009)],
  [1231, driverParser(1009)],
])

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: string) =>
    (format === 'binary' ? undefined : ownParsers.get(oid)) ?? driverParser(oid, format),
}

const connectTimeoutMs = 10_000

/** The pool's own time limit would also count the wait for a free connection, which a long load may rightly take. */
class Client extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    // pg-pool hides the password from enumeration, so that spreading alone would leave it out.
    super({ ...config, password: config?.password, connectionTimeoutMillis: connectTimeoutMs })
    // A connection that breaks while it is being given back or thrown away has no other listener, and an error nobody listens to ends the program.
    this.on('error', () => undefined)
  }
}

function createPool(connection: Omit<Connection, 'schema'>, options: PoolOptions): pg.Pool {
  const { password, ...rest } = connection
  const settings = {
    search_path: options.schema,
    timezone: 'UTC',
    statement_timeout: options.statementTimeoutMs,
    lock_timeout: options.lockTimeoutMs,
    // A program that was stopped in the middle of a load (SIGSTOP, a sleeping laptop) must not keep its locks for ever.
    idle_in_transaction_session_timeout: options.statementTimeoutMs,
    // Compiling costs more than it saves in statements that run once; where it is built in it made loads three times slower.
    jit: 'off',
    // A stage of 100 k rows is 11 MB; what does not fit here is written to disk and read back by every scan.
    temp_buffers: '64MB',
  }
  const config: pg.PoolConfig = {
    ...rest,
    ...(password === null ? {} : { password }),
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    options: [options.settings ?? '', ...Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)]
      .join(' ')
      .trim(),
    application_name: 'millrace',
    keepAlive: true,
    max: options.connections,
    idleTimeoutMillis: 30_000,
    allowExitOnIdle: true,
    types,
    Client,
  }
  const pool = new pg.Pool(config)
  // An idle connection that breaks is dropped by the pool; the next query opens another and reports what it finds.
  pool.on('error', () => undefined)
  return pool
}

/** The present pool of a server that may move: when it is brought back, its socket or port may be another. */
class Connections {
  connection: Omit<Connection, 'schema'>
  asked: Asked
  readonly #options: PoolOptions
  #pool: pg.Pool
  #reviving: Promise<void> | undefined

  constructor(connection: Omit<Connection, 'schema'>, options: PoolOptions) {
    this.connection = connection
    this.asked = { place: options.place(''), user: connection.user, database: connection.database }
    this.#options = options
    this.#pool = createPool(connection, options)
  }

  /** Runs on one connection; one that an error may have broken does not go back into the pool. */
  async use<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.#connect()
    let broken: Error | undefined
    const onError = (error: Error) => (broken = error)
    client.on('error', onError)
    try {
      return await work(client)
    } catch (cause) {
      const error = warehouseError(cause, this.asked, 'work')
      if (isMillraceError(error, 'WAREHOUSE_CONNECTION_LOST')) broken = error
      throw error
    } finally {
      client.off('error', onError)
      client.release(broken)
    }
  }

  async end(): Promise<void> {
    await this.#reviving?.catch(() => undefined)
    await this.#pool.end()
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect()
    } catch (cause) {
      const error = warehouseError(cause, this.asked, 'connect')
      if (!this.#options.revive || !isMillraceError(error, 'WAREHOUSE_UNREACHABLE')) throw error
    }
    // However many queries find the server gone, it is brought back once.
    this.#reviving ??= this.#revive().finally(() => (this.#reviving = undefined))
    await this.#reviving
    return this.#pool.connect().catch((cause: unknown) => {
      throw warehouseError(cause, this.asked, 'connect')
    })
  }

  async #revive(): Promise<void> {
    const old = this.#pool
    this.connection = (await this.#options.revive?.()) ?? this.connection
    this.#pool = createPool(this.connection, this.#options)
    await old.end().catch(() => undefined)
  }
}

interface ServerVersion {
  readonly number: number
  readonly version: string
}

/** Throws WAREHOUSE_TOO_OLD for a server whose SQL the statements do not keep to. */
async function readVersion(connections: Connections, options: PoolOptions): Promise<void> {
  const { rows } = await connections.use((client) =>
    client.query<ServerVersion>(
      `select current_setting('server_version_num')::int as number, split_part(current_setting('server_version'), ' ', 1) as version`,
    ),
  )
  const found = rows[0] ?? { number: 0, version: 'unknown' }
  const place = options.place(found.version)
  connections.asked = { ...connections.asked, place }
  if (found.number < oldestMajor * 10_000) {
    throw new MillraceError('WAREHOUSE_TOO_OLD', { place, version: found.version, oldest: oldestMajor })
  }
}

/** Connects, looks at the server's version, and gives back the pool. Throws WAREHOUSE_UNREACHABLE, _AUTH, _DATABASE_MISSING, _TOO_OLD. */
export async function openPool(first: Omit<Connection, 'schema'>, options: PoolOptions): Promise<PostgresPool> {
  const connections = new Connections(first, options)
  try {
    await readVersion(connections, options)
  } catch (error) {
    await connections.end()
    throw error
  }
  return {
    get connection() {
      return { ...connections.connection, schema: options.schema }
    },
    place: connections.asked.place,
    query: <Row extends SqlRow>(sql: string, values?: readonly SqlValue[]) =>
      connections.use(async (client) => (await client.query<Row>(sql, values as unknown[] | undefined)).rows),
    transaction: (work) => connections.use((client) => inTransaction(client, work)),
    end: () => connections.end(),
  }
}

async function inTransaction<Result>(
  client: pg.PoolClient,
  work: (session: PostgresSession) => Promise<Result>,
): Promise<Result> {
  const session: PostgresSession = {
    client,
    query: async <Row extends SqlRow>(sql: string, values?: readonly SqlValue[]) =>
      (await client.query<Row>(sql, values as unknown[] | undefined)).rows,
  }
  await client.query('begin')
  try {
    const result = await work(session)
    await client.query('commit')
    return result
  } catch (error) {
    // When the connection is gone the server rolls back by itself, and the first error is the one that says why.
    await client.query('rollback').catch(() => undefined)
    throw error
  }
}
