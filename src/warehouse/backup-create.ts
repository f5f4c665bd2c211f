import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type pg from 'pg'
import { isoInstant } from '../domain/clock.ts'
import { beginArchive, isSegment } from './archive.ts'
import { diskError, manifestFile, walFolder } from './backup.ts'
import type { Backup, BackupFile } from './backup.ts'
import { openCluster } from './embedded-cluster.ts'
import { openPlain, sumsAtMoment } from './table-sums.ts'
import type { Moment } from './table-sums.ts'
import type { Connection } from './warehouse.ts'

export interface CreateOptions {
  readonly connection: Omit<Connection, 'schema'>
  /** Folder of the embedded server. */
  readonly clusterDir: string
  /** Folder of all backups. */
  readonly dir: string
  readonly nowMs: () => number
  readonly signal: AbortSignal
  readonly onProgress?: (progress: BackupProgress) => void
}

export type BackupProgress =
  | { readonly step: 'files'; readonly files: number; readonly bytes: number }
  | { readonly step: 'sums'; readonly table: string }

/**
 * A base backup of a running embedded server, while others write: its files as they are, the write-ahead log that makes one moment of
 * them, and the sums of every table at an exact place of the log, by which a restore can be held against it. From the first one on
 * the server archives each finished segment, and an unfinished one after a minute. Throws WAREHOUSE_DISK_FULL; what was written of a
 * backup that failed is removed.
 */
export async function createBackup(options: CreateOptions): Promise<Backup> {
  const { dir, connection, signal } = options
  const cluster = openCluster(options.clusterDir)
  const startedAt = isoInstant(options.nowMs())
  const id = startedAt.replaceAll(/[-:]|\.\d+/g, '')
  const building = join(dir, `${id}.part`)
  const session = await openPlain(connection)
  try {
    await mkdir(join(building, 'wal'), { recursive: true, mode: 0o700 })
    beginArchive(cluster, walFolder(dir))
    await archiveSoon(session)
    const begun = await begin(session)
    const copied = await copyData(cluster.dataDir, building, signal, options.onProgress)
    await writeLabel(session, building, copied.files)
    const moment = await sumsAtMoment(connection, (table) => options.onProgress?.({ step: 'sums', table }))
    const wal = await copyWal(session, { dataDir: cluster.dataDir, building, from: begun.segment })
    const backup: Backup = {
      format: 1,
      id,
      startedAt,
      endedAt: isoInstant(options.nowMs()),
      server: begun.server,
      systemId: begun.systemId,
      dir: cluster.dir,
      segment: begun.segment,
      ...momentOf(moment),
      files: [...copied.files, ...wal],
      folders: [...copied.folders],
    }
    await writeWhole(join(building, manifestFile), `${JSON.stringify(backup)}\n`)
    await rename(building, join(dir, id))
    return backup
  } catch (error) {
    await rm(building, { recursive: true, force: true })
    throw diskError(error, dir)
  } finally {
    // Ending the session also ends a backup mode that was left on, and drops the slot.
    await session.end().catch(() => undefined)
  }
}

function momentOf(moment: Moment | undefined): Pick<Backup, 'lsn' | 'sums'> {
  return { lsn: moment?.lsn ?? null, sums: moment ? [...moment.sums] : [] }
}

/** What was committed a minute ago is in the archive, whether or not its segment is full. */
async function archiveSoon(session: pg.Client): Promise<void> {
  const { rows } = await session.query<{ setting: string }>(
    `select setting from pg_settings where name = 'archive_timeout'`,
  )
  if (rows[0]?.setting !== '0') return
  await session.query(`alter system set archive_timeout = '60s'`)
  await session.query('select pg_reload_conf()')
}

interface Begun {
  readonly segment: string
  readonly server: string
  readonly systemId: string
}

/** The slot keeps the log that the backup needs from being recycled, and goes with the session. */
async function begin(session: pg.Client): Promise<Begun> {
  await session.query(`select pg_create_physical_replication_slot('millrace_backup_' || pg_backend_pid(), true, true)`)
  const { rows } = await session.query<Begun>(
    `select pg_walfile_name(started) as segment, current_setting('server_version') as server,
       (select system_identifier::text from pg_control_system()) as "systemId"
     from pg_backup_start('millrace', true) as started`,
  )
  const [begun] = rows
  if (!begun) throw new Error('pg_backup_start answered with no row')
  return begun
}

/** What a server makes anew at its start, or what belongs to this one alone. */
const leftOut =
  /^(postmaster\.(pid|opts)|.*pgsql_tmp.*|pg_internal\.init.*|backup_label|tablespace_map|recovery\.signal)$/
const emptied = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
])

interface CopiedData {
  readonly files: BackupFile[]
  readonly folders: string[]
}

/** At the same time; forcing each to the disk is mostly waiting. */
const copiesMax = 8

async function copyData(
  dataDir: string,
  building: string,
  signal: AbortSignal,
  onProgress: CreateOptions['onProgress'],
): Promise<CopiedData> {
  const { folders, files: wanted } = await findData(dataDir)
  for (const folder of ['base', ...folders]) await mkdir(join(building, folder), { recursive: true, mode: 0o700 })
  const files: BackupFile[] = []
  const queue = wanted[Symbol.iterator]()
  let bytes = 0
  const work = async (): Promise<void> => {
    for (const from of queue) {
      signal.throwIfAborted()
      const file = await copyFile(from, building, join('base', relative(dataDir, from)))
      if (!file) continue
      files.push(file)
      bytes += file.bytes
      onProgress?.({ step: 'files', files: files.length, bytes })
    }
  }
  await Promise.all(Array.from({ length: copiesMax }, work))
  return { folders, files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)) }
}

async function findData(dataDir: string): Promise<{ readonly folders: string[]; readonly files: string[] }> {
  const found: { folders: string[]; files: string[] } = { folders: [], files: [] }
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (leftOut.test(entry.name)) continue
      const from = join(folder, entry.name)
      if (entry.isFile()) found.files.push(from)
      if (!entry.isDirectory()) continue
      found.folders.push(join('base', relative(dataDir, from)))
      if (folder !== dataDir || !emptied.has(entry.name)) await walk(from)
    }
  }
  await walk(dataDir)
  return found
}

/** Copies a file and hashes what was written. Undefined: a table was dropped meanwhile, and its file is gone. */
async function copyFile(from: string, building: string, path: string, packed = false): Promise<BackupFile | undefined> {
  const source = await open(from, 'r').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  if (!source) return undefined
  const stream: Readable = createReadStream('', { fd: source })
  return writeHashed(packed ? stream.pipe(createGzip({ level: 1 })) : stream, building, path)
}

async function writeHashed(source: Readable, building: string, path: string): Promise<BackupFile> {
  const hash = createHash('sha256')
  const to = join(building, path)
  let bytes = 0
  const file = await open(to, 'w', 0o600)
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      hash.update(chunk)
      bytes += chunk.length
      await file.appendFile(chunk)
    }
    if (bytes > 0) await file.sync()
  } finally {
    await file.close()
  }
  return { path, bytes, sha256: hash.digest('hex') }
}

/** Ends the backup mode. The label goes into the copy and never into the running server's folder, which a crash would then misread. */
async function writeLabel(session: pg.Client, building: string, files: BackupFile[]): Promise<void> {
  const { rows } = await session.query<{ label: string }>(
    'select labelfile as label from pg_backup_stop(wait_for_archive => false)',
  )
  const label = Buffer.from(rows[0]?.label ?? '')
  const path = join('base', 'backup_label')
  await writeFile(join(building, path), label, { mode: 0o600, flush: true })
  files.push({ path, bytes: label.length, sha256: createHash('sha256').update(label).digest('hex') })
}

/** Segments from the backup's first to the one that holds its end, from the server's own folder; the slot has kept them. */
async function copyWal(
  session: pg.Client,
  { dataDir, building, from }: { readonly dataDir: string; readonly building: string; readonly from: string },
): Promise<readonly BackupFile[]> {
  // A record behind the moment of the sums, at which a restore can stop; and the rest of its segment is left to nobody.
  const { rows } = await session.query<{ last: string }>(
    `select pg_walfile_name(pg_create_restore_point('millrace backup')) as last`,
  )
  await session.query('select pg_switch_wal()')
  const last = rows[0]?.last ?? ''
  const folder = join(dataDir, 'pg_wal')
  const names = (await readdir(folder)).filter((name) => isSegment(name) && name >= from && name <= last)
  const files: BackupFile[] = []
  for (const name of names.toSorted()) {
    const file = await copyFile(join(folder, name), building, join('wal', `${name}.gz`), true)
    if (file) files.push(file)
  }
  return files
}

async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600, flush: true })
}
