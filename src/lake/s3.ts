import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type * as Sdk from '@aws-sdk/client-s3'
import { z } from 'zod'
import { systemClock } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import { checkKey, checkPrefix } from './key.ts'
import type { Lake, LakeObject, LocalFile, PutCondition } from './lake.ts'
import { defineLake } from './lake.ts'
import type { S3Place } from './s3-error.ts'
import { partBytes, putInParts } from './s3-multipart.ts'
import { attemptsOf, downloadError, isNoSuchKey, isSameTime, s3Error } from './s3-error.ts'
import { isDiskFull, onDisk, storageError } from './storage-error.ts'

const options = z.object({
  bucket: z.string().min(3).describe('Bucket that holds the lake; it must exist.'),
  prefix: z.string().default('').describe('Folder inside the bucket; empty for the whole bucket.'),
  region: z.string().default('us-east-1').describe('Region of the bucket.'),
  endpoint: z.url().optional().describe('Address of an S3-compatible server; left out for AWS.'),
  pathStyle: z
    .boolean()
    .optional()
    .describe('Bucket in the path instead of the host name; default: yes when an endpoint is given.'),
  accessKeyId: z
    .string()
    .min(1)
    .optional()
    .describe('Left out: the usual places of the AWS SDK (environment, profile, role).'),
  secretAccessKey: z.string().min(1).optional().describe('Secret of the access key, as env: or file: reference.'),
  timeoutMs: z
    .int()
    .positive()
    .default(30_000)
    .describe('Longest wait for a connection or for the next bytes of an answer.'),
})

type Options = z.output<typeof options>

export const adapter = defineLake({
  name: 's3',
  summary: 'Keeps raw rows in a bucket of S3 or of any server that speaks its conditional writes.',
  options,
  needs: [{ package: '@aws-sdk/client-s3', version: '3.1169.0' }],
  open: openBucket,
})

interface Bucket {
  readonly sdk: typeof Sdk
  readonly client: Sdk.S3Client
  readonly name: string
  /** Empty, or ending with a slash. */
  readonly prefix: string
  readonly place: S3Place
}

async function openBucket(given: Options): Promise<Lake> {
  const sdk = await import('@aws-sdk/client-s3')
  const prefix = checkPrefix(given.prefix)
  const bucket: Bucket = {
    sdk,
    client: new sdk.S3Client(clientSettings(given)),
    name: given.bucket,
    prefix: prefix === '' ? '' : `${prefix}/`,
    place: {
      text: `s3 ${given.bucket}${prefix === '' ? '' : `/${prefix}`}`,
      bucket: given.bucket,
      endpoint: given.endpoint ?? `AWS ${given.region}`,
    },
  }
  // One small request now, so that a wrong key or a missing bucket is told at the start and not after the first account.
  await asked(bucket, '', () => bucket.client.send(new sdk.ListObjectsV2Command({ Bucket: bucket.name, MaxKeys: 1 })))
  return {
    place: bucket.place.text,
    put: async (key, body, condition) => put(bucket, checkKey(key), body, condition),
    get: async (key) => get(bucket, checkKey(key)),
    open: async (key) => download(bucket, checkKey(key)),
    list: (below) => list(bucket, checkPrefix(below)),
    remove: async (keys) => remove(bucket, keys.map(checkKey)),
    async [Symbol.asyncDispose]() {
      bucket.client.destroy()
      await Promise.resolve()
    },
  }
}

/** `maxAttempts`: the SDK repeats 5xx, SlowDown and broken connections with rising waits; at five it gives up after some 3 s. */
function clientSettings(given: Options): Sdk.S3ClientConfig {
  const { accessKeyId, secretAccessKey, timeoutMs } = given
  return {
    region: given.region,
    maxAttempts: 5,
    forcePathStyle: given.pathStyle ?? given.endpoint !== undefined,
    requestHandler: { connectionTimeout: timeoutMs, requestTimeout: timeoutMs, throwOnRequestTimeout: true },
    ...(given.endpoint === undefined ? {} : { endpoint: given.endpoint }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey } }),
  }
}

async function asked<Result>(bucket: Bucket, key: string, request: () => Promise<Result>): Promise<Result> {
  try {
    return await request()
  } catch (cause) {
    throw s3Error(bucket.place, key, cause)
  }
}

/** How often a put is repeated while the server is still busy with another writer of the same key. */
const turnsMax = 20
const turnWaitMs = 50

async function put(
  bucket: Bucket,
  key: string,
  body: Uint8Array | { readonly path: string },
  condition: PutCondition,
): Promise<LakeObject> {
  const length = 'path' in body ? (await onDisk(body.path, () => stat(body.path))).size : body.length
  const token = randomUUID()
  for (let turn = 1; ; turn += 1) {
    try {
      const etag = await send(bucket, key, { body, length, token, condition })
      return { key, sizeBytes: length, etag: etag ?? '' }
    } catch (cause) {
      const error = s3Error(bucket.place, key, cause)
      if (isSameTime(cause) && turn < turnsMax) {
        await systemClock.sleep(turnWaitMs)
        continue
      }
      const own = error.code === 'LAKE_CONFLICT' && attemptsOf(cause) > 1 ? await ownPut(bucket, key, token) : undefined
      if (own) return own
      throw error
    }
  }
}

interface Sent {
  readonly body: Uint8Array | { readonly path: string }
  readonly length: number
  readonly token: string
  readonly condition: PutCondition
}

/** One request with all bytes, which the SDK can repeat by itself, or a long file in parts. Returns the new ETag. */
async function send(
  bucket: Bucket,
  key: string,
  { body, length, token, condition }: Sent,
): Promise<string | undefined> {
  const only = 'ifAbsent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.ifMatch }
  const metadata = { [tokenName]: token }
  if ('path' in body && length > partBytes) {
    const { sdk, client, name, prefix } = bucket
    const target = { sdk, client, bucket: name, key: prefix + key }
    return putInParts(target, { path: body.path, length }, only, metadata)
  }
  const command = new bucket.sdk.PutObjectCommand({
    Bucket: bucket.name,
    Key: bucket.prefix + key,
    Body: 'path' in body ? await onDisk(body.path, () => readFile(body.path)) : body,
    ContentLength: length,
    Metadata: metadata,
    ...only,
  })
  return (await bucket.client.send(command)).ETag
}

const tokenName = 'millrace-put'

/**
 * A put that was repeated because its answer was lost may find its own first attempt and be told that the condition fails.
 * The token in the object's metadata tells our own from another writer's.
 */
async function ownPut(bucket: Bucket, key: string, token: string): Promise<LakeObject | undefined> {
  const command = new bucket.sdk.HeadObjectCommand({ Bucket: bucket.name, Key: bucket.prefix + key })
  const head = await asked(bucket, key, () => bucket.client.send(command))
  if (head.Metadata?.[tokenName] !== token) return undefined
  return { key, sizeBytes: head.ContentLength ?? 0, etag: head.ETag ?? '' }
}

async function answerTo(bucket: Bucket, key: string): Promise<Sdk.GetObjectCommandOutput | undefined> {
  try {
    return await bucket.client.send(new bucket.sdk.GetObjectCommand({ Bucket: bucket.name, Key: bucket.prefix + key }))
  } catch (cause) {
    if (isNoSuchKey(cause)) return undefined
    throw s3Error(bucket.place, key, cause)
  }
}

async function get(bucket: Bucket, key: string): Promise<{ bytes: Uint8Array; etag: string } | undefined> {
  const answer = await answerTo(bucket, key)
  if (!answer?.Body) return undefined
  try {
    return { bytes: await answer.Body.transformToByteArray(), etag: answer.ETag ?? '' }
  } catch (cause) {
    throw downloadError(bucket.place, key, cause)
  }
}

/** DuckDB reads local files only, so a copy; its folder first: an answer that is cut while nobody listens would end the process. */
async function download(bucket: Bucket, key: string): Promise<LocalFile> {
  const path = join(await mkdtemp(join(tmpdir(), 'millrace-s3-')), basename(key))
  const clean = () => rm(dirname(path), { recursive: true, force: true })
  try {
    const answer = await answerTo(bucket, key)
    if (!answer?.Body) throw new MillraceError('LAKE_OBJECT_MISSING', { key, place: bucket.place.text })
    await pipeline(answer.Body as Readable, createWriteStream(path, { flags: 'wx' }))
  } catch (cause) {
    await clean()
    throw isDiskFull(cause) ? storageError(path, cause) : downloadError(bucket.place, key, cause)
  }
  return { path, [Symbol.asyncDispose]: clean }
}

async function* list(bucket: Bucket, below: string): AsyncGenerator<LakeObject, void, undefined> {
  const prefix = bucket.prefix + (below === '' ? '' : `${below}/`)
  let token: string | undefined
  do {
    const command = new bucket.sdk.ListObjectsV2Command({
      Bucket: bucket.name,
      Prefix: prefix,
      ContinuationToken: token,
    })
    const page = await asked(bucket, below, () => bucket.client.send(command))
    for (const { Key, Size, ETag } of page.Contents ?? []) {
      if (Key !== undefined) yield { key: Key.slice(bucket.prefix.length), sizeBytes: Size ?? 0, etag: ETag ?? '' }
    }
    token = page.NextContinuationToken
  } while (token !== undefined)
}

/** S3 takes 1,000 keys a request. */
const keysPerDelete = 1_000

async function remove(bucket: Bucket, keys: readonly string[]): Promise<void> {
  for (let from = 0; from < keys.length; from += keysPerDelete) {
    const Objects = keys.slice(from, from + keysPerDelete).map((key) => ({ Key: bucket.prefix + key }))
    const command = new bucket.sdk.DeleteObjectsCommand({ Bucket: bucket.name, Delete: { Objects, Quiet: true } })
    const { Errors } = await asked(bucket, '', () => bucket.client.send(command))
    const [failed] = Errors ?? []
    if (failed)
      throw s3Error(bucket.place, failed.Key ?? '', Object.assign(new Error(failed.Message), { name: failed.Code }))
  }
}
