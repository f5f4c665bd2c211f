import { randomUUID } from 'node:crypto'
import type { Clock } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Lake } from '../lake/lake.ts'
import type { Session, Warehouse } from '../warehouse/warehouse.ts'
import type { Counters, Lease, Total } from './counters.ts'
import { metrics } from './counters.ts'
import { liveJob } from './job.ts'
import { foldLake } from './lake-fold.ts'
import type { EventFile } from './land-care.ts'
import { listEventFiles } from './land-care.ts'
import type { EventLog, Offset } from './log.ts'
import { rollUp } from './roll-up.ts'
import type { SeriesRegistry } from './series.ts'

export interface ReplayPorts {
  readonly log: EventLog
  readonly lake: Lake
  readonly warehouse: Warehouse
  readonly counters: Counters
  readonly registry: SeriesRegistry
  readonly clock: Clock
}

export interface ReplayLimits {
  /** Records of one commit, about. */
  readonly recordsMax: number
  readonly leaseMs: number
  /** How far back an id may have come first: the files of this long before a range are read for their ids. */
  readonly dedupeMs: number
}

export const replayLimits: ReplayLimits = { recordsMax: 2_000_000, leaseMs: 600_000, dedupeMs: 24 * 3_600_000 }

export interface Filled {
  readonly partition: number
  readonly from: Offset
  readonly next: Offset
  readonly records: number
}

/**
 * Counts what has landed into a job of its own, range by range, each committed with its cursor like a flush of the log; the job goes on from
 * the log afterwards. Stopped anywhere and begun again it goes on at its cursor. Throws STREAM_REPLAY_BUSY while somebody else fills it.
 */
export async function* fillFromLake(
  ports: ReplayPorts,
  job: string,
  limits = replayLimits,
): AsyncGenerator<Filled, void, undefined> {
  const { log, counters } = ports
  const files = await listEventFiles(ports.warehouse, log.topic)
  const partitions = await log.partitions()
  const ofPartition = (partition: number): readonly EventFile[] => files.filter((file) => file.partition === partition)
  const firsts: Offset[] = []
  for (let partition = 0; partition < partitions; partition += 1)
    firsts.push(ofPartition(partition)[0]?.first ?? (await log.bounds(partition)).first)
  await counters.begin(job, log.topic, firsts)
  for (let partition = 0; partition < partitions; partition += 1)
    yield* fillPartition(ports, { job, topic: log.topic, partition }, ofPartition(partition), limits)
}

async function* fillPartition(
  ports: ReplayPorts,
  key: { readonly job: string; readonly topic: string; readonly partition: number },
  files: readonly EventFile[],
  limits: ReplayLimits,
): AsyncGenerator<Filled, void, undefined> {
  const claim = { ...key, owner: `replay-${randomUUID().slice(0, 8)}`, leaseMs: limits.leaseMs }
  let lease = await ports.counters.acquire(claim)
  if (!lease) throw new MillraceError('STREAM_REPLAY_BUSY', { job: key.job, partition: key.partition })
  const { first: logFirst } = await ports.log.bounds(key.partition)
  for (let range = nextRange(files, lease.cursor.next, limits); range.length > 0;) {
    const filled = await fillRange(ports, lease, { range, files, logFirst }, limits)
    yield { ...filled, from: lease.cursor.next }
    lease = filled.lease
    range = nextRange(files, lease.cursor.next, limits)
  }
  await ports.counters.release(lease)
}

/** Pure: the files that follow a cursor without a gap, up to the limit; at least one when there is one. */
export function nextRange(
  files: readonly EventFile[],
  from: Offset,
  { recordsMax }: Pick<ReplayLimits, 'recordsMax'>,
): readonly EventFile[] {
  const range: EventFile[] = []
  let at = from
  let rows = 0
  for (const file of files) {
    if (file.next <= from) continue
    // A cursor within a file is a job that the log has counted since: the file's rest is read.
    if (file.first > at || (rows > 0 && rows + file.rows > recordsMax)) break
    range.push(file)
    rows += file.rows
    at = file.next
  }
  return range
}

async function fillRange(
  { lake, log, counters, registry }: ReplayPorts,
  lease: Lease,
  { range, files, logFirst }: { range: readonly EventFile[]; files: readonly EventFile[]; logFirst: Offset },
  { dedupeMs, leaseMs }: ReplayLimits,
): Promise<Omit<Filled, 'from'> & { readonly lease: Lease }> {
  const [head, tail] = [range[0] as EventFile, range.at(-1) as EventFile]
  const since = head.appendMsMin - dedupeMs
  const read = files.filter(({ appendMsMax, first }) => appendMsMax >= since && first < tail.next)
  const folded = await foldLake(lake, {
    topic: log.topic,
    partition: lease.partition,
    from: lease.cursor.next,
    until: tail.next,
    files: read,
  })
  const floor = read.find(({ appendMsMax }) => appendMsMax >= tail.appendMsMax - dedupeMs)?.first ?? tail.first
  const series = await registry.resolve(folded.series)
  const watermarkMs = Math.max(lease.cursor.watermarkMs ?? 0, folded.watermarkMs ?? 0)
  const done = await counters.commit({
    ...rollUp(folded, series),
    lease,
    leaseMs,
    watermarkMs: watermarkMs === 0 ? null : watermarkMs,
    // The log refills its window from here; what it no longer has it cannot give back.
    dedupeFloor: Math.min(Math.max(floor, logFirst), tail.next),
  })
  if (done === 'fenced') throw new MillraceError('STREAM_REPLAY_BUSY', { job: lease.job, partition: lease.partition })
  return { partition: lease.partition, next: tail.next, records: folded.tallies.records, lease: done }
}

/** A day of a campaign on which two jobs count differently. */
export interface Difference {
  readonly day: number
  readonly platform: string
  readonly accountId: string
  readonly campaignId: string
  readonly currency: string
  readonly metric: string
  readonly live: bigint
  readonly shadow: bigint
}

/** What a job counts by day against what the live one does; equal cells are left out. */
export async function compareJobs(counters: Counters, shadow: string): Promise<readonly Difference[]> {
  const [live, other] = [
    await counters.totals({ job: liveJob, grain: 'day' }),
    await counters.totals({ job: shadow, grain: 'day' }),
  ]
  const keyOf = ({ bucket, platform, accountId, campaignId, currency }: Total): string =>
    JSON.stringify([bucket, platform, accountId, campaignId, currency])
  const shadows = new Map(other.map((total) => [keyOf(total), total]))
  const lives = new Map(live.map((total) => [keyOf(total), total]))
  const all = [...live, ...other.filter((total) => !lives.has(keyOf(total)))]
  return all.flatMap((total) => {
    const { bucket: day, platform, accountId, campaignId, currency } = total
    const [a, b] = [lives.get(keyOf(total)), shadows.get(keyOf(total))]
    return metrics.flatMap((metric): readonly Difference[] => {
      const [ours, theirs] = [a?.values[metric] ?? 0n, b?.values[metric] ?? 0n]
      return ours === theirs
        ? []
        : [{ day, platform, accountId, campaignId, currency, metric, live: ours, shadow: theirs }]
    })
  })
}

/** Throws STREAM_SWAP_ELSEWHERE for counters that do not lie in the warehouse. */
export function checkSwap({ adapter, place }: { readonly adapter: string; readonly place: string }): void {
  if (adapter !== 'postgres') throw new MillraceError('STREAM_SWAP_ELSEWHERE', { place })
}

/**
 * Makes a replayed job the live one, in one commit: the names change places, so whoever counts is fenced at its next flush and goes on at
 * the new job's cursor. The job that was live keeps its counts under `kept`. Only where counters lie in the warehouse.
 */
export async function swapJobs(warehouse: Warehouse, shadow: string, kept: string): Promise<void> {
  await warehouse.transaction(async (session: Session) => {
    const rename = async (from: string, to: string): Promise<void> => {
      const renamed = await session.query('update stream_job set job = $2 where job = $1 returning job_id', [from, to])
      if (renamed.length === 0) throw new MillraceError('STREAM_JOB_UNKNOWN', { job: from })
      await session.query('update stream_begun set job = $2 where job = $1', [from, to])
    }
    await rename(liveJob, kept)
    await rename(shadow, liveJob)
    await session.query('update stream_live set job_id = (select job_id from stream_job where job = $1)', [liveJob])
  })
}
