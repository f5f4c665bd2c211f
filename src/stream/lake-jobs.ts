import { addDays, dayAt } from '../domain/day.ts'
import type { TimeZone } from '../domain/day.ts'
import { hourMs } from './bucket.ts'
import { liveJob } from './job.ts'
import type { Landed, LandPorts } from './land.ts'
import { landLimits, landUntil } from './land.ts'
import { compact, listEventFiles, planCompaction, planSweep, sweep } from './land-care.ts'
import { recordReconciliation, reconcileDay } from './reconcile.ts'
import { recordPlatform, reconcilePlatform } from './reconcile-platform.ts'
import type { ReplayPorts } from './replay.ts'

export interface LakeJobs {
  readonly ports: LandPorts & ReplayPorts
  /** Of the days that are reconciled. */
  readonly zone: TimeZone
  /**
   * How long the log keeps records that are counted and have landed; left out: for ever. Only for a log that is Millrace's own: a topic
   * that others read has its own retention.
   */
  readonly keepMs?: number | undefined
  readonly everyMs?: number | undefined
  readonly careEveryMs?: number | undefined
  readonly tell?: ((event: Landed | { readonly error: unknown }) => void) | undefined
}

/**
 * Raw events into the lake every minute; every hour small files into large ones, what nobody needs away, and today and yesterday
 * reconciled, and old records out of the log. Until `signal`; what fails is told and tried again in the next round.
 */
export async function keepLake(jobs: LakeJobs, signal: AbortSignal): Promise<void> {
  const { ports, tell, everyMs = 60_000, careEveryMs = hourMs } = jobs
  await Promise.all([
    landUntil(ports, { everyMs, limits: landLimits, tell }, signal),
    careUntil(jobs, careEveryMs, signal),
  ])
}

async function careUntil(jobs: LakeJobs, everyMs: number, signal: AbortSignal): Promise<void> {
  const { ports, tell } = jobs
  while (!signal.aborted) {
    await ports.clock.sleep(everyMs, signal).catch(() => undefined)
    if (signal.aborted) return
    try {
      await careOnce(jobs)
    } catch (error) {
      tell?.({ error })
    }
  }
}

/** One round of care: compaction, sweep, the reconciliation of yesterday and today, and what the log may let go. */
export async function careOnce({ ports, zone, keepMs }: Pick<LakeJobs, 'ports' | 'zone' | 'keepMs'>): Promise<void> {
  for (const run of planCompaction(await listEventFiles(ports.warehouse, ports.log.topic))) await compact(ports, run)
  await sweep(ports, await planSweep(ports))
  const nowMs = ports.clock.nowMs()
  const today = dayAt(nowMs, zone)
  for (const day of [addDays(today, -1), today]) {
    await recordReconciliation(ports, await reconcileDay(ports, day))
    await recordPlatform(ports, await reconcilePlatform(ports, day), nowMs)
  }
  if (keepMs !== undefined) await trimLanded(ports, nowMs - keepMs)
}

/**
 * Lets go of records that the live job has counted, that no window of its needs to be filled from, and that lie in the lake; a job that a
 * replay left behind goes on from there.
 */
async function trimLanded({ warehouse, log, counters }: LandPorts & ReplayPorts, olderThanMs: number): Promise<void> {
  const landed = await warehouse.query<{ readonly partition: number; readonly next: string }>(
    'select partition, next from land_cursor where topic = $1',
    [log.topic],
  )
  for (const { topic, partition, dedupeFloor } of await counters.cursors(liveJob)) {
    const next = landed.find((one) => one.partition === partition)?.next
    if (topic !== log.topic || next === undefined) continue
    await log.trim(partition, Math.min(dedupeFloor, Number(next)), olderThanMs)
  }
}
