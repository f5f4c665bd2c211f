import { readFileSync } from 'node:fs'
import pg from 'pg'
import { MillraceError } from '../../../domain/errors.ts'
import type { Target } from '../project/profile.ts'
import { RelationCache } from './relation-cache.ts'
import { Session } from './session.ts'
import type { SessionComment, StatementTold } from './session.ts'
import type { RelationType } from './relation.ts'

const RELATIONS = readFileSync(new URL('relations_of_schema.sql', import.meta.url), 'utf8')

/** The database of one invocation: at most one connection a thread, closed at the end. */
export class Database {
  readonly cache: RelationCache
  readonly #pool: pg.Pool
  readonly #target: Target
  readonly #running = new Map<Session, string>()
  /** The connections whose statements were ended, by the names of their nodes. */
  readonly cancelled = new Set<string>()

  readonly #told: StatementTold | undefined
  readonly #watched = new WeakSet<pg.PoolClient>()

  constructor(target: Target, threads: number, told?: StatementTold) {
    this.#told = told
    this.#target = target
    this.#pool = new pg.Pool({
      host: target.host,
      port: target.port,
      user: target.user,
      password: target.password,
      database: target.database,
      // One more than the nodes that run at once: relations are listed while every one of them holds a connection.
      max: threads + 1,
      connectionTimeoutMillis: target.connectTimeoutSeconds * 1000,
      application_name: 'dbt',
      ...(target.ssl === null || target.ssl === 'disable'
        ? {}
        : { ssl: { rejectUnauthorized: target.ssl.startsWith('verify') } }),
      ...(target.searchPath === null
        ? {}
        : { options: `-c search_path=${target.searchPath.replaceAll(' ', String.raw`\ `)}` }),
    })
    // A connection that breaks while idle is replaced by the next checkout; without a listener it would end the process.
    this.#pool.on('error', () => undefined)
    // The same for one that the server ends while the pool is closing, when the pool itself no longer listens.
    this.#pool.on('connect', (client) => client.on('error', () => undefined))
    this.cache = new RelationCache((schema) => this.#relations(schema))
  }

  /** Throws TRANSFORM_DATABASE_AWAY when the database cannot be reached or refuses the user. */
  async connect(name: string, comment: SessionComment = { text: name, isAppended: false }): Promise<Session> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw this.#away(error)
    })
    if (!this.#watched.has(client)) await this.#watch(client)
    if (this.#target.role !== null) await client.query(`set role ${pg.escapeIdentifier(this.#target.role)}`)
    const session = new Session(client, { comment, name, told: this.#told }, () => this.#running.delete(session))
    this.#running.set(session, name)
    return session
  }

  /** What runs for a program that was killed is ended, and its locks with it; a server that cannot tell goes on to the statement's end. */
  async #watch(client: pg.PoolClient): Promise<void> {
    this.#watched.add(client)
    await client.query("set client_connection_check_interval = '1s'").catch(() => undefined)
  }

  #away(cause: unknown): MillraceError {
    const { host, port, database } = this.#target
    return new MillraceError(
      'TRANSFORM_DATABASE_AWAY',
      { host, port, database, message: cause instanceof Error ? cause.message : String(cause) },
      { cause },
    )
  }

  async #relations(schema: string): Promise<ReadonlyMap<string, RelationType>> {
    const result = await this.#pool.query<{ identifier: string; kind: RelationType }>(RELATIONS, [schema])
    return new Map(result.rows.map((row) => [row.identifier, row.kind]))
  }

  /** Creates the schemas that are missing, on one connection, before any node runs. */
  async createSchemas(
    schemas: readonly string[],
    create: (session: Session, schema: string) => Promise<void>,
  ): Promise<void> {
    const session = await this.connect('create_schemas')
    try {
      const found = await session.rows('select nspname from pg_catalog.pg_namespace where nspname = any($1)', [schemas])
      const held = new Set(found.map(([name]) => String(name)))
      for (const schema of schemas.filter((name) => !held.has(name))) await create(session, schema)
      await session.commit()
    } finally {
      await session.close()
    }
  }

  /** Asks the server to end every statement that is running for this invocation. */
  async cancel(): Promise<void> {
    const ids = [...this.#running.keys()].map((session) => session.processId).filter((id) => id !== null)
    for (const name of this.#running.values()) this.cancelled.add(name)
    const client = new pg.Client({ ...this.#connection() })
    await client.connect()
    try {
      await client.query('select pg_catalog.pg_cancel_backend(pid) from unnest($1::int[]) as pid', [ids])
    } finally {
      await client.end()
    }
  }

  #connection(): pg.ClientConfig {
    const { host, port, user, password, database } = this.#target
    return { host, port, user, password, database }
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }
}
