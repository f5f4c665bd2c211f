import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { isoInstant } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import { backupBytes, walFolder } from './backup.ts'
import type { Backup } from './backup.ts'
import { recover, walChain } from './backup-recover.ts'
import type { Target, WalChain } from './backup-recover.ts'
import { damagedFiles } from './backup-verify.ts'
import { openCluster, restoredFolder } from './embedded-cluster.ts'
import { handOver } from './embedded-launch.ts'
import { isPostmasterOf, readPostmaster } from './postmaster-file.ts'

export interface RestorePlan {
  readonly backup: Backup
  readonly target: Target
  readonly bytes: number
  readonly chain: WalChain
  /** The data folder that is replaced; the present one is kept beside it under another name, when there is one. */
  readonly dataDir: string
  readonly keptAs: string | null
}

export interface RestoreOptions {
  readonly dir: string
  readonly backup: Backup
  readonly clusterDir: string
  readonly target: Target
  readonly nowMs: number
}

/**
 * What a restore would do. The log is taken from the backup, the archive, and what the present data holds beyond it, so that nothing
 * that was committed is lost. Throws WAREHOUSE_BACKUP_RUNNING while a server uses the folder, WAREHOUSE_BACKUP_DAMAGED.
 */
export async function planRestore({ dir, backup, clusterDir, target, nowMs }: RestoreOptions): Promise<RestorePlan> {
  const cluster = openCluster(clusterDir)
  const file = readPostmaster(cluster.dataDir)
  if (file && isPostmasterOf(file.pid, cluster.dataDir))
    throw new MillraceError('WAREHOUSE_BACKUP_RUNNING', { dir: cluster.dir })
  const damaged = await damagedFiles(dir, backup)
  const [first] = damaged
  if (first)
    throw new MillraceError('WAREHOUSE_BACKUP_DAMAGED', {
      backup: backup.id,
      files: damaged.length,
      example: first.path,
    })
  const places = [join(dir, backup.id, 'wal'), walFolder(dir)]
  // The present server's own segments fit only when the backup is of this very server.
  if (backup.dir === cluster.dir) places.push(join(cluster.dataDir, 'pg_wal'))
  const chain = await walChain(backup, places)
  if (chain.gap !== null && target.kind === 'newest')
    throw new MillraceError('WAREHOUSE_BACKUP_GAP', { segment: chain.gap, dir: walFolder(dir) })
  const stamp = isoInstant(nowMs).replaceAll(/[-:]|\.\d+/g, '')
  return {
    backup,
    target,
    bytes: backupBytes(backup),
    chain,
    dataDir: cluster.dataDir,
    keptAs: existsSync(cluster.dataDir) ? join(cluster.dir, `data-before-${stamp}`) : null,
  }
}

/**
 * Carries a plan out: builds the data beside the present one, replays the log, and only then puts it in its place. Killed at any moment
 * it leaves the old data or the new, and the next start takes it up.
 */
export async function restore(
  plan: RestorePlan,
  { dir, clusterDir }: Pick<RestoreOptions, 'dir' | 'clusterDir'>,
  onFile?: (files: number) => void,
): Promise<void> {
  const cluster = openCluster(clusterDir)
  const into = join(cluster.dir, `restore-${process.pid}`)
  try {
    const { backup, chain, target } = plan
    const server = await recover({
      backup,
      from: join(dir, backup.id),
      chain,
      target,
      into,
      archive: walFolder(dir),
      ...(onFile && { onFile }),
    })
    await server.stop()
    const ready = restoredFolder(cluster)
    await rename(join(into, 'data'), ready)
    handOver(ready, cluster.launch)
    if (plan.keptAs !== null) await rename(cluster.dataDir, plan.keptAs)
    await rename(ready, cluster.dataDir)
    await archiveRest(chain, plan.keptAs, walFolder(dir))
  } finally {
    await rm(into, { recursive: true, force: true })
  }
}

/**
 * What only the old data had of the log goes into the archive, so that its last moments can be restored again later. Not before the new
 * data is in its place: the old server would find a segment there that it has yet to finish.
 */
async function archiveRest({ segments }: WalChain, keptAs: string | null, folder: string): Promise<void> {
  for (const { name, path, isPacked } of segments) {
    const to = join(folder, `${name}.gz`)
    if (isPacked || keptAs === null || existsSync(to)) continue
    const from = join(keptAs, 'pg_wal', basename(path))
    await pipeline(
      createReadStream(from),
      createGzip({ level: 1 }),
      createWriteStream(`${to}.part`, { mode: 0o600, flush: true }),
    )
    await rename(`${to}.part`, to)
  }
}
