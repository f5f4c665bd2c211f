import { constants } from 'node:fs'
import { copyFile, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { keyRefused } from './key.ts'
import { systemCode } from './storage-error.ts'

/** Writes a new file and does not return before its bytes would survive a power cut. */
export async function writeDurably(path: string, body: Uint8Array | { readonly path: string }): Promise<void> {
  if ('path' in body) await copyFile(body.path, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
  await using file = await open(path, 'path' in body ? 'r+' : 'wx')
  if (!('path' in body)) await file.writeFile(body)
  await file.sync()
}

/** Every new folder's name is made durable in its parent; otherwise a power cut could take the file with its folder. */
export async function makeFolders(folder: string, key: string): Promise<void> {
  try {
    const first = await mkdir(folder, { recursive: true })
    if (first === undefined) return
    const top = dirname(first)
    for (let at = dirname(folder); at.length >= top.length; at = dirname(at)) await syncFolder(at)
  } catch (error) {
    if (['EEXIST', 'ENOTDIR'].includes(systemCode(error))) throw keyRefused(key, 'A part of its path is a key itself')
    throw error
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY)
  await handle.sync()
}
