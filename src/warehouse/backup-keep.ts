import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isSegment, segmentsIn } from './archive.ts'
import { listBackups, walFolder } from './backup.ts'

/** Removes all but the newest backups, and the segments of the log that none of those that stay would read. Their ids. */
export async function keepNewest(dir: string, count: number): Promise<readonly string[]> {
  const all = await listBackups(dir)
  const kept = all.slice(-count)
  const gone = all.slice(0, -count)
  for (const { id } of gone) await rm(join(dir, id), { recursive: true, force: true })
  const first = kept.map(({ segment }) => segment.slice(8)).toSorted()[0]
  if (first === undefined) return []
  for (const { name, path } of await segmentsIn(walFolder(dir)))
    if (isSegment(name) && name.slice(8) < first) await rm(path, { force: true })
  return gone.map(({ id }) => id)
}
