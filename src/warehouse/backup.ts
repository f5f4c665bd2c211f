import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'
import { diskFull } from './postgres-errors.ts'

const fileEntry = z.object({ path: z.string(), bytes: z.int(), sha256: z.string() })

const manifest = z.object({
  format: z.literal(1),
  id: z.string(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  server: z.string(),
  /** Of the cluster: the archive of another one does not fit. */
  systemId: z.string(),
  /** Folder of the server that it was made of. */
  dir: z.string(),
  /** The first segment that a restore reads. */
  segment: z.string(),
  /** The place of the log at which the sums were taken; null when writers never paused. */
  lsn: z.string().nullable(),
  sums: z.array(z.object({ table: z.string(), rows: z.string(), hash: z.string() })),
  /** Data files below `base/` and segments below `wal/`. */
  files: z.array(fileEntry),
  folders: z.array(z.string()),
})

/** What a backup is: written last, so that one that was interrupted is none. */
export type Backup = z.output<typeof manifest>
export type BackupFile = z.output<typeof fileEntry>

export const manifestFile = 'backup.json'

/** The folder of all archived segments, beside the backups. */
export const walFolder = (dir: string) => join(dir, 'wal')

/** Backups that are whole, the oldest first. */
export async function listBackups(dir: string): Promise<readonly Backup[]> {
  const names = await readdir(dir).catch(() => [])
  const found = await Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(dir, name, manifestFile), 'utf8').catch(() => undefined)
      return text === undefined ? undefined : manifest.safeParse(parsedJson(text)).data
    }),
  )
  return found.filter((one) => one !== undefined).toSorted((a, b) => (a.endedAt < b.endedAt ? -1 : 1))
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** One backup by its id, a beginning of it, or the newest when none is named. Throws WAREHOUSE_BACKUP_UNKNOWN. */
export async function backupNamed(dir: string, name: string | undefined): Promise<Backup> {
  const all = await listBackups(dir)
  const fitting = name === undefined ? all.slice(-1) : all.filter(({ id }) => id.startsWith(name))
  const [only] = fitting.length === 1 ? fitting : fitting.filter(({ id }) => id === name)
  if (!only) throw new MillraceError('WAREHOUSE_BACKUP_UNKNOWN', { backup: name ?? '–', dir })
  return only
}

export const backupBytes = ({ files }: Backup) => files.reduce((sum, { bytes }) => sum + bytes, 0)

export async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** A full disk by its own code; every other error as it is. */
export function diskError(error: unknown, place: string): unknown {
  const { code, message = '' } = error as { readonly code?: string; readonly message?: string }
  return code === 'ENOSPC' || code === 'EDQUOT' || diskFull.test(message)
    ? new MillraceError('WAREHOUSE_DISK_FULL', { place, reason: message }, { cause: error })
    : error
}
