import type { Counters, Tallies } from './counters.ts'
import type { EventLog } from './log.ts'
import { latenessMs } from './bucket.ts'

/** How far one partition of a job is behind its log. */
export interface Lag {
  readonly partition: number
  readonly next: number
  readonly end: number
  /** Offsets not yet counted; records where the log is dense. */
  readonly records: number
  /** Between the append of the newest record and now's knowledge: 0 when all is counted, else since the last commit. */
  readonly lagMs: number
  readonly watermarkMs: number | null
  readonly owner: string | null
  readonly tallies: Tallies
}

/** `stream lag`: every partition of a job against the end of the log. */
export async function lagOf(log: EventLog, counters: Counters, job: string, nowMs: number): Promise<readonly Lag[]> {
  const cursors = (await counters.cursors(job)).filter(({ topic }) => topic === log.topic)
  return Promise.all(
    cursors.map(async (cursor) => {
      const { next: end, appendMs } = await log.bounds(cursor.partition)
      const records = Math.max(0, end - cursor.next)
      const isLive = (cursor.leaseUntilMs ?? 0) > nowMs
      // A partition that is wholly counted is complete up to now: an idle one must not hold the watermark back.
      const watermarkMs =
        records === 0 && appendMs !== null ? Math.max(cursor.watermarkMs ?? 0, nowMs - latenessMs) : cursor.watermarkMs
      return {
        partition: cursor.partition,
        next: cursor.next,
        end,
        records,
        lagMs: records === 0 ? 0 : Math.max(0, nowMs - (cursor.committedMs ?? nowMs)),
        watermarkMs,
        owner: isLive ? cursor.owner : null,
        tallies: cursor.tallies,
      }
    }),
  )
}
