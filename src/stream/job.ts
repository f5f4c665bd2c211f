import type { Counters } from './counters.ts'
import type { EventLog, Offset } from './log.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'

/** The job that counts, unless a replay fills another: the one whose counts people see. */
export const liveJob = 'live'

/**
 * Makes sure that a job has cursors: at the oldest record of the log the first time, never at its end. The warehouse remembers that it was begun;
 * so a store that was emptied since is found out (STREAM_CURSOR_MISSING at the first acquire) instead of quietly begun anew.
 */
export async function beginJob(warehouse: Warehouse, log: EventLog, counters: Counters, job: string): Promise<void> {
  const begun = await warehouse.query('select 1 as one from stream_begun where job = $1 and topic = $2', [
    job,
    log.topic,
  ])
  if (begun.length > 0) return
  const partitions = await log.partitions()
  const firsts: Offset[] = []
  for (let partition = 0; partition < partitions; partition += 1) firsts.push((await log.bounds(partition)).first)
  await counters.begin(job, log.topic, firsts)
  // After the cursors are there: killed in between, the same is done again and changes nothing.
  await warehouse.query('insert into stream_begun (job, topic) values ($1, $2) on conflict do nothing', [
    job,
    log.topic,
  ])
}
