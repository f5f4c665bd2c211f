import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MillraceError } from '../domain/errors.ts'
import { hashOfFile, walFolder } from './backup.ts'
import type { Backup, BackupFile } from './backup.ts'
import { recover, walChain } from './backup-recover.ts'
import { differencesOf, openPlain, sumsOf } from './table-sums.ts'
import type { SumDifference } from './table-sums.ts'

export interface DamagedFile {
  readonly path: string
  readonly outcome: 'damaged' | 'missing'
}

/** Files whose bytes are not those that were written. */
export async function damagedFiles(
  dir: string,
  { id, files }: Backup,
  onFile?: (files: number) => void,
): Promise<readonly DamagedFile[]> {
  const damaged: DamagedFile[] = []
  for (const [index, file] of files.entries()) {
    const outcome = await outcomeOf(join(dir, id, file.path), file)
    if (outcome !== 'whole') damaged.push({ path: join(id, file.path), outcome })
    onFile?.(index + 1)
  }
  return damaged
}

async function outcomeOf(path: string, { sha256 }: BackupFile): Promise<DamagedFile['outcome'] | 'whole'> {
  const found = await hashOfFile(path).catch(() => undefined)
  return found === undefined ? 'missing' : found === sha256 ? 'whole' : 'damaged'
}

export interface Verified {
  readonly backup: Backup
  readonly damaged: readonly DamagedFile[]
  readonly differing: readonly SumDifference[]
  /** Tables that were counted and hashed on the temporary server; 0 when the backup has no sums, or is damaged. */
  readonly tables: number
  /** Segments behind the backup that can be replayed, and the first that cannot; null: all of them. */
  readonly archived: number
  readonly gap: string | null
}

export interface VerifyOptions {
  readonly dir: string
  readonly backup: Backup
  readonly onProgress?: (progress: { readonly files: number } | { readonly table: string }) => void
}

/**
 * Whether a backup would come back: every file against its hash, then a temporary server that is started from it, whose tables are
 * counted and hashed against what the backup wrote down; and the archive behind it, segment by segment. Changes nothing.
 */
export async function verifyBackup({ dir, backup, onProgress }: VerifyOptions): Promise<Verified> {
  const damaged = await damagedFiles(dir, backup, (files) => onProgress?.({ files }))
  const archive = await walChain(backup, [join(dir, backup.id, 'wal'), walFolder(dir)])
  const rest = { backup, damaged, archived: archive.segments.length, gap: archive.gap }
  if (damaged.length > 0 || backup.lsn === null) return { ...rest, differing: [], tables: 0 }
  const into = join(dir, `verify-${process.pid}.part`)
  try {
    const chain = await walChain(backup, [join(dir, backup.id, 'wal')])
    const target = { kind: 'lsn', lsn: backup.lsn } as const
    const server = await recover({ backup, from: join(dir, backup.id), chain, target, into })
    try {
      const session = await openPlain(server.connection)
      try {
        const found = await sumsOf(session, (table) => onProgress?.({ table }))
        return { ...rest, differing: differencesOf(backup.sums, found), tables: found.length }
      } finally {
        await session.end()
      }
    } finally {
      await server.stop()
    }
  } finally {
    await rm(into, { recursive: true, force: true })
  }
}

/** Throws WAREHOUSE_BACKUP_DAMAGED, _DIFFERS or _GAP for what is wrong, the gravest first. */
export function refuseUnsound({ backup, damaged, differing, gap }: Verified, dir: string): void {
  const [file] = damaged
  if (file)
    throw new MillraceError('WAREHOUSE_BACKUP_DAMAGED', {
      backup: backup.id,
      files: damaged.length,
      example: file.path,
    })
  const [table] = differing
  if (table)
    throw new MillraceError('WAREHOUSE_BACKUP_DIFFERS', {
      backup: backup.id,
      tables: differing.length,
      example: table.table,
    })
  if (gap !== null) throw new MillraceError('WAREHOUSE_BACKUP_GAP', { segment: gap, dir: walFolder(dir) })
}
