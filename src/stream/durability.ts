import type { Warehouse } from '../warehouse/warehouse.ts'

/** What stands between an acknowledged event and its loss, where the log lies in Postgres. */
export interface Durability {
  /** `synchronous_commit`, as sessions have it. */
  readonly commits: string
  /** Names of standbys that follow this server and hold no commit back. */
  readonly lagging: readonly string[]
  /** Some standby holds commits back until it has them. */
  readonly hasSynchronous: boolean
}

/**
 * How durable an acknowledged append is. A standby that lags may be promoted without the log's newest events; log and counters
 * lose the same tail, so nothing tells. Only a role that may see others' sessions is told of standbys: another sees none.
 */
export async function durabilityOf(warehouse: Warehouse): Promise<Durability> {
  const rows = await warehouse.query<{ commits: string; name: string | null; sync: string | null }>(
    `select current_setting('synchronous_commit') as commits, r.application_name as name, r.sync_state as sync
     from (select 1) one left join pg_stat_replication r on r.state in ('catchup', 'streaming') order by r.application_name`,
  )
  const standbys = rows.filter(({ name }) => name !== null)
  return {
    commits: rows[0]?.commits ?? '',
    lagging: standbys.filter(({ sync }) => sync !== 'sync' && sync !== 'quorum').map(({ name }) => name ?? ''),
    hasSynchronous: standbys.some(({ sync }) => sync === 'sync' || sync === 'quorum'),
  }
}

/** Pure: why an acknowledged event could be lost for good; null when a crash loses none. */
export function tailRisk({ commits, lagging, hasSynchronous }: Durability): 'commits' | 'standby' | null {
  if (commits === 'off') return 'commits'
  // One that holds every commit back is the one to promote; `local` asks none of them.
  const isHeld = hasSynchronous && commits !== 'local'
  return lagging.length > 0 && !isHeld ? 'standby' : null
}
