import pg from 'pg'
import type { Warehouse } from '../warehouse/warehouse.ts'

/** A table that is cut into ranges of a whole-number column, one partition a span, so that retention drops files instead of rows. */
export interface RangeTable {
  readonly table: 'stream_segment' | 'rt_minute' | 'stream_conversion'
  /** How many units of the column one partition holds. */
  readonly span: number
  readonly storage: string
}

export const rangeTables = {
  /** A day of segments. */
  segment: { table: 'stream_segment', span: 1, storage: '' },
  /** A day of minutes; room on each page, because every flush updates the running minutes. */
  minute: { table: 'rt_minute', span: 1440, storage: ' with (fillfactor = 70)' },
  /** 32 days of conversions. */
  conversion: { table: 'stream_conversion', span: 32, storage: '' },
} as const satisfies Record<string, RangeTable>

const nameOf = ({ table }: RangeTable, index: number): string => `${table}_p${index < 0 ? `m${-index}` : index}`

/** Makes the partitions that hold these values of the column, where they are missing; remembers which it has seen. */
export class RangePartitions {
  readonly #warehouse: Warehouse
  readonly #known = new Set<string>()

  constructor(warehouse: Warehouse) {
    this.#warehouse = warehouse
  }

  async ensure(of: RangeTable, values: Iterable<number>): Promise<void> {
    const wanted = new Set<number>()
    let last = Number.NaN
    for (const value of values) {
      const index = Math.floor(value / of.span)
      // Neighbours mostly share a partition.
      if (index !== last) wanted.add(index)
      last = index
    }
    for (const index of wanted) if (!this.#known.has(nameOf(of, index))) await this.#make(of, index)
  }

  /** Forgets a partition that was dropped, so that a late row finds it made again. */
  forget(): void {
    this.#known.clear()
  }

  async #make(of: RangeTable, index: number): Promise<void> {
    const name = nameOf(of, index)
    const bounds = `from (${index * of.span}) to (${(index + 1) * of.span})`
    await this.#warehouse.transaction(async (session) => {
      // Two makers at once would collide in the catalogue in spite of `if not exists`.
      await session.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`millrace partition ${name}`])
      const [found] = await session.query('select to_regclass($1) is not null as found', [name])
      if (!found?.['found'])
        await session.query(
          `create table ${pg.escapeIdentifier(name)} partition of ${of.table} for values ${bounds}${of.storage}`,
        )
    })
    this.#known.add(name)
  }
}

/** Drops the partition with this index; gives up after two seconds of other people's locks, to be tried again with the next trim. */
export async function dropPartition(warehouse: Warehouse, of: RangeTable, index: number): Promise<void> {
  await warehouse.transaction(async (session) => {
    await session.query(`set local lock_timeout = '2s'`)
    await session.query(`drop table if exists ${pg.escapeIdentifier(nameOf(of, index))}`)
  })
}
