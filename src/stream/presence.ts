import type { Warehouse } from '../warehouse/warehouse.ts'

/**
 * Says that a worker is there and returns the names of all that are, this one included: those heard of within `aliveMs`, by the
 * database's clock. Who is silent for longer is thought dead, and its share goes to the others.
 */
export async function announce(
  warehouse: Warehouse,
  job: string,
  owner: string,
  aliveMs: number,
): Promise<readonly string[]> {
  await warehouse.query(
    `insert into stream_worker (job, owner, seen_at) values ($1, $2, now())
     on conflict (job, owner) do update set seen_at = now()`,
    [job, owner],
  )
  await warehouse.query(`delete from stream_worker where seen_at < now() - interval '1 hour'`)
  const rows = await warehouse.query<{ owner: string }>(
    `select owner from stream_worker where job = $1 and seen_at > now() - $2::double precision * interval '1 millisecond' order by owner`,
    [job, aliveMs],
  )
  return rows.map((row) => row.owner)
}

/** Takes the worker off the list at once, so that the others need not wait. */
export async function leave(warehouse: Warehouse, job: string, owner: string): Promise<void> {
  await warehouse.query('delete from stream_worker where job = $1 and owner = $2', [job, owner])
}
