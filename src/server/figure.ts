import type { Clock } from '../domain/clock.ts'
import { isoInstant } from '../domain/clock.ts'
import type { SqlRow, SqlValue, Warehouse } from '../warehouse/warehouse.ts'
import { sql } from './sql.ts'

/** What a figure on a screen says of itself when it is asked: its query, what was put into it, how many rows came, and when. */
export interface Source {
  readonly query: string
  readonly values: (string | null)[]
  readonly rows: number
  readonly asOf: string
}

/** Asks named queries and keeps what each figure rests on. */
export class Figures {
  readonly sources: Record<string, Source> = {}
  readonly #warehouse: Pick<Warehouse, 'query'>
  readonly #clock: Clock

  constructor(warehouse: Pick<Warehouse, 'query'>, clock: Clock) {
    this.#warehouse = warehouse
    this.#clock = clock
  }

  ask<Row>(name: string, values: readonly SqlValue[]): Promise<readonly Row[]> {
    return this.askQuery(name, sql(name), values)
  }

  /** A query that another room has, under a name of its own. */
  async askQuery<Row>(name: string, query: string, values: readonly SqlValue[]): Promise<readonly Row[]> {
    const rows = await this.#warehouse.query<Row & SqlRow>(query, values)
    this.sources[name] = {
      query,
      values: values.map((one) => (one instanceof Date ? one.toISOString() : one === null ? null : String(one))),
      rows: rows.length,
      asOf: isoInstant(this.#clock.nowMs()),
    }
    return rows
  }
}
