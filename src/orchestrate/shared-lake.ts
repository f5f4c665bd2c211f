import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { Lake } from '../lake/lake.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'

/** The lake's name for itself, put there by the first who asks: two folders of one path on two machines are two lakes. */
const markKey = '_millrace/lake-id'

/**
 * That this process reaches the same lake as everybody else who works on the database. Throws ORCHESTRATE_LAKE_NOT_SHARED: what one
 * worker extracted another could not load.
 */
export async function checkSharedLake(warehouse: Pick<Warehouse, 'query'>, lake: Lake): Promise<void> {
  const own = await markOf(lake)
  const [row] = await warehouse.query<{
    readonly lake_id: string
    readonly place: string
    readonly [column: string]: unknown
  }>(
    `with made as (insert into engine_lake (lone, lake_id, place) values (true, $1, $2) on conflict do nothing returning lake_id, place)
     select lake_id, place from made union all select lake_id, place from engine_lake limit 1`,
    [own, lake.place],
  )
  if (row && row.lake_id !== own)
    throw new MillraceError('ORCHESTRATE_LAKE_NOT_SHARED', { own: lake.place, shared: row.place })
}

async function markOf(lake: Lake): Promise<string> {
  const known = await lake.get(markKey)
  if (known) return new TextDecoder().decode(known.bytes)
  const id = crypto.randomUUID()
  try {
    await lake.put(markKey, new TextEncoder().encode(id), { ifAbsent: true })
    return id
  } catch (error) {
    if (!isMillraceError(error, 'LAKE_CONFLICT')) throw error
    return markOf(lake)
  }
}
