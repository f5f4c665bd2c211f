import { MillraceError } from '../domain/errors.ts'

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** The code of a file system's error, such as `ENOENT`; empty for any other value. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** Whether the disk or the quota is full. DuckDB says it in words only. */
export function isDiskFull(error: unknown): boolean {
  const message = error instanceof Error ? error.message : ''
  return full.has(systemCode(error)) || /no space left|disk quota|file too large/i.test(message)
}

/** What a file system refused, as a coded error; our own errors pass unchanged. */
export function storageError(path: string, cause: unknown): MillraceError {
  if (cause instanceof MillraceError) return cause
  const message = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
  if (isDiskFull(cause)) {
    return new MillraceError('LAKE_DISK_FULL', { path }, { cause })
  }
  return new MillraceError('LAKE_FOLDER_UNUSABLE', { path, reason: systemCode(cause) || message }, { cause })
}

/** Work on this machine's disk, its refusals as coded errors that name the path. */
export async function onDisk<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    throw storageError(path, cause)
  }
}
