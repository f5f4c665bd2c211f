import type pg from 'pg'
import type { Value } from '../jinja/value.ts'
import { columnTypes, toValue } from './column-values.ts'
import { Table } from './table.ts'

export interface Answer {
  /** Postgres' command tag and its row count, as psql prints them: `SELECT 9`, `CREATE VIEW`. */
  readonly message: string
  readonly code: string
  readonly rowsAffected: number | null
  readonly table: Table
}

const COMMIT = /^\s*commit\s*;?\s*$/i

/**
 * One connection while a node uses it. As with dbt's driver the first statement begins a transaction, whether or not it asks for one, and
 * `commit` ends it; what is not committed is taken back.
 */
export class Session {
  readonly #client: pg.PoolClient
  readonly #comment: string
  readonly #released: () => void
  #inTransaction = false
  #broken = false
  /** After a `commit` written as a statement each statement stands alone, until one asks for a transaction or `commit` is called. */
  #single = false

  constructor(client: pg.PoolClient, comment: string, released: () => void) {
    this.#client = client
    this.#comment = comment
    this.#released = released
  }

  get processId(): number | null {
    return (this.#client as unknown as { processID?: number | null }).processID ?? null
  }

  async execute(sql: string, autoBegin: boolean): Promise<Answer> {
    if (COMMIT.test(sql)) {
      await this.commit()
      this.#single = true
      return { message: 'COMMIT', code: 'COMMIT', rowsAffected: null, table: new Table([], []) }
    }
    if (!this.#inTransaction && (autoBegin || !this.#single)) {
      await this.#query('begin')
      this.#inTransaction = true
    }
    const results = await this.#query(`/* ${this.#comment} */\n${sql}`)
    const result = Array.isArray(results) ? results.at(-1) : results
    return answerOf(result as pg.QueryArrayResult, sql)
  }

  async rows(sql: string, values: readonly unknown[]): Promise<unknown[][]> {
    const result = await this.#client.query<unknown[]>({ text: sql, values: [...values], rowMode: 'array' })
    return result.rows
  }

  async #query(text: string): Promise<pg.QueryArrayResult | pg.QueryArrayResult[]> {
    try {
      return await this.#client.query({ text, rowMode: 'array', types: columnTypes })
    } catch (error) {
      // Class 08 and 57P are the connection's own ends: such a connection must not go back to the pool.
      const code = (error as { code?: string }).code ?? ''
      this.#broken ||= code.startsWith('08') || code.startsWith('57P') || code === '' || /^[A-Z]+$/.test(code)
      throw error
    }
  }

  async commit(): Promise<void> {
    this.#single = false
    if (!this.#inTransaction) return
    await this.#query('commit')
    this.#inTransaction = false
  }

  async rollback(): Promise<void> {
    if (!this.#inTransaction || this.#broken) return
    await this.#query('rollback')
    this.#inTransaction = false
  }

  /** Gives the connection back; what was not committed is taken back. */
  async close(): Promise<void> {
    try {
      await this.rollback()
    } finally {
      this.#released()
      this.#client.release(this.#broken)
    }
  }
}

const UNCOUNTED = /^(?:CREATE|DROP|ALTER|BEGIN|COMMIT|COMMENT|GRANT|REVOKE|TRUNCATE)$/
const OBJECT =
  /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*(?:create|drop|alter)\s+(?:or\s+replace\s+|temporary\s+|temp\s+|unlogged\s+|unique\s+)*(materialized\s+view|\w+)/i

function answerOf(result: pg.QueryArrayResult, sql: string): Answer {
  const names = result.fields.map((field) => field.name)
  const rows = result.rows.map((row: unknown[]): Value[] => row.map((cell) => toValue(cell)))
  const code = commandTag(result.command ?? '', sql)
  const counted = UNCOUNTED.test(result.command ?? '') ? null : result.rowCount
  const message = code === 'INSERT' ? `INSERT 0 ${counted ?? 0}` : counted === null ? code : `${code} ${counted}`
  return { message, code, rowsAffected: counted, table: new Table(names, rows) }
}

/** Postgres says CREATE VIEW; the driver keeps only the first word, so the second is read from the statement. */
function commandTag(command: string, sql: string): string {
  if (!/^(?:CREATE|DROP|ALTER)$/.test(command)) return command
  const object = OBJECT.exec(sql)?.[1]
  return object === undefined ? command : `${command} ${object.replaceAll(/\s+/g, ' ').toUpperCase()}`
}
