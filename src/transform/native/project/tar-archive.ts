import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { PackageFailure } from './package-failure.ts'

interface Entry {
  readonly path: string
  readonly kind: 'file' | 'folder' | 'link'
  readonly target: string
  readonly executable: boolean
  readonly bytes: Buffer
}

const BLOCK = 512

/** Unpacks a .tar.gz into a folder. Throws PackageFailure for a broken archive and for a member that would leave the folder. */
export function unpackTarball(archive: Uint8Array, folder: string): void {
  for (const entry of entriesOf(unzipped(archive))) {
    const path = inside(folder, entry.path)
    if (entry.kind === 'folder') mkdirSync(path, { recursive: true })
    else {
      mkdirSync(dirname(path), { recursive: true })
      if (entry.kind === 'file') {
        writeFileSync(path, entry.bytes)
        if (entry.executable) chmodSync(path, 0o755)
      } else {
        inside(folder, join(dirname(entry.path), entry.target))
        symlinkSync(entry.target, path)
      }
    }
  }
}

function unzipped(archive: Uint8Array): Buffer {
  try {
    return gunzipSync(archive, { maxOutputLength: 2 ** 30 })
  } catch (cause) {
    throw new PackageFailure(`the archive cannot be unpacked: ${cause instanceof Error ? cause.message : ''}`)
  }
}

function inside(folder: string, path: string): string {
  const wanted = normalize(join(folder, path))
  if (wanted !== normalize(folder) && !wanted.startsWith(normalize(folder + sep)))
    throw new PackageFailure(`the archive has a member outside its folder: ${path}`)
  return wanted
}

function* entriesOf(tar: Buffer): Generator<Entry> {
  let [longPath, longTarget]: (string | undefined)[] = [undefined, undefined]
  for (let at = 0; at + BLOCK <= tar.length;) {
    const header = tar.subarray(at, at + BLOCK)
    if (header.every((byte) => byte === 0)) return
    const size = Number.parseInt(text(header, 124, 12), 8) || 0
    const bytes = tar.subarray(at + BLOCK, at + BLOCK + size)
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
    const type = text(header, 156, 1)
    if (type === 'x') {
      const records = paxRecords(bytes.toString('utf8'))
      longPath = records.get('path') ?? longPath
      longTarget = records.get('linkpath') ?? longTarget
    } else if (type === 'L') longPath = bytes.toString('utf8').replace(/\0.*$/s, '')
    else if (type === 'K') longTarget = bytes.toString('utf8').replace(/\0.*$/s, '')
    else {
      const kind = ({ '': 'file', '0': 'file', '7': 'file', '5': 'folder', '2': 'link' } as const)[type as '0']
      if (kind !== undefined)
        yield {
          path: longPath ?? pathOf(header),
          kind,
          target: longTarget ?? text(header, 157, 100),
          executable: (Number.parseInt(text(header, 100, 8), 8) & 0o100) !== 0,
          bytes,
        }
      ;[longPath, longTarget] = [undefined, undefined]
    }
  }
}

function text(header: Buffer, start: number, length: number): string {
  const raw = header.subarray(start, start + length).toString('utf8')
  const end = raw.indexOf('\0')
  return (end < 0 ? raw : raw.slice(0, end)).trim()
}

function pathOf(header: Buffer): string {
  const prefix = text(header, 257, 5) === 'ustar' ? text(header, 345, 155) : ''
  const name = text(header, 0, 100)
  return prefix === '' ? name : `${prefix}/${name}`
}

/** `<length> <key>=<value>\n` after another. */
function paxRecords(body: string): Map<string, string> {
  const records = new Map<string, string>()
  const bytes = Buffer.from(body, 'utf8')
  for (let at = 0; at < bytes.length;) {
    const length = Number.parseInt(bytes.toString('utf8', at, at + 20), 10)
    if (!(length > 0)) break
    const record = bytes.toString('utf8', at, at + length - 1)
    const space = record.indexOf(' ')
    const equals = record.indexOf('=')
    records.set(record.slice(space + 1, equals), record.slice(equals + 1))
    at += length
  }
  return records
}
