import { hostname } from 'node:os'
import type { Session, SqlRow } from '../warehouse/warehouse.ts'
import { sql } from './sql.ts'

/** A process as a run names who carries it out. */
export function ownerOf(pid: number): string {
  return `${hostname()} ${pid}`
}

/** A process of this host that is there no more; of other hosts nobody can tell but by the time. */
function isGone(owner: string): boolean {
  const [host, pid] = owner.split(' ')
  if (host !== hostname()) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** A run that has not ended, as it stands in the way of another of its partition. */
export interface LiveRun extends SqlRow {
  readonly runId: string
  readonly attendedBy: string | null
  readonly isOver: boolean
}

/**
 * The live run of a partition, locked; one whose process is gone is given up and is none. The pipeline's row is locked by the
 * caller, as everything does that makes runs.
 */
export async function liveRun(session: Session, pipeline: string, partitionKey: string): Promise<string | null> {
  const [live] = await session.query<LiveRun>(
    `select run_id as "runId", attended_by as "attendedBy", coalesce(attended_until < clock_timestamp(), false) as "isOver"
     from engine_run where pipeline = $1 and partition_key = $2 and state in ('queued', 'running', 'cancelling') for update`,
    [pipeline, partitionKey],
  )
  return live && !(await abandoned(session, live)) ? live.runId : null
}

/** Gives a run up whose process is gone; false when it is not gone. */
export async function abandoned(session: Session, live: LiveRun): Promise<boolean> {
  const isOrphan = live.isOver || (live.attendedBy !== null && isGone(live.attendedBy))
  if (isOrphan) await session.query(sql('abandon'), [live.runId])
  return isOrphan
}
