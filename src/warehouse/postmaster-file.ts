import { spawnSync } from 'node:child_process'
import { readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What a running server writes into `postmaster.pid`, line by line (src/include/utils/pidfile.h of Postgres). */
export interface Postmaster {
  readonly pid: number
  readonly port: number
  readonly socketDir: string
  /** Empty when the server listens on no TCP address. */
  readonly listenAddress: string
  readonly ready: boolean
}

function postmasterFile(dataDir: string): string {
  return join(dataDir, 'postmaster.pid')
}

/** The file as the server left it, or null when there is none or it is still being written. */
export function readPostmaster(dataDir: string): Postmaster | null {
  let lines: string[]
  try {
    lines = readFileSync(postmasterFile(dataDir), 'utf8').split('\n')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  const pid = Math.abs(Number(lines[0]))
  if (!Number.isInteger(pid) || pid === 0) return null
  return {
    pid,
    port: Number(lines[3] ?? 0),
    socketDir: lines[4] ?? '',
    listenAddress: lines[5] ?? '',
    ready: (lines[7] ?? '').startsWith('ready'),
  }
}

/** Whether a process of that number runs, ours or another user's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function commandOf(pid: number): string {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    } catch (error) {
      // The process ended between two looks, which is an answer, not a failure.
      if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return ''
      throw error
    }
  }
  return spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout
}

/** Whether this process is a Postgres server on this very folder, and not a stranger that was given the number of a dead one. */
export function isPostmasterOf(pid: number, dataDir: string): boolean {
  if (!isAlive(pid)) return false
  if (process.platform === 'win32') return true
  const command = commandOf(pid)
  // The server is always started with `-D folder` and more behind it; the space keeps `data` and `data2` apart.
  return command.includes('postgres') && command.includes(`-D ${dataDir} `)
}

/**
 * Removes a `postmaster.pid` that names a living stranger, or nobody. Postgres clears the file of a dead server by itself, but where the number
 * now belongs to another process of the same user it refuses to start for ever. The file is taken aside before it is judged,
 * so that one that a server has just written is never deleted.
 */
export function removeStrangersFile(dataDir: string): void {
  const file = postmasterFile(dataDir)
  const aside = `${file}.${process.pid}`
  try {
    renameSync(file, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  const pid = Math.abs(Number.parseInt(readFileSync(aside, 'utf8'), 10))
  if (Number.isInteger(pid) && isPostmasterOf(pid, dataDir)) renameSync(aside, file)
  else rmSync(aside, { force: true })
}

/** A server writes its file within microseconds of making it; one that stays empty longer is what a crash left. */
const emptyMsMax = 1_000

/**
 * Removes a `postmaster.pid` that a crash of the machine left empty: Postgres refuses to start beside one for ever. A server that
 * is just making its file is not harmed: its file is young, and it is judged once more when it is taken aside.
 */
export function removeEmptyFile(dataDir: string, nowMs: number): void {
  const file = postmasterFile(dataDir)
  try {
    const { size, mtimeMs } = statSync(file)
    if (size === 0 && nowMs - mtimeMs > emptyMsMax) removeStrangersFile(dataDir)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
