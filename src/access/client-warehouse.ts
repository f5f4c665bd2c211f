import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { SqlRow, SqlValue, Warehouse } from '../warehouse/warehouse.ts'
import { narrowed } from './client-rows.ts'
import type { Principal } from './principal.ts'

/**
 * The warehouse as a principal may read it: whole, or the rows of their clients alone, and then nothing but reading. Throws
 * ACCESS_CLIENTS_ONLY for what cannot be told apart by client.
 */
export function warehouseFor(who: Principal | undefined, warehouse: Warehouse): Warehouse {
  if (who?.clients == null) return warehouse
  const { name, clients } = who
  const refused = (cause?: unknown) =>
    new MillraceError('ACCESS_CLIENTS_ONLY', { name, clients: clients.join(', ') }, { cause })
  const refuse = () => Promise.reject(refused())
  const schema = `"${warehouse.connection.schema.replaceAll('"', '""')}"`
  return {
    connection: warehouse.connection,
    place: warehouse.place,
    migrate: refuse,
    transaction: refuse,
    load: refuse,
    [Symbol.asyncDispose]: () => Promise.resolve(),
    async query<Row extends SqlRow>(query: string, values: readonly SqlValue[] = []): Promise<readonly Row[]> {
      const asked = narrowed(query, values, { schema, clients })
      try {
        return await warehouse.transaction(async (session) => {
          await session.query('set transaction read only')
          await session.query(`set local search_path to pg_catalog`)
          return session.query<Row>(asked.query, asked.values)
        })
      } catch (error) {
        // 42P01: the table is not among those that are narrowed.
        if (isMillraceError(error, 'WAREHOUSE_QUERY_FAILED') && error.facts['sqlstate'] === '42P01')
          throw refused(error)
        throw error
      }
    },
  }
}
