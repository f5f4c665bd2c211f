import { randomUUID } from 'node:crypto'
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../domain/clock.ts'
import { isoInstant } from '../domain/clock.ts'
import { isMillraceError } from '../domain/errors.ts'
import { sha256Of } from '../lake/digest.ts'
import type { Lake } from '../lake/lake.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { LandLines } from './land-lines.ts'
import type { LinesFacts } from './land-lines.ts'
import type { EventLog, Offset } from './log.ts'

export interface LandPorts {
  readonly log: EventLog
  readonly lake: Lake
  readonly warehouse: Warehouse
  readonly clock: Clock
  /** A folder for the file that is being written. */
  readonly scratchDir: string
}

export interface LandLimits {
  /** Records and bytes (as the log gives them) of one file, about. */
  readonly recordsMax: number
  readonly bytesMax: number
  readonly leaseMs: number
}

export const landLimits: LandLimits = { recordsMax: 1_000_000, bytesMax: 64_000_000, leaseMs: 120_000 }

/** A file of the lake that holds the log's records [first, next) of one partition. */
export interface Landed {
  readonly partition: number
  readonly key: string
  readonly rows: number
  readonly first: number
  readonly next: number
}

interface Lease {
  readonly partition: number
  readonly next: number
  readonly epoch: number
}

/**
 * Writes the next file of a partition, as much as there is up to the limits; null when there is nothing, or somebody else has the partition.
 * The file's name holds its range and the lease's epoch, so no two writers ever mean the same file. It exists from the commit that
 * lists it and moves the cursor over it; killed before, it is an orphan and its records are written anew under another name.
 */
export async function landNext(ports: LandPorts, partition: number, limits = landLimits): Promise<Landed | null> {
  const lease = await acquire(ports, partition, limits.leaseMs)
  if (!lease) return null
  const name = join(ports.scratchDir, randomUUID())
  await mkdir(ports.scratchDir, { recursive: true })
  try {
    const read = await readLines(ports.log, lease, `${name}.parquet`, limits)
    const landed = read.next === lease.next ? null : await write(ports, lease, { ...read, name })
    if (!landed) await release(ports, lease)
    return landed
  } finally {
    await rm(`${name}.parquet`, { force: true })
  }
}

interface Lines extends LinesFacts {
  readonly next: Offset
}

async function write(ports: LandPorts, lease: Lease, lines: Lines & { readonly name: string }): Promise<Landed | null> {
  const { lake, log } = ports
  const parquet = `${lines.name}.parquet`
  const { rows } = lines
  const key = keyOf(log.topic, lease, lines)
  const [sha256, { size }] = [await sha256Of(parquet), await stat(parquet)]
  await lake.put(key, { path: parquet }, { ifAbsent: true }).catch((error: unknown) => {
    // A sending that was repeated below us has arrived twice; nobody else has this epoch.
    if (!isMillraceError(error, 'LAKE_CONFLICT')) throw error
  })
  const file = { partition: lease.partition, key, rows, first: lease.next, next: lines.next }
  return (await commit(ports, lease, { ...lines, ...file, sha256, size })) ? file : null
}

const digits = (offset: number): string => String(offset).padStart(16, '0')

function keyOf(topic: string, { partition, next, epoch }: Lease, lines: Lines): string {
  const range = `${digits(next)}-${digits(lines.next)}`
  return `${eventPrefix(topic)}/ingest_date=${isoInstant(lines.appendMsMax).slice(0, 10)}/p${String(partition).padStart(4, '0')}-${range}-e${epoch}.parquet`
}

/** Under which a topic's files lie in the lake. */
export const eventPrefix = (topic: string): string => `raw/ad_events/${topic.replaceAll(/[^A-Za-z0-9._-]/g, '_')}`

/** One read and one row group are in memory at a time, however large the file becomes. */
async function readLines(log: EventLog, { partition, next }: Lease, path: string, limits: LandLimits): Promise<Lines> {
  const lines = await LandLines.open(path, partition)
  let at = next
  try {
    for (let records = 0, bytes = 0; records < limits.recordsMax && bytes < limits.bytesMax;) {
      const read = await log.read(partition, at, { bytesMax: Math.min(4_000_000, limits.bytesMax), waitMs: 0 })
      if (read.length === 0) break
      for (const batch of read) {
        await lines.write(batch)
        records += batch.count
        bytes += batch.bytes.length
        at = batch.nextOffset
      }
    }
  } catch (error) {
    await lines.abandon()
    throw error
  }
  return { ...(await lines.close()), next: at }
}

/** A partition is landed from its oldest record on; the lease only spares work: what is written twice is listed once. */
async function acquire({ warehouse, log }: LandPorts, partition: number, leaseMs: number): Promise<Lease | null> {
  const { first } = await log.bounds(partition)
  await warehouse.query('insert into land_cursor (topic, partition, next) values ($1, $2, $3) on conflict do nothing', [
    log.topic,
    partition,
    first,
  ])
  const [row] = await warehouse.query<{ readonly next: string; readonly epoch: string }>(
    `update land_cursor set epoch = epoch + 1, lease_until = now() + $3 * interval '1 ms'
     where topic = $1 and partition = $2 and (lease_until is null or lease_until < now()) returning next, epoch`,
    [log.topic, partition, leaseMs],
  )
  return row ? { partition, next: Number(row.next), epoch: Number(row.epoch) } : null
}

async function release({ warehouse, log }: LandPorts, { partition, epoch }: Lease): Promise<void> {
  await warehouse.query(
    'update land_cursor set lease_until = null where topic = $1 and partition = $2 and epoch = $3',
    [log.topic, partition, epoch],
  )
}

/** False when the partition is no longer ours: then the file is nobody's. */
async function commit(
  { warehouse, log, clock }: LandPorts,
  { partition, next, epoch }: Lease,
  file: Landed & LinesFacts & { readonly sha256: string; readonly size: number },
): Promise<boolean> {
  return warehouse.transaction(async (session) => {
    const moved = await session.query(
      `update land_cursor set next = $5, lease_until = null
       where topic = $1 and partition = $2 and next = $3 and epoch = $4 returning next`,
      [log.topic, partition, next, epoch, file.next],
    )
    if (moved.length === 0) return false
    await session.query(
      `insert into lake_event_file (topic, partition, first_offset, next_offset, key, rows, bytes, sha256,
         append_ms_min, append_ms_max, event_ms_min, event_ms_max, landed_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      [
        log.topic,
        partition,
        file.first,
        file.next,
        file.key,
        file.rows,
        file.size,
        file.sha256,
        file.appendMsMin,
        file.appendMsMax,
        file.eventMsMin,
        file.eventMsMax,
        isoInstant(clock.nowMs()),
      ],
    )
    return true
  })
}

/** Lands every partition to its end. */
export async function landAll(ports: LandPorts, limits = landLimits): Promise<readonly Landed[]> {
  const landed: Landed[] = []
  const partitions = await ports.log.partitions()
  for (let partition = 0; partition < partitions; partition += 1)
    for (let file = await landNext(ports, partition, limits); file; file = await landNext(ports, partition, limits))
      landed.push(file)
  return landed
}

export interface LandRotation {
  /** How often what has come is landed, however little it is. */
  readonly everyMs: number
  readonly limits: LandLimits
  /** Told of each file, and of each round that failed; the next one tries again. */
  readonly tell?: ((event: Landed | { readonly error: unknown }) => void) | undefined
}

/** Lands until `signal`, then once more, so that nothing that was taken waits for the next start. */
export async function landUntil(ports: LandPorts, rotation: LandRotation, signal: AbortSignal): Promise<void> {
  for (let isLast = false; !isLast;) {
    await ports.clock.sleep(rotation.everyMs, signal).catch(() => undefined)
    isLast = signal.aborted
    try {
      for (const file of await landAll(ports, rotation.limits)) rotation.tell?.(file)
    } catch (error) {
      // The store or the lake is away for a moment: the cursor did not move, so nothing is lost by waiting.
      rotation.tell?.({ error })
    }
  }
}
