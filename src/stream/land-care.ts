import { randomUUID } from 'node:crypto'
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isoInstant } from '../domain/clock.ts'
import { sha256Of } from '../lake/digest.ts'
import { mergeEventFiles } from '../lake/event-parquet.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { LandPorts } from './land.ts'
import { eventPrefix } from './land.ts'

/** A file of the lake as the list has it. */
export interface EventFile {
  readonly fileId: string
  readonly partition: number
  readonly first: number
  readonly next: number
  readonly key: string
  readonly rows: number
  readonly sizeBytes: number
  readonly appendMsMin: number
  readonly appendMsMax: number
  readonly eventMsMin: number | null
  readonly eventMsMax: number | null
}

interface Row {
  readonly [column: string]: unknown
}

const numberOrNull = (value: unknown): number | null => (value === null ? null : Number(value))

function fileOf(row: Row): EventFile {
  return {
    fileId: String(row['file_id']),
    partition: Number(row['partition']),
    first: Number(row['first_offset']),
    next: Number(row['next_offset']),
    key: String(row['key']),
    rows: Number(row['rows']),
    sizeBytes: Number(row['bytes']),
    appendMsMin: Number(row['append_ms_min']),
    appendMsMax: Number(row['append_ms_max']),
    eventMsMin: numberOrNull(row['event_ms_min']),
    eventMsMax: numberOrNull(row['event_ms_max']),
  }
}

/** Every file of a topic that counts, by partition and offset. */
export async function listEventFiles(warehouse: Warehouse, topic: string): Promise<readonly EventFile[]> {
  const rows = await warehouse.query(
    `select file_id, partition, first_offset, next_offset, key, rows, bytes, append_ms_min, append_ms_max, event_ms_min, event_ms_max
     from lake_event_file where topic = $1 and replaced_at is null order by partition, first_offset`,
    [topic],
  )
  return rows.map(fileOf)
}

export interface CompactionLimits {
  /** Files of this size and more stay as they are. */
  readonly smallBytes: number
  readonly mergedBytesMax: number
  /** A run of fewer small neighbours is not worth a rewrite. */
  readonly filesMin: number
}

const compactionLimits: CompactionLimits = { smallBytes: 32_000_000, mergedBytesMax: 192_000_000, filesMin: 4 }

const dayOf = (instantMs: number): string => isoInstant(instantMs).slice(0, 10)

/** Pure: runs of small neighbours of one partition and ingest day, each run one file afterwards. */
export function planCompaction(
  files: readonly EventFile[],
  limits: CompactionLimits = compactionLimits,
): readonly (readonly EventFile[])[] {
  const runs: EventFile[][] = []
  for (const file of files) {
    if (file.sizeBytes >= limits.smallBytes) continue
    const run = runs.at(-1)
    const last = run?.at(-1)
    const fits = (run ?? []).reduce((sum, { sizeBytes }) => sum + sizeBytes, file.sizeBytes) <= limits.mergedBytesMax
    const isNeighbour = last && last.partition === file.partition && last.next === file.first
    if (run && fits && isNeighbour && dayOf(last.appendMsMax) === dayOf(file.appendMsMax)) run.push(file)
    else runs.push([file])
  }
  return runs.filter((run) => run.length >= limits.filesMin)
}

/**
 * Writes a run of files as one, sorted by campaign and time, and changes the list in one commit: readers have the old files or the new
 * one, never both. False when somebody else changed the list meanwhile; then the new file is an orphan and goes with the next sweep.
 */
export async function compact(ports: LandPorts, run: readonly EventFile[]): Promise<boolean> {
  const [head, tail] = [run[0] as EventFile, run.at(-1) as EventFile]
  const path = join(ports.scratchDir, `${randomUUID()}.parquet`)
  await mkdir(ports.scratchDir, { recursive: true })
  await using opened = new AsyncDisposableStack()
  opened.defer(() => rm(path, { force: true }))
  const sources: string[] = []
  for (const { key } of run) sources.push(opened.use(await ports.lake.open(key)).path)
  const rows = await mergeEventFiles(path, sources, ['campaign_id', '_ms', '_off', '_place'])
  const key = `${eventPrefix(ports.log.topic)}/ingest_date=${dayOf(tail.appendMsMax)}/p${String(head.partition).padStart(4, '0')}-c-${randomUUID()}.parquet`
  const [sha256, { size }] = [await sha256Of(path), await stat(path)]
  await ports.lake.put(key, { path }, { ifAbsent: true })
  return swap(ports, run, { key, rows, sha256, size })
}

async function swap(
  { warehouse, log, clock }: LandPorts,
  run: readonly EventFile[],
  made: { readonly key: string; readonly rows: number; readonly sha256: string; readonly size: number },
): Promise<boolean> {
  const [head, tail] = [run[0] as EventFile, run.at(-1) as EventFile]
  const times = (pick: (file: EventFile) => number | null): readonly number[] =>
    run.map(pick).filter((value) => value !== null)
  const [mins, maxes] = [times(({ eventMsMin }) => eventMsMin), times(({ eventMsMax }) => eventMsMax)]
  const now = isoInstant(clock.nowMs())
  return warehouse.transaction(async (session) => {
    const replaced = await session.query(
      'update lake_event_file set replaced_at = $2 where file_id = any($1::bigint[]) and replaced_at is null returning file_id',
      [run.map(({ fileId }) => fileId), now],
    )
    if (replaced.length < run.length) {
      await session.query('update lake_event_file set replaced_at = null where file_id = any($1::bigint[])', [
        replaced.map((row) => String(row['file_id'])),
      ])
      return false
    }
    await session.query(
      `insert into lake_event_file (topic, partition, first_offset, next_offset, key, rows, bytes, sha256,
         append_ms_min, append_ms_max, event_ms_min, event_ms_max, landed_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      [
        log.topic,
        head.partition,
        head.first,
        tail.next,
        made.key,
        made.rows,
        made.size,
        made.sha256,
        head.appendMsMin,
        tail.appendMsMax,
        mins.length === 0 ? null : Math.min(...mins),
        maxes.length === 0 ? null : Math.max(...maxes),
        now,
      ],
    )
    return true
  })
}

/** What a sweep would remove, or has removed. */
export interface Sweep {
  /** Files that a compaction replaced long enough ago that no reader holds them. */
  readonly replaced: readonly string[]
  /** Files that no list names: their writer was killed. */
  readonly orphans: readonly string[]
}

export interface SweepAges {
  readonly replacedMs: number
  readonly orphanMs: number
}

const sweepAges: SweepAges = { replacedMs: 3_600_000, orphanMs: 24 * 3_600_000 }

/** Changes nothing. An orphan's age is known by its ingest day alone, so it stays a day longer at most. */
export async function planSweep({ warehouse, log, lake, clock }: LandPorts, ages = sweepAges): Promise<Sweep> {
  const nowMs = clock.nowMs()
  const listed = await warehouse.query<{ readonly key: string; readonly old: boolean }>(
    'select key, coalesce(replaced_at < $2, false) as old from lake_event_file where topic = $1',
    [log.topic, isoInstant(nowMs - ages.replacedMs)],
  )
  const known = new Set(listed.map(({ key }) => key))
  const orphans: string[] = []
  for await (const { key } of lake.list(eventPrefix(log.topic))) {
    const [, day = ''] = /\/ingest_date=(\d{4}-\d{2}-\d{2})\//.exec(key) ?? []
    if (!known.has(key) && day !== '' && day < dayOf(nowMs - ages.orphanMs)) orphans.push(key)
  }
  return { replaced: listed.filter(({ old }) => old).map(({ key }) => key), orphans }
}

/** Removes what was planned: the file first, so that one whose row is still there can be removed again. */
export async function sweep({ warehouse, lake }: LandPorts, { replaced, orphans }: Sweep): Promise<void> {
  await lake.remove([...replaced, ...orphans])
  await warehouse.query('delete from lake_event_file where key = any($1::text[]) and replaced_at is not null', [
    replaced,
  ])
}
