import { chmodSync } from 'node:fs'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { isoInstant } from '../domain/clock.ts'
import { isMillraceError, MillraceError } from '../domain/errors.ts'
import { beginArchive, nextSegment, isSegment, readSegment, segmentsIn } from './archive.ts'
import type { ArchivedSegment } from './archive.ts'
import { diskError } from './backup.ts'
import type { Backup } from './backup.ts'
import { openCluster } from './embedded-cluster.ts'
import type { Cluster } from './embedded-cluster.ts'
import { handOver } from './embedded-launch.ts'
import { startEmbedded } from './embedded-server.ts'
import type { EmbeddedServer } from './embedded-server.ts'
import { openPlain } from './table-sums.ts'

/** How far the log is replayed. */
export type Target =
  | { readonly kind: 'newest' }
  /** Transactions that were committed by then. */
  | { readonly kind: 'time'; readonly instant: string }
  /** What lies before this place of the log. */
  | { readonly kind: 'lsn'; readonly lsn: string }

export interface WalChain {
  /** In order and without a gap, from the backup's first segment on. */
  readonly segments: readonly ArchivedSegment[]
  readonly histories: readonly ArchivedSegment[]
  /** The first one that is missing or damaged although later ones are there; null: none. */
  readonly gap: string | null
}

/**
 * The log that can be replayed after a backup, from all places where segments lie; each is opened and looked at. Where the same
 * segment lies in several, the first whole one counts. A server's own folder also holds files that it keeps for later with what was
 * in them before: those are not there.
 */
export async function walChain(backup: Backup, folders: readonly string[]): Promise<WalChain> {
  const found = new Map<string, ArchivedSegment[]>()
  for (const folder of folders)
    for (const one of await segmentsIn(folder)) found.set(one.name, [...(found.get(one.name) ?? []), one])
  const histories = [...found].filter(([name]) => !isSegment(name)).flatMap(([, [first]]) => first ?? [])
  const byPlace = new Map<string, (ArchivedSegment | string)[]>()
  for (const [name, copies] of [...found].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const place = name.slice(8)
    if (!isSegment(name) || place < backup.segment.slice(8)) continue
    const whole = await firstWhole(copies)
    if (whole || copies.some(({ isPacked }) => isPacked))
      byPlace.set(place, [...(byPlace.get(place) ?? []), whole ?? name])
  }
  return inOrder(backup, byPlace, histories)
}

/** Up to the first place that nobody has, or that only a damaged file has, which is named. */
function inOrder(
  backup: Backup,
  byPlace: ReadonlyMap<string, readonly (ArchivedSegment | string)[]>,
  histories: readonly ArchivedSegment[],
): WalChain {
  const segments: ArchivedSegment[] = []
  let expected = backup.segment
  for (const place of [...byPlace.keys()].toSorted()) {
    const here = byPlace.get(place) ?? []
    const damaged = here.find((one) => typeof one === 'string')
    if (place !== expected.slice(8) || damaged !== undefined)
      return { segments, histories, gap: place === expected.slice(8) ? (damaged ?? expected) : expected }
    segments.push(...here.filter((one) => typeof one !== 'string'))
    expected = nextSegment(segments.at(-1)?.name ?? expected)
  }
  return { segments, histories, gap: byPlace.size === 0 ? backup.segment : null }
}

async function firstWhole(all: readonly ArchivedSegment[]): Promise<ArchivedSegment | undefined> {
  for (const one of all) if (await readSegment(one)) return one
  return undefined
}

export interface RecoverOptions {
  readonly backup: Backup
  /** Folder of this backup. */
  readonly from: string
  readonly chain: WalChain
  readonly target: Target
  /** An empty folder on the disk on which the data is to stay. */
  readonly into: string
  /** Where the new history of the log is archived; without it nowhere. */
  readonly archive?: string | undefined
  readonly onFile?: (files: number) => void
}

/** The recovery's own settings, in the file that a server reads last; taken out when it is over. */
const mark = '# millrace restore'

/**
 * Builds data from a backup and the log, and starts a server on it that has replayed the log up to the target and then taken up its own
 * history. Whoever calls it stops the server. Throws WAREHOUSE_BACKUP_TARGET when the log does not reach it, WAREHOUSE_DISK_FULL.
 */
export async function recover(options: RecoverOptions): Promise<EmbeddedServer> {
  const { backup, from, into, target, archive } = options
  const cluster = openCluster(into)
  if (archive !== undefined) beginArchive(cluster, archive)
  try {
    await layOut(options, cluster)
  } catch (error) {
    throw diskError(error, into)
  }
  const auto = join(cluster.dataDir, 'postgresql.auto.conf')
  const before = await readFile(auto, 'utf8').catch(() => '')
  await writeFile(auto, `${before}\n${settingsOf(target, join(cluster.dir, 'wal'))}`)
  await writeFile(join(cluster.dataDir, 'recovery.signal'), '', { mode: 0o600 })
  for (const path of [auto, join(cluster.dataDir, 'recovery.signal')]) handOver(path, cluster.launch)
  let server: EmbeddedServer | undefined
  try {
    server = await startEmbedded({ dir: into })
    await promoted(server)
    await writeFile(auto, before)
    await rm(join(cluster.dir, 'wal'), { recursive: true, force: true })
    return server
  } catch (error) {
    await server?.stop().catch(() => undefined)
    throw await targetError(error, cluster, target, from, backup)
  }
}

async function layOut({ backup, from, chain, into, onFile }: RecoverOptions, cluster: Cluster): Promise<void> {
  const make = async (path: string) => {
    await mkdir(path, { recursive: true, mode: 0o700 })
    chmodSync(path, 0o700)
    handOver(path, cluster.launch)
  }
  await make(cluster.dataDir)
  for (const folder of backup.folders) await make(join(into, 'data', relative('base', folder)))
  for (const [index, { path }] of backup.files.entries()) {
    if (!path.startsWith('base')) continue
    const to = join(into, 'data', relative('base', path))
    await make(dirname(to))
    await copyFile(join(from, path), to)
    handOver(to, cluster.launch)
    onFile?.(index + 1)
  }
  await make(join(into, 'wal'))
  for (const segment of [...chain.segments, ...chain.histories]) {
    const to = join(into, 'wal', segment.name)
    const bytes = await readSegment(segment)
    if (!bytes) throw new MillraceError('WAREHOUSE_BACKUP_GAP', { segment: segment.name, dir: dirname(segment.path) })
    await writeFile(to, bytes, { mode: 0o600 })
    handOver(to, cluster.launch)
  }
}

/** The server reads its settings before it knows any zone by its letters: only an offset in digits is a time to it. */
const serverTime = (instant: string) => isoInstant(Date.parse(instant)).replace('T', ' ').replace('Z', '+00')

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`

function settingsOf(target: Target, wal: string): string {
  const place = wal.replaceAll('%', '%%').replaceAll("'", `'\\''`)
  const lines = [`restore_command = ${quoted(`cp '${place}/%f' "%p"`)}`, `recovery_target_action = 'promote'`]
  if (target.kind === 'time') lines.push(`recovery_target_time = ${quoted(serverTime(target.instant))}`)
  if (target.kind === 'lsn')
    lines.push(`recovery_target_lsn = ${quoted(target.lsn)}`, `recovery_target_inclusive = off`)
  return `${[mark, ...lines].join('\n')}\n`
}

async function promoted(server: EmbeddedServer): Promise<void> {
  const session = await openPlain(server.connection)
  try {
    for (;;) {
      const { rows } = await session.query<{ recovering: boolean }>('select pg_is_in_recovery() as recovering')
      if (rows[0]?.recovering === false) return
      await pause(50)
    }
  } finally {
    await session.end().catch(() => undefined)
  }
}

const unreached =
  /requested recovery stop point is before consistent recovery point|recovery ended before configured recovery target was reached/

/** The server says in its log alone why it ended. */
async function targetError(
  error: unknown,
  cluster: Cluster,
  target: Target,
  from: string,
  { id }: Backup,
): Promise<unknown> {
  const log = await readFile(cluster.log, 'utf8').catch(() => '')
  const reason = unreached.exec(log)?.[0]
  if (reason === undefined) return isMillraceError(error) ? error : diskError(error, from)
  const name = target.kind === 'time' ? target.instant : target.kind === 'lsn' ? target.lsn : id
  return new MillraceError('WAREHOUSE_BACKUP_TARGET', { target: name, reason }, { cause: error })
}
