import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MillraceError } from '../domain/errors.ts'
import type { Binaries } from './embedded-binaries.ts'
import { handOver, launchFor, launchProgram } from './embedded-launch.ts'
import type { Launch } from './embedded-launch.ts'
import { diskFull } from './postgres-errors.ts'
import { isAlive } from './postmaster-file.ts'

export const embeddedUser = 'millrace'

/** Where one embedded server keeps its things: `data/`, `password`, `server.log`, and a short folder for its socket. */
export interface Cluster {
  readonly dir: string
  readonly dataDir: string
  readonly log: string
  readonly passwordFile: string
  readonly launch: Launch
}

/** Makes the folder and says as whom its server runs. Throws WAREHOUSE_EMBEDDED_FOLDER when it cannot be used. */
export function openCluster(wantedDir: string): Cluster {
  try {
    mkdirSync(wantedDir, { recursive: true, mode: 0o700 })
    // The server writes the resolved path into its command line, by which it is recognised later.
    const dir = realpathSync(wantedDir)
    const dataDir = join(dir, 'data')
    const launch = launchFor(dataDir)
    handOver(dir, launch)
    return { dir, dataDir, log: join(dir, 'server.log'), passwordFile: join(dir, 'password'), launch }
  } catch (cause) {
    throw folderError(wantedDir, cause)
  }
}

function folderError(dir: string, cause: unknown): MillraceError {
  if (cause instanceof MillraceError) return cause
  const code = (cause as NodeJS.ErrnoException).code
  const reason = cause instanceof Error ? cause.message : String(cause)
  return code === 'ENOSPC'
    ? new MillraceError('WAREHOUSE_DISK_FULL', { place: dir, reason }, { cause })
    : new MillraceError('WAREHOUSE_EMBEDDED_FOLDER', { dir, reason }, { cause })
}

/** Throws WAREHOUSE_EMBEDDED_VERSION when the data folder was written by another major version. */
export function checkVersion(cluster: Cluster, binaries: Binaries): void {
  const found = readFileSync(join(cluster.dataDir, 'PG_VERSION'), 'utf8').trim()
  if (found !== binaries.major) {
    throw new MillraceError('WAREHOUSE_EMBEDDED_VERSION', { dir: cluster.dataDir, found, expected: binaries.major })
  }
}

/** Data of a restore that is whole and about to take the place of `data`. */
export function restoredFolder({ dir }: Pick<Cluster, 'dir'>): string {
  return join(dir, 'data-restored')
}

/** Removes what first starts that were killed left behind; a living process's folder carries its number and stays. */
function sweep(cluster: Cluster): void {
  for (const name of readdirSync(cluster.dir)) {
    const pid = Number(/^data-new-(\d+)/.exec(name)?.[1])
    if (!pid || isAlive(pid)) continue
    rmSync(join(cluster.dir, name), { recursive: true, force: true })
  }
}

function initdbArguments(dataDir: string, passwordFile: string, durable: boolean): string[] {
  return [
    '-D',
    dataDir,
    '-U',
    embeddedUser,
    `--pwfile=${passwordFile}`,
    // The socket lies in a folder of mode 0700: whoever can reach it is the owner. TCP can be reached by every local user.
    '--auth-local=trust',
    '--auth-host=scram-sha-256',
    // One sort order on every machine, whatever its libc.
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
    ...(durable ? [] : ['--no-sync']),
  ]
}

/**
 * Creates the data folder when there is none. It is made under another name and renamed when complete, so that a kill in
 * between leaves nothing that looks like data, and of two first starters at once one wins and the other uses its work.
 */
export async function createData(cluster: Cluster, binaries: Binaries, durable: boolean): Promise<void> {
  if (existsSync(cluster.dataDir)) return
  // A restore that was killed when its data was ready and the old one already moved away.
  if (existsSync(restoredFolder(cluster))) return renameSync(restoredFolder(cluster), cluster.dataDir)
  sweep(cluster)
  const fresh = join(cluster.dir, `data-new-${process.pid}-${randomBytes(4).toString('hex')}`)
  const freshPassword = `${fresh}.password`
  writeFileSync(freshPassword, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 })
  try {
    handOver(freshPassword, cluster.launch)
    await runInitdb(cluster, binaries, initdbArguments(fresh, freshPassword, durable))
    // The password's own name lies inside the data, so that folder and password can only appear together.
    renameSync(freshPassword, join(fresh, 'millrace.password'))
    renameSync(fresh, cluster.dataDir)
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true })
    if (existsSync(cluster.dataDir)) return
    throw folderError(cluster.dir, error)
  } finally {
    rmSync(freshPassword, { force: true })
  }
}

async function runInitdb(cluster: Cluster, binaries: Binaries, args: readonly string[]): Promise<void> {
  const child = launchProgram(cluster.launch, binaries.initdb, args, {
    cwd: cluster.dir,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: false,
  })
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const [status] = (await once(child, 'close')) as [number | null]
  if (status === 0) return
  const reason = /(?:error|FATAL|could not)[^\n]*/.exec(output)?.[0] ?? `initdb ended with ${status}`
  if (diskFull.test(output)) throw new MillraceError('WAREHOUSE_DISK_FULL', { place: cluster.dir, reason })
  if (/Permission denied/.test(output))
    throw new MillraceError('WAREHOUSE_EMBEDDED_FOLDER', { dir: cluster.dir, reason })
  throw new MillraceError('WAREHOUSE_EMBEDDED_INIT', { dir: cluster.dir, reason })
}

export function readPassword(cluster: Cluster): string {
  return readFileSync(join(cluster.dataDir, 'millrace.password'), 'utf8').trim()
}

/** The kernel's limit on a socket's path, in bytes (sun_path less its closing zero). */
const socketPathBytesMax = 107

function privateFolder(path: string, launch: Launch): string {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
  handOver(path, launch)
  return path
}

/** A folder for the socket: beside the data where the path is short enough, otherwise a private one in the temporary folder. */
export function socketFolder(cluster: Cluster): string {
  const beside = join(cluster.dir, 'run')
  if (Buffer.byteLength(join(beside, '.s.PGSQL.65535')) <= socketPathBytesMax)
    return privateFolder(beside, cluster.launch)
  // A name nobody can guess, so that no other user can have made the folder before; attaching programs read it from postmaster.pid.
  return privateFolder(join(tmpdir(), `millrace-${randomBytes(9).toString('base64url')}`), cluster.launch)
}
