import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { systemClock } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import { archiveCommand } from './archive.ts'
import { embeddedBinaries } from './embedded-binaries.ts'
import type { Binaries } from './embedded-binaries.ts'
import { checkVersion, createData, embeddedUser, openCluster, readPassword, socketFolder } from './embedded-cluster.ts'
import type { Cluster } from './embedded-cluster.ts'
import { handOver, launchProgram } from './embedded-launch.ts'
import { diskFull } from './postgres-errors.ts'
import { isPostmasterOf, readPostmaster, removeEmptyFile, removeStrangersFile } from './postmaster-file.ts'
import type { Postmaster } from './postmaster-file.ts'
import type { Connection } from './warehouse.ts'

export interface EmbeddedOptions {
  /** Folder of the server, made when absent; any path, also with spaces, Hangul or more bytes than a socket's path may have. */
  readonly dir: string
  /** TCP port on 127.0.0.1, or the next free one; default none: only the socket, which only this user can reach. */
  readonly port?: number | undefined
  /** Off only for tests: a crash of the machine may then lose or break the data. Default on. */
  readonly durable?: boolean | undefined
  readonly database?: string | undefined
}

export interface EmbeddedServer {
  readonly connection: Omit<Connection, 'schema'>
  readonly pid: number
  /** Lets go of the server; the last program that lets go stops it. */
  stop(): Promise<void>
}

/** Recovery after a crash in the middle of a large load may take minutes. */
const startTimeoutMs = 300_000
const stopTimeoutMs = 60_000
/** Any number, the same in every version: programs that use the server hold this lock shared in the database `postgres`. */
const keeperLock = '7305810'

function serverArguments(cluster: Cluster, socketDir: string, port: number | null, durable: boolean): string[] {
  const settings = {
    listen_addresses: port === null ? '' : '127.0.0.1',
    port: port ?? 5432,
    // Quoted, because the setting is a list and a comma in a path would split it.
    unix_socket_directories: process.platform === 'win32' ? '' : `"${socketDir.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // A month of loads fits between two checkpoints; the default of 1 GB makes a backfill write every page twice.
    max_wal_size: '4GB',
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
    // Can only be switched on by a start; the command does nothing until there is a backup.
    ...(durable && process.platform !== 'win32'
      ? { archive_mode: 'on', archive_command: archiveCommand(cluster) }
      : {}),
  }
  return ['-D', cluster.dataDir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer()
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

async function freePort(wanted: number): Promise<number> {
  for (let port = wanted; port < Math.min(wanted + 200, 65_536); port++) if (await isFree(port)) return port
  throw new MillraceError('WAREHOUSE_UNREACHABLE', {
    place: `127.0.0.1:${wanted}`,
    reason: 'the next 200 ports are taken',
  })
}

function failureOf(cluster: Cluster, text: string): MillraceError {
  const reason =
    /(?:FATAL|PANIC):[^\n]*/.exec(text)?.[0] ?? (text.trim().split('\n').at(-1) || 'it ended without a word')
  if (diskFull.test(text)) return new MillraceError('WAREHOUSE_DISK_FULL', { place: cluster.dir, reason })
  if (/Permission denied/.test(text))
    return new MillraceError('WAREHOUSE_EMBEDDED_FOLDER', { dir: cluster.dir, reason })
  return new MillraceError('WAREHOUSE_EMBEDDED_START', { dir: cluster.dir, log: cluster.log, reason })
}

const logBytesMax = 10_000_000

function openLog(cluster: Cluster): { file: number; from: number } {
  if (existsSync(cluster.log) && statSync(cluster.log).size > logBytesMax) rmSync(cluster.log)
  const file = openSync(cluster.log, 'a', 0o600)
  handOver(cluster.log, cluster.launch)
  return { file, from: statSync(cluster.log).size }
}

/** Postgres says these when another server of the folder is still going down or has just come up: both pass by themselves. */
const passing =
  /pre-existing shared memory block|lock file "postmaster.pid" (?:already exists|is empty)|lock file ".*" already exists|Address already in use/

/** Starts the server and returns when it is up, or when it ended because another one is up. */
async function startServer(cluster: Cluster, binaries: Binaries, options: EmbeddedOptions): Promise<void> {
  const socketDir = socketFolder(cluster)
  const port = options.port === undefined ? null : await freePort(options.port)
  const log = openLog(cluster)
  const child = launchProgram(
    cluster.launch,
    binaries.postgres,
    serverArguments(cluster, socketDir, port, options.durable ?? true),
    {
      cwd: cluster.dir,
      stdio: ['ignore', log.file, log.file],
      detached: true,
    },
  )
  closeSync(log.file)
  let failed: Error | undefined
  child.once('error', (error) => (failed = error))
  const untilMs = systemClock.nowMs() + startTimeoutMs
  for (;;) {
    if (systemClock.nowMs() > untilMs) throw failureOf(cluster, `FATAL: it was not ready within ${startTimeoutMs} ms`)
    if (failed) throw failureOf(cluster, failed.message)
    if (child.exitCode !== null || child.signalCode !== null) {
      const text = readFileSync(cluster.log).subarray(log.from).toString()
      if (passing.test(text)) return
      throw failureOf(cluster, text)
    }
    const file = readPostmaster(cluster.dataDir)
    if (file?.pid === child.pid && file?.ready) break
    await pause(3)
  }
  child.unref()
}

function localConnection(cluster: Cluster, file: Postmaster): Omit<Connection, 'schema'> {
  const socket = file.socketDir !== ''
  return {
    host: socket ? file.socketDir : file.listenAddress,
    port: file.port,
    user: embeddedUser,
    password: socket ? null : readPassword(cluster),
    database: 'postgres',
  }
}

/** Takes hold of a running server: a session with a shared lock, which a kill -9 of this program releases by itself. */
async function hold(cluster: Cluster, file: Postmaster): Promise<pg.Client | null> {
  const keeper = new pg.Client({ ...passwordless(localConnection(cluster, file)), application_name: 'millrace keeper' })
  // The server may be stopped under an idle session; whoever queries next finds out and starts it again.
  keeper.on('error', () => undefined)
  try {
    await keeper.connect()
    // Waits while another program stops the server; the wait then ends with an error and a new server is started.
    await keeper.query('select pg_advisory_lock_shared($1)', [keeperLock])
  } catch (error) {
    await keeper.end().catch(() => undefined)
    if (transient(error)) return null
    throw error
  }
  return keeper
}

function passwordless(connection: Omit<Connection, 'schema'>): pg.ClientConfig {
  const { password, ...rest } = connection
  return password === null ? rest : { ...rest, password }
}

/** A held server must not keep a finished program alive. */
function unrefClient(client: pg.Client): void {
  ;(client as unknown as { unref(): void }).unref()
}

const transientStates = new Set(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE', '57P01', '57P02', '57P03', '53300'])

function transient(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  return transientStates.has(code ?? '') || /Connection terminated|not queryable/.test(message ?? '')
}

async function ensureDatabase(keeper: pg.Client, name: string): Promise<void> {
  const found = await keeper.query('select 1 from pg_database where datname = $1', [name])
  if (found.rowCount) return
  try {
    await keeper.query(`create database ${pg.escapeIdentifier(name)}`)
  } catch (error) {
    // 42P04 and 23505: another program created it at the same moment.
    if (!['42P04', '23505'].includes((error as { code?: string }).code ?? '')) throw error
  }
}

function reachable(cluster: Cluster, file: Postmaster, options: EmbeddedOptions): Omit<Connection, 'schema'> {
  const database = options.database ?? 'millrace'
  const tcp = options.port !== undefined && file.listenAddress !== ''
  const host = tcp ? { host: file.listenAddress, password: readPassword(cluster) } : {}
  return { ...localConnection(cluster, file), ...host, database }
}

async function stopServer(cluster: Cluster, file: Postmaster): Promise<void> {
  process.kill(file.pid, 'SIGINT')
  const untilMs = systemClock.nowMs() + stopTimeoutMs
  while (readPostmaster(cluster.dataDir)?.pid === file.pid && isPostmasterOf(file.pid, cluster.dataDir)) {
    if (systemClock.nowMs() > untilMs) throw failureOf(cluster, `FATAL: it did not stop within ${stopTimeoutMs} ms`)
    await pause(3)
  }
  // A socket folder in the temporary folder was made for this server alone.
  if (dirname(file.socketDir) === tmpdir()) rmSync(file.socketDir, { recursive: true, force: true })
}

async function letGo(cluster: Cluster, file: Postmaster, keeper: pg.Client): Promise<void> {
  ;(keeper as unknown as { ref(): void }).ref()
  try {
    await keeper.query('select pg_advisory_unlock_shared($1)', [keeperLock])
    const { rows } = await keeper.query<{ last: boolean }>('select pg_try_advisory_lock($1) as last', [keeperLock])
    // The lock is kept until the server is down: a program that comes now waits for it and starts a new server.
    if (rows[0]?.last) await stopServer(cluster, file)
  } catch (error) {
    // A server that is already gone needs no stop.
    if (!transient(error)) throw error
  } finally {
    await keeper.end().catch(() => undefined)
  }
}

/**
 * The embedded Postgres of a folder: created, started, or joined when another program already runs it. All programs of one
 * folder share one server; the last that lets go stops it, and a program that is killed lets go by dying. After a kill of the
 * server itself the next start recovers it.
 * Throws WAREHOUSE_EMBEDDED_PLATFORM, _FOLDER, _VERSION, _INIT, _START and WAREHOUSE_DISK_FULL.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const binaries = embeddedBinaries()
  const cluster = openCluster(options.dir)
  const untilMs = systemClock.nowMs() + startTimeoutMs
  while (systemClock.nowMs() < untilMs) {
    const server = await attempt(cluster, binaries, options)
    if (server) return server
    await pause(20)
  }
  throw failureOf(cluster, `FATAL: it was not ready within ${startTimeoutMs} ms`)
}

async function attempt(cluster: Cluster, binaries: Binaries, options: EmbeddedOptions): Promise<EmbeddedServer | null> {
  await createData(cluster, binaries, options.durable ?? true)
  checkVersion(cluster, binaries)
  const before = readPostmaster(cluster.dataDir)
  if (before && !isPostmasterOf(before.pid, cluster.dataDir)) removeStrangersFile(cluster.dataDir)
  if (!before) removeEmptyFile(cluster.dataDir, systemClock.nowMs())
  if (!before || !isPostmasterOf(before.pid, cluster.dataDir)) await startServer(cluster, binaries, options)
  const file = readPostmaster(cluster.dataDir)
  if (!file?.ready) return null
  const keeper = await hold(cluster, file)
  if (!keeper) return null
  await ensureDatabase(keeper, options.database ?? 'millrace')
  unrefClient(keeper)
  let stopping: Promise<void> | undefined
  return {
    connection: reachable(cluster, file, options),
    pid: file.pid,
    stop: () => (stopping ??= letGo(cluster, file, keeper)),
  }
}
