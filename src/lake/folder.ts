import { constants } from 'node:fs'
import type { BigIntStats, Dirent } from 'node:fs'
import { link, lstat, mkdir, open, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { systemClock } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import { makeFolders, syncFolder, writeDurably } from './durable.ts'
import { checkKey, checkPrefix, keyRefused } from './key.ts'
import type { Lake, LakeObject, PutCondition } from './lake.ts'
import { defineLake } from './lake.ts'
import { storageError, systemCode } from './storage-error.ts'

export const adapter = defineLake({
  name: 'folder',
  summary: 'Keeps raw rows as files in a folder of this machine.',
  options: z.object({ root: z.string().min(1).describe('Folder that holds the lake; created when it is missing.') }),
  open: ({ root }) => openFolder(resolve(root)),
})

/** Where files are written before they get their name. On the lake's own file system, because a link does not cross one. */
const temporaryFolder = '.tmp'

/** After it a killed writer's leftover, or a replaced version, is removed: no put takes nearly as long. */
const leftoverAgeMs = 3_600_000

async function openFolder(root: string): Promise<Lake> {
  const temporary = join(root, temporaryFolder)
  await makeRoot(temporary)
  await removeLeftovers(temporary)
  return {
    place: `folder ${root}`,
    put: async (key, body, condition) => put(root, checkKey(key), body, condition),
    get: async (key) => get(root, checkKey(key)),
    async open(key) {
      const found = await newest(pathOf(root, checkKey(key)))
      if (!found) throw new MillraceError('LAKE_OBJECT_MISSING', { key, place: `folder ${root}` })
      return { path: found.path, async [Symbol.asyncDispose]() {} }
    },
    list: (prefix) => list(root, checkPrefix(prefix)),
    async remove(keys) {
      for (const key of keys) await remove(pathOf(root, checkKey(key)))
    },
    async [Symbol.asyncDispose]() {},
  }
}

async function makeRoot(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    throw storageError(dirname(folder), error)
  }
}

/**
 * Version 1 of a key is the file of its name; version n, which only a conditional replacement makes, is `name~n`, and the highest
 * is the object. So both conditions are one and the same operation, link(2), which gives a complete file a name or fails because
 * the name is taken: no lock that a killed writer could leave behind, and one winner across any number of processes.
 */
interface Version {
  readonly number: number
  readonly path: string
  readonly stat: BigIntStats
}

function pathOf(root: string, key: string): string {
  const path = resolve(root, ...key.split('/'))
  if (path !== root && !path.startsWith(root + sep)) {
    throw new MillraceError('LAKE_KEY_INVALID', { key, reason: 'It lies outside the lake' })
  }
  return path
}

function versionPath(path: string, number: number): string {
  return number === 1 ? path : `${path}~${number}`
}

function etagOf({ number, stat }: Version): string {
  return `${number}-${stat.size}-${stat.mtimeNs}`
}

function objectOf(key: string, version: Version): LakeObject {
  return { key, sizeBytes: Number(version.stat.size), etag: etagOf(version) }
}

/** Numbers of the versions that there are, the highest first. */
async function versionsOf(path: string): Promise<readonly number[]> {
  const name = basename(path)
  const numbers = (await entriesOf(dirname(path))).flatMap(({ name: entry }) => {
    if (entry === name) return [1]
    return entry.startsWith(`${name}~`) ? [Number(entry.slice(name.length + 1))] : []
  })
  return numbers.sort((a, b) => b - a)
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return []
    throw storageError(folder, error)
  }
}

/** Symbolic links are not followed: what somebody links into the lake from elsewhere does not exist for it. */
async function versionAt(path: string, number: number): Promise<Version | undefined> {
  try {
    const stat = await lstat(versionPath(path, number), { bigint: true })
    return stat.isFile() ? { number, path: versionPath(path, number), stat } : undefined
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw storageError(path, error)
  }
}

async function newest(path: string): Promise<Version | undefined> {
  for (;;) {
    const [number] = await versionsOf(path)
    if (number === undefined) return undefined
    const version = await versionAt(path, number)
    // Gone between listing and looking: it was removed or replaced, so look again. A folder or a link of that name is no object.
    if (version ?? (number === 1 && (await exists(path)))) return version
  }
}

async function exists(path: string): Promise<boolean> {
  return (await entriesOf(dirname(path))).some(({ name }) => name === basename(path))
}

async function get(root: string, key: string): Promise<{ bytes: Uint8Array; etag: string } | undefined> {
  for (;;) {
    const version = await newest(pathOf(root, key))
    if (!version) return undefined
    try {
      await using file = await open(version.path, constants.O_RDONLY | constants.O_NOFOLLOW)
      return { bytes: await file.readFile(), etag: etagOf(version) }
    } catch (error) {
      // Replaced and tidied away since: look again.
      if (systemCode(error) !== 'ENOENT') throw storageError(version.path, error)
    }
  }
}

type Body = Parameters<Lake['put']>[1]

async function put(root: string, key: string, body: Body, condition: PutCondition): Promise<LakeObject> {
  const path = pathOf(root, key)
  const current = await newest(path)
  if (!current && (await exists(path))) throw keyRefused(key, 'It is the folder of other keys')
  const expected = 'ifMatch' in condition ? condition.ifMatch : undefined
  if ((current && etagOf(current)) !== expected) throw new MillraceError('LAKE_CONFLICT', { key })
  const number = (current?.number ?? 0) + 1
  const temporary = join(root, temporaryFolder, `${basename(path)}.tmp-${randomUUID()}`)
  try {
    await writeDurably(temporary, body)
    await makeFolders(dirname(path), key)
    await link(temporary, versionPath(path, number))
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw new MillraceError('LAKE_CONFLICT', { key }, { cause: error })
    throw storageError(path, error)
  } finally {
    await rm(temporary, { force: true })
  }
  return objectOf(key, await settle(path, number, { key, expected }))
}

/**
 * After the link: a writer that slept between reading and linking may have taken a number that others had made, replaced and tidied
 * away meanwhile. Its mark is that the version it builds upon is gone, or is another; then it takes its own back. Readers take the
 * highest, so nobody has read it. Version 1 is never tidied away, so that `ifAbsent` cannot be fooled this way at all.
 */
async function settle(
  path: string,
  number: number,
  { key, expected }: { readonly key: string; readonly expected: string | undefined },
): Promise<Version> {
  const before = number > 1 ? await versionAt(path, number - 1) : undefined
  const own = await versionAt(path, number)
  if (!own || (before && etagOf(before)) !== expected) {
    await rm(versionPath(path, number), { force: true })
    throw new MillraceError('LAKE_CONFLICT', { key })
  }
  for (const old of await versionsOf(path)) {
    if (old === 1 || old >= number - 1) continue
    const version = await versionAt(path, old)
    if (version && own.stat.mtimeMs - version.stat.mtimeMs > leftoverAgeMs) await rm(version.path, { force: true })
  }
  await syncFolder(dirname(path))
  return own
}

async function* list(root: string, prefix: string): AsyncGenerator<LakeObject, void, undefined> {
  const folder = pathOf(root, prefix)
  const entries = (await entriesOf(folder)).filter(({ name }) => !name.startsWith('.'))
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${name}/`)
  const objects = new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name.replace(/~\d+$/, '')))
  // The order of whole keys, as S3 lists them: `a-b` before `a/x` before `a0`. A folder sorts with its slash.
  for (const name of [...folders, ...objects].sort()) {
    const key = prefix === '' ? name : `${prefix}/${name}`
    if (name.endsWith('/')) {
      yield* list(root, key.slice(0, -1))
      continue
    }
    const version = await newest(join(folder, name))
    if (version) yield objectOf(key, version)
  }
}

/** The oldest first, so that a reader sees the newest or nothing; again until nothing is left, because a writer may be adding. */
async function remove(path: string): Promise<void> {
  for (let numbers = await versionsOf(path); numbers.length > 0; numbers = await versionsOf(path)) {
    if (numbers.length === 1 && !(await newest(path))) return
    for (const number of numbers.toReversed()) await rm(versionPath(path, number), { force: true })
    await syncFolder(dirname(path))
  }
}

async function removeLeftovers(folder: string): Promise<void> {
  for (const { name } of await entriesOf(folder)) {
    const leftover = await versionAt(join(folder, name), 1)
    if (!leftover || !name.includes('.tmp-')) continue
    if (systemClock.nowMs() - Number(leftover.stat.mtimeMs) > leftoverAgeMs) await rm(leftover.path, { force: true })
  }
}
