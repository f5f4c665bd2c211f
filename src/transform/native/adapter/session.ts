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
  /** The columns of the answer with the numbers of their types. */
  readonly fields: readonly { readonly name: string; readonly oid: number }[]
}

const statements = new WeakMap<Error, string>()

/** The text that was sent when the database answered with this error. */
export function failedStatement(error: Error): string | undefined {
  return statements.get(error)
}

const COMMIT = /^\s*commit\s*;?\s*$/i

/** Hears every statement with the connection's name, and what the server answered. */
export interface StatementTold {
  sent(name: string, sql: string): void
  answered(name: string, status: string): void
}

/** What stands beside every statement; an empty text is none. */
export interface SessionComment {
  readonly text: string
  readonly isAppended: boolean
}

export interface SessionNames {
  readonly comment: SessionComment
  /** How messages call the connection. */
  readonly name: string
  readonly told?: StatementTold | undefined
}

/**
 * One connection while a node uses it. As with dbt's driver the first statement begins a transaction, whether or not it asks for one, and
 * `commit` ends it; what is not committed is taken back.
 */
export class Session {
  readonly #client: pg.PoolClient
  readonly #comment: SessionComment
  readonly #name: string
  readonly #released: () => void
  readonly #told: StatementTold | undefined
  #inTransaction = false
  #broken = false
  /** After a commit each statement stands alone, until one asks for a transaction: dbt's driver does not begin another by itself. */
  #single = false
  /** Whether a statement asked for the transaction that is open; one that merely ran in it did not. */
  #isAsked = false

  constructor(client: pg.PoolClient, { comment, name, told }: SessionNames, released: () => void) {
    this.#client = client
    this.#comment = comment
    this.#name = name
    this.#told = told
    this.#released = released
  }

  get processId(): number | null {
    return (this.#client as unknown as { processID?: number | null }).processID ?? null
  }

  async execute(sql: string, autoBegin: boolean): Promise<Answer> {
    if (COMMIT.test(sql)) {
      await this.#end()
      this.#single = true
      return { message: 'COMMIT', code: 'COMMIT', rowsAffected: null, table: new Table([], []), fields: [] }
    }
    this.#isAsked ||= autoBegin
    if (!this.#inTransaction && (autoBegin || !this.#single)) {
      await this.#query('begin')
      this.#inTransaction = true
    }
    const text = commented(sql, this.#comment)
    this.#told?.sent(this.#name, text)
    const results = await this.#query(text)
    const result = Array.isArray(results) ? results.at(-1) : results
    const answer = answerOf(result as pg.QueryArrayResult, sql)
    this.#told?.answered(this.#name, answer.message)
    return answer
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
      if (error instanceof Error) statements.set(error, text)
      this.#broken ||= code.startsWith('08') || code.startsWith('57P') || code === '' || /^[A-Z]+$/.test(code)
      throw error
    }
  }

  /** `adapter.commit()`: to commit what nobody began is an error, as in dbt. */
  async commitAsked(): Promise<void> {
    if (!this.#isAsked)
      throw new Error(`Tried to commit transaction on connection "${this.#name}" but it does not have one open!`)
    await this.commit()
  }

  async commit(): Promise<void> {
    this.#single = true
    this.#isAsked = false
    await this.#end()
  }

  async #end(): Promise<void> {
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

/** Behind a statement it stands before the semicolon that ends it. */
function commented(sql: string, { text, isAppended }: SessionComment): string {
  if (text === '') return sql
  if (!isAppended) return `/* ${text} */\n${sql}`
  const bare = sql.trimEnd()
  return bare.endsWith(';') ? `${bare.slice(0, -1)}\n/* ${text} */;` : `${bare}\n/* ${text} */`
}

const UNCOUNTED = /^(?:CREATE|DROP|ALTER|BEGIN|COMMIT|COMMENT|GRANT|REVOKE|TRUNCATE)$/
const OBJECT =
  /(?:^|;)(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*(create|drop|alter)\s+(?:or\s+replace\s+|temporary\s+|temp\s+|unlogged\s+|unique\s+)*(materialized\s+view|\w+)/gi

function answerOf(result: pg.QueryArrayResult, sql: string): Answer {
  const names = result.fields.map((field) => field.name)
  const rows = result.rows.map((row: unknown[]): Value[] => row.map((cell) => toValue(cell)))
  const code = commandTag(result.command ?? '', sql)
  const counted = UNCOUNTED.test(result.command ?? '') ? null : result.rowCount
  const message = code === 'INSERT' ? `INSERT 0 ${counted ?? 0}` : counted === null ? code : `${code} ${counted}`
  return {
    message,
    code,
    rowsAffected: counted,
    table: new Table(names, rows),
    fields: result.fields.map(({ name, dataTypeID }) => ({ name, oid: dataTypeID })),
  }
}

/** Postgres says CREATE VIEW; the driver keeps only the first word, so the second is read from the statement, the last one of several. */
function commandTag(command: string, sql: string): string {
  if (command === 'REFRESH') return 'REFRESH MATERIALIZED VIEW'
  if (!/^(?:CREATE|DROP|ALTER)$/.test(command)) return command
  const object = [...sql.matchAll(OBJECT)].findLast(([, word]) => word?.toUpperCase() === command)?.[2]
  return object === undefined ? command : `${command} ${object.replaceAll(/\s+/g, ' ').toUpperCase()}`
}
