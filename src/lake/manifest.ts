import { z } from 'zod'
import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { ExtractRecord } from '../domain/metric.ts'
import { levels, platforms } from '../domain/platform.ts'
import type { Level, Platform } from '../domain/platform.ts'
import type { Lake } from './lake.ts'
import { manifestPrefix, manifestRoot, parseManifestKey, rawKey } from './layout.ts'
import type { DayFile, RawSpool } from './spool.ts'

/** One day of an extract as it lies in the lake. */
export interface LandedFile extends Omit<DayFile, 'path'> {
  readonly key: string
}

/** What the manifest says of one extract. `retired`: its files went after their retention; that it happened stays on record. */
export interface ManifestEntry extends ExtractRecord {
  readonly files: readonly LandedFile[]
  readonly status: 'landed' | 'retired'
}

/** Most of a put is waiting for a disk or a network; one after the other, thirty days would wait thirty times. */
const putsAtOnce = 4

type Account = Pick<ExtractRecord, 'platform' | 'accountId'>

const text = z.string()
const driftShape = z.object({
  removed: z.array(text),
  mistyped: z.array(
    z.object({
      name: text,
      type: z.enum(['text', 'day', 'bigint', 'decimal', 'json']),
      rows: z.int(),
      example: text.nullable(),
    }),
  ),
  added: z.array(text),
  vanished: z.array(text).optional(),
})
/** A mapping is written by ourselves; what is read of it elsewhere is checked to be one. */
const mappingShape = z.looseObject({
  grain: z.enum(['exact', 'finer']),
  version: z.int(),
  columns: z.array(z.object({ name: text, type: driftShape.shape.mistyped.element.shape.type, required: z.boolean() })),
  date: text,
  entityId: text,
})
const entryShape = z.object({
  platform: z.enum(platforms),
  accountId: text,
  level: z.enum(levels),
  breakdownKey: text,
  kind: z.enum(['advance', 'refresh', 'repair']),
  since: text,
  until: text,
  extractId: text,
  requestedAtMs: z.number(),
  finishedAtMs: z.number(),
  rows: z.int(),
  apiVersion: text,
  requestIds: z.array(text),
  operations: z.int().optional(),
  controlTotals: z.record(text, text).nullable(),
  mapVersion: z.int(),
  rawKeys: z.record(text, text),
  drift: driftShape.optional(),
  mapping: mappingShape.optional(),
  files: z.array(z.object({ date: text, key: text, rows: z.int(), bytes: z.int(), sha256: text })),
  status: z.enum(['landed', 'retired']),
})
const manifestShape = z.object({ format: z.literal(1), extracts: z.array(entryShape) })

/**
 * Puts the finished files of a spool into the lake. They do not count until `recordExtract` has named them: a process that dies
 * here leaves files that no reader ever sees.
 */
export async function landSpool(
  lake: Lake,
  spool: RawSpool,
  where: { readonly platform: Platform; readonly accountId: string; readonly extractId: string },
): Promise<readonly LandedFile[]> {
  const landed: LandedFile[] = []
  const putting = new Set<Promise<unknown>>()
  try {
    for await (const { path, ...file } of spool.finish()) {
      const key = rawKey({ ...where, date: file.date })
      const put: Promise<unknown> = lake.put(key, { path }, { ifAbsent: true }).then(() => putting.delete(put))
      putting.add(put)
      // One that fails before it is waited for must not end the process as an unhandled rejection.
      void Promise.allSettled([put])
      landed.push({ ...file, key })
      if (putting.size === putsAtOnce) await Promise.race(putting)
    }
    await Promise.all(putting)
  } finally {
    // A put that is under way still reads its file of the spool.
    await Promise.allSettled(putting)
  }
  return landed
}

/** The keys of landed files by day, as an extract's record holds them. */
export function rawKeysOf(files: readonly LandedFile[]): Readonly<Record<Day, string>> {
  return Object.fromEntries(files.map(({ date, key }) => [date, key]))
}

/** The same extract recorded twice is there once. From then on readers see its files. */
export async function recordExtract(lake: Lake, record: ExtractRecord, files: readonly LandedFile[]): Promise<void> {
  await recordEntry(lake, { ...record, files, status: 'landed' })
}

/** An entry as it stands in another lake's manifest; its files must be here already. One that is here stays as it is. */
export async function recordEntry(lake: Lake, entry: ManifestEntry): Promise<void> {
  await amend(lake, manifestKey(entry), (entries) =>
    entries.some(({ extractId }) => extractId === entry.extractId) ? entries : [...entries, entry],
  )
}

/**
 * Everything that was ever extracted of an account, in the order in which it was requested. What lies in the lake and is not named
 * here was left behind by a killed writer and does not exist. Throws LAKE_MANIFEST_UNREADABLE.
 */
export async function readManifest(lake: Lake, account: Account): Promise<readonly ManifestEntry[]> {
  const entries: ManifestEntry[] = []
  for await (const { key } of lake.list(manifestPrefix(account)))
    entries.push(...(await readEntries(lake, key)).entries)
  return entries.sort(byRequest)
}

/** Every account of which anything was ever extracted, each once. */
export async function* manifestAccounts(lake: Lake): AsyncGenerator<Account, void, undefined> {
  let last = ''
  for await (const { key } of lake.list(manifestRoot)) {
    const account = parseManifestKey(key)
    if (!account || manifestPrefix(account) === last) continue
    last = manifestPrefix(account)
    yield account
  }
}

function byRequest(a: ManifestEntry, b: ManifestEntry): number {
  return a.requestedAtMs - b.requestedAtMs || (a.extractId < b.extractId ? -1 : 1)
}

/** The newest extract of a level whose slice contains the day, also when the day had no rows; undefined when there is none in the lake. */
export function newestExtract(
  entries: readonly ManifestEntry[],
  date: Day,
  level: Level = 'campaign',
): ManifestEntry | undefined {
  return entries.findLast(
    (entry) => entry.level === level && entry.status === 'landed' && entry.since <= date && date <= entry.until,
  )
}

/**
 * Removes the files of extracts and marks them retired. The mark comes first: a reader must never trust a file that may be gone,
 * and a process that dies in between removes the files when it is run again.
 */
export async function retireExtracts(lake: Lake, account: Account, extractIds: ReadonlySet<string>): Promise<void> {
  for await (const { key } of lake.list(manifestPrefix(account))) {
    const { entries } = await readEntries(lake, key)
    const leaving = entries.filter(({ extractId }) => extractIds.has(extractId))
    if (leaving.length === 0) continue
    await amend(lake, key, (now) =>
      now.map((entry) => (extractIds.has(entry.extractId) ? { ...entry, status: 'retired' as const } : entry)),
    )
    await lake.remove(leaving.flatMap(({ files }) => files.map((file) => file.key)))
  }
}

/** By the month of the request, so that a manifest stays small however long the platform is in use: one night adds some kilobytes. */
function manifestKey(record: ExtractRecord): string {
  return `${manifestPrefix(record)}/${isoInstant(record.requestedAtMs).slice(0, 7)}.json`
}

interface Manifest {
  readonly entries: readonly ManifestEntry[]
  /** Undefined when there is no such object yet. */
  readonly etag: string | undefined
}

async function readEntries(lake: Lake, key: string): Promise<Manifest> {
  const found = await lake.get(key)
  if (!found) return { entries: [], etag: undefined }
  try {
    const { extracts } = manifestShape.parse(JSON.parse(new TextDecoder().decode(found.bytes)))
    return { entries: extracts as unknown as ManifestEntry[], etag: found.etag }
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
    throw new MillraceError('LAKE_MANIFEST_UNREADABLE', { key, reason }, { cause })
  }
}

/** Enough for every account of a large agency recording into one manifest at once; each loss means that another writer got on. */
const attemptsMax = 100

/** Reads, changes and replaces by compare-and-swap, again from the start when another writer was first. */
async function amend(
  lake: Lake,
  key: string,
  change: (entries: readonly ManifestEntry[]) => readonly ManifestEntry[],
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const { entries, etag } = await readEntries(lake, key)
    const changed = change(entries)
    if (changed === entries) return
    const body = new TextEncoder().encode(`${JSON.stringify({ format: 1, extracts: changed }, null, 1)}\n`)
    try {
      await lake.put(key, body, etag === undefined ? { ifAbsent: true } : { ifMatch: etag })
      return
    } catch (error) {
      if (!isMillraceError(error, 'LAKE_CONFLICT') || attempt === attemptsMax) throw error
    }
  }
}
