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
  // One statement a second for each worker, however long it has nothing to do; its own row is not yet seen by the same statement.
  const rows = await warehouse.query<{ owner: string }>(
    `with seen as (
       insert into stream_worker (job, owner, seen_at) values ($1, $2, now())
       on conflict (job, owner) do update set seen_at = now()
     ), gone as (
       delete from stream_worker where seen_at < now() - interval '1 hour' and (job, owner) <> ($1, $2)
     )
     select owner from stream_worker
     where job = $1 and owner <> $2 and seen_at > now() - $3::double precision * interval '1 millisecond'
     union all select $2
     order by owner`,
    [job, owner, aliveMs],
  )
  return rows.map((row) => row.owner)
}

/** Takes the worker off the list at once, so that the others need not wait. */
export async function leave(warehouse: Warehouse, job: string, owner: string): Promise<void> {
  await warehouse.query('delete from stream_worker where job = $1 and owner = $2', [job, owner])
}
