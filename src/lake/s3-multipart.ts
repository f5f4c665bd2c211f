import { open } from 'node:fs/promises'
import type * as Sdk from '@aws-sdk/client-s3'
import { onDisk } from './storage-error.ts'

/** A longer file goes in parts of this size, each of which the SDK can send again by itself; S3 takes none below 5 MiB but the last. */
export const partBytes = 16_777_216

/** S3 takes so many parts at most. */
const partsMax = 10_000

export interface PartsTarget {
  readonly sdk: typeof Sdk
  readonly client: Sdk.S3Client
  readonly bucket: string
  readonly key: string
}

/** The bytes of one part. */
function readPart(path: string, from: number, length: number): Promise<Uint8Array> {
  return onDisk(path, async () => {
    await using file = await open(path)
    const bytes = Buffer.alloc(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await file.read(bytes, filled, length - filled, from + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return bytes.subarray(0, filled)
  })
}

/**
 * Uploads a long file in parts and makes it an object in one step under the condition: until then nothing is there, whoever is
 * killed, and what was uploaded of a failed one is thrown away. One part is in memory at a time. Throws what the SDK throws.
 */
export async function putInParts(
  { sdk, client, bucket, key }: PartsTarget,
  { path, length }: { readonly path: string; readonly length: number },
  condition: { readonly IfNoneMatch?: string; readonly IfMatch?: string },
  metadata: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const place = { Bucket: bucket, Key: key }
  // Parts are summed by the algorithm that is named here; a server refuses parts with sums that were not announced.
  const begun = await client.send(
    new sdk.CreateMultipartUploadCommand({ ...place, Metadata: metadata, ChecksumAlgorithm: 'CRC32' }),
  )
  const upload = { ...place, UploadId: begun.UploadId }
  try {
    const size = Math.max(partBytes, Math.ceil(length / partsMax))
    const parts: Sdk.CompletedPart[] = []
    for (let from = 0; from < length; from += size) {
      const Body = await readPart(path, from, Math.min(size, length - from))
      const PartNumber = parts.length + 1
      const { ETag, ChecksumCRC32 } = await client.send(
        new sdk.UploadPartCommand({
          ...upload,
          PartNumber,
          Body,
          ContentLength: Body.length,
          ChecksumAlgorithm: 'CRC32',
        }),
      )
      parts.push({ PartNumber, ETag, ChecksumCRC32 })
    }
    const command = new sdk.CompleteMultipartUploadCommand({
      ...upload,
      ...condition,
      MultipartUpload: { Parts: parts },
    })
    return (await client.send(command)).ETag
  } catch (error) {
    // What cannot be thrown away now is thrown away by the bucket's rule for unfinished uploads; the first error is the one to tell.
    await client.send(new sdk.AbortMultipartUploadCommand(upload)).catch(() => undefined)
    throw error
  }
}
