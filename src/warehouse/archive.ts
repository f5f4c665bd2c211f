import { existsSync, lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Cluster } from './embedded-cluster.ts'
import { handOver } from './embedded-launch.ts'

/** Bytes of a segment of the write-ahead log, as initdb makes them. */
const segmentBytes = 16 * 2 ** 20

/** Timeline, log and segment in hexadecimal digits; a segment that was not filled up when its server ended has its own ending. */
const segmentName = /^[0-9A-F]{24}$/
const historyName = /^[0-9A-F]{8}\.history$/

export function isSegment(name: string): boolean {
  return segmentName.test(name)
}

/** The segment after this one on the same timeline. */
export function nextSegment(name: string): string {
  const at = BigInt(`0x${name.slice(8, 16)}`) * 256n + BigInt(`0x${name.slice(16)}`) + 1n
  const part = (value: bigint) => value.toString(16).toUpperCase().padStart(8, '0')
  return `${name.slice(0, 8)}${part(at / 256n)}${part(at % 256n)}`
}

const shellQuoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** `%` begins a placeholder in the server's commands. */
const percentSafe = (text: string) => text.replaceAll('%', '%%')

/** Where a server puts finished segments while the folder is there; a link to the backups' own. */
export function archiveFolder({ dir }: Pick<Cluster, 'dir'>): string {
  return join(dir, 'archive')
}

/**
 * What the server does with a finished segment: nothing as long as nobody made a backup, afterwards a compressed copy, whole or
 * not at all. The command looks for the folder itself, because whether archiving is on can only be said when a server starts.
 */
export function archiveCommand(cluster: Pick<Cluster, 'dir'>): string {
  const folder = percentSafe(shellQuoted(archiveFolder(cluster)))
  return [
    `d=${folder}`,
    'if [ ! -d "$d" ]; then exit 0; fi',
    // The same segment again after a crash is no error; another one of the same name is.
    'if [ -f "$d/%f.gz" ]; then gzip -dc "$d/%f.gz" | cmp -s - "%p"; exit $?; fi',
    'gzip -c "%p" > "$d/%f.part" && { sync "$d/%f.part" 2>/dev/null || true; } && mv "$d/%f.part" "$d/%f.gz"',
  ].join('; ')
}

/** Lets finished segments go into `walFolder` from now on. */
export function beginArchive(cluster: Cluster, walFolder: string): void {
  mkdirSync(walFolder, { recursive: true, mode: 0o700 })
  handOver(walFolder, cluster.launch)
  const link = archiveFolder(cluster)
  const stat = lstatSync(link, { throwIfNoEntry: false })
  if (stat?.isSymbolicLink() && readlinkSync(link) === walFolder) return
  if (stat) rmSync(link, { recursive: stat.isDirectory(), force: true })
  symlinkSync(walFolder, link)
}

export interface ArchivedSegment {
  readonly name: string
  readonly path: string
  readonly isPacked: boolean
}

/** Segments and histories in a folder, ours or a server's own `pg_wal`. */
export async function segmentsIn(folder: string): Promise<readonly ArchivedSegment[]> {
  if (!existsSync(folder)) return []
  return (await readdir(folder))
    .map((file): ArchivedSegment => ({
      name: file.replace(/\.gz$/, ''),
      path: join(folder, file),
      isPacked: file.endsWith('.gz'),
    }))
    .filter(({ name }) => segmentName.test(name) || historyName.test(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

const unpack = promisify(gunzip)

/** The segment's bytes; undefined when they are not what their name says: cut off, changed, or another segment's. */
export async function readSegment({ name, path, isPacked }: ArchivedSegment): Promise<Buffer | undefined> {
  const stored = await readFile(path)
  const bytes = isPacked ? await unpack(stored).catch(() => undefined) : stored
  if (!bytes || !segmentName.test(name)) return bytes
  // The first page's header says at which address of the log it stands (XLogPageHeaderData: magic, info, timeline, address).
  const address = bytes.length === segmentBytes ? bytes.readBigUInt64LE(8) : -1n
  const expected = BigInt(`0x${name.slice(8, 16)}`) * 2n ** 32n + BigInt(`0x${name.slice(16)}`) * BigInt(segmentBytes)
  return address === expected ? bytes : undefined
}
