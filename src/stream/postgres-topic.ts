import { MillraceError } from '../domain/errors.ts'
import { openPool } from '../warehouse/postgres-pool.ts'
import type { PostgresPool } from '../warehouse/postgres-pool.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'

export interface Topic {
  readonly topicId: number
  readonly topic: string
  readonly partitions: number
}

/** SQLSTATE 23514 (check_violation): no partition of the table takes the row. */
export function isRangeMissing(error: unknown): boolean {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown }
  return code === '23514' || (cause !== undefined && isRangeMissing(cause))
}

/** Finds the topic or makes it. Throws STREAM_PARTITIONS_DIFFER when it is there with another number of partitions. */
export async function openTopic(warehouse: Warehouse, topic: string, wanted: number): Promise<Topic> {
  await warehouse.transaction(async (session) => {
    await session.query('insert into stream_topic (topic, partitions) values ($1, $2) on conflict (topic) do nothing', [
      topic,
      wanted,
    ])
    await session.query(
      `insert into stream_head (topic_id, partition)
       select topic_id, generate_series(0, partitions - 1) from stream_topic where topic = $1 on conflict do nothing`,
      [topic],
    )
  })
  const [row] = await warehouse.query<{ topic_id: number; partitions: number }>(
    'select topic_id, partitions from stream_topic where topic = $1',
    [topic],
  )
  const found = row?.partitions ?? 0
  if (found !== wanted) throw new MillraceError('STREAM_PARTITIONS_DIFFER', { topic, found, wanted })
  return { topicId: row?.topic_id ?? 0, topic, partitions: found }
}

/** COPY needs the driver's own connections; they come and go with the warehouse's server. */
export function copyPool(warehouse: Warehouse): Promise<PostgresPool> {
  const { schema, ...connection } = warehouse.connection
  return openPool(connection, {
    schema,
    connections: 8,
    statementTimeoutMs: 600_000,
    lockTimeoutMs: 60_000,
    place: () => warehouse.place,
  })
}
