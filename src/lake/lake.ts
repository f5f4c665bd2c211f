import { defineAdapter } from '../domain/adapter.ts'

/** What a put must find: nothing at the key, or exactly the version that was read. */
export type PutCondition = { readonly ifAbsent: true } | { readonly ifMatch: string }

export interface LakeObject {
  readonly key: string
  readonly sizeBytes: number
  /** Changes whenever the bytes change; opaque. */
  readonly etag: string
}

/** A file on this machine with an object's bytes; disposing it removes it when it was only a copy. */
export interface LocalFile extends AsyncDisposable {
  readonly path: string
}

/**
 * Where raw rows rest. Keys are `/`-separated segments of [A-Za-z0-9._=-] without `..`; no key is another key's folder.
 * A key is never half visible: a reader sees the whole object or none, whenever the writer died.
 */
export interface Lake extends AsyncDisposable {
  /** For people: `folder /path` or `s3 bucket/prefix`, without secrets. */
  readonly place: string
  /**
   * Stores the bytes, or the file at a path, under the key, if the condition holds, durably before it returns.
   * Throws LAKE_CONFLICT when it does not hold: of any number of racing writers exactly one wins.
   */
  put(key: string, body: Uint8Array | { readonly path: string }, condition: PutCondition): Promise<LakeObject>
  /** The whole object, or undefined when there is none. For small objects such as manifests. */
  get(key: string): Promise<{ readonly bytes: Uint8Array; readonly etag: string } | undefined>
  /** The object as a local file that DuckDB can read. Throws LAKE_OBJECT_MISSING. */
  open(key: string): Promise<LocalFile>
  /** Every object below the prefix (a whole number of segments), in order of their keys. */
  list(prefix: string): AsyncIterable<LakeObject>
  /** Removes objects; those already gone are no error. */
  remove(keys: readonly string[]): Promise<void>
}

export const defineLake = defineAdapter<Lake>()
