import { isMillraceError, MillraceError } from '../domain/errors.ts'
import type { ErrorCode } from '../domain/errors.ts'
import { keyRefused } from './key.ts'
import { systemCode } from './storage-error.ts'

/** How a bucket is named in messages. */
export interface S3Place {
  readonly text: string
  readonly bucket: string
  readonly endpoint: string
}

/** Names of S3's errors that mean one thing whatever their status. An unknown access key is 403 at AWS and 404 at versitygw. */
const codes: Readonly<Record<string, ErrorCode>> = {
  NoSuchBucket: 'LAKE_BUCKET_MISSING',
  PermanentRedirect: 'LAKE_BUCKET_MISSING',
  AuthorizationHeaderMalformed: 'LAKE_BUCKET_MISSING',
  XAdminUserNotFound: 'LAKE_ACCESS_DENIED',
  InvalidAccessKeyId: 'LAKE_ACCESS_DENIED',
  SignatureDoesNotMatch: 'LAKE_ACCESS_DENIED',
  ExpiredToken: 'LAKE_ACCESS_DENIED',
  CredentialsProviderError: 'LAKE_ACCESS_DENIED',
  PreconditionFailed: 'LAKE_CONFLICT',
  ConditionalRequestConflict: 'LAKE_CONFLICT',
  // If-Match on a key that is not there.
  NoSuchKey: 'LAKE_CONFLICT',
  // The completion of an upload that was repeated because its answer was lost.
  NoSuchUpload: 'LAKE_CONFLICT',
  ObjectParentIsFile: 'LAKE_KEY_INVALID',
  ExistingObjectIsDirectory: 'LAKE_KEY_INVALID',
  BadDigest: 'LAKE_UPLOAD_TORN',
  IncompleteBody: 'LAKE_UPLOAD_TORN',
  XAmzContentChecksumMismatch: 'LAKE_UPLOAD_TORN',
  SlowDown: 'LAKE_BUSY',
}

const statuses: Readonly<Record<number, ErrorCode>> = {
  401: 'LAKE_ACCESS_DENIED',
  403: 'LAKE_ACCESS_DENIED',
  408: 'LAKE_BUSY',
  412: 'LAKE_CONFLICT',
  429: 'LAKE_BUSY',
  500: 'LAKE_BUSY',
  502: 'LAKE_BUSY',
  503: 'LAKE_BUSY',
  504: 'LAKE_BUSY',
}

function statusOf(cause: unknown): number | undefined {
  const status = metadataOf(cause)['httpStatusCode']
  return typeof status === 'number' ? status : undefined
}

function metadataOf(cause: unknown): Readonly<Record<string, unknown>> {
  const { $metadata } = cause as { $metadata?: Record<string, unknown> }
  return $metadata ?? {}
}

/** How often the SDK had sent the request when it gave up. */
export function attemptsOf(cause: unknown): number {
  const attempts = metadataOf(cause)['attempts']
  return typeof attempts === 'number' ? attempts : 1
}

/** Another conditional write of the key is going on; the server wants to be asked again. */
export function isSameTime(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'ConditionalRequestConflict'
}

export function isNoSuchKey(cause: unknown): boolean {
  return cause instanceof Error && (cause.name === 'NoSuchKey' || cause.name === 'NotFound')
}

/** What S3 or the way to it refused, as a coded error. */
export function s3Error(place: S3Place, key: string, cause: unknown): MillraceError {
  const name = cause instanceof Error ? cause.name : ''
  const status = statusOf(cause)
  const code =
    codes[name] ?? statuses[status ?? 0] ?? (status === undefined ? 'LAKE_UNREACHABLE' : 'LAKE_REQUEST_REFUSED')
  if (code === 'LAKE_KEY_INVALID')
    return keyRefused(key, 'It is the folder of other keys, or a part of its path is a key itself')
  const reason = [status, systemCode(cause) || name, firstLine(cause)].filter(Boolean).join(' ')
  const facts = { key, place: place.text, bucket: place.bucket, endpoint: place.endpoint, reason }
  return new MillraceError(code, facts, { cause })
}

/** A body that broke off or does not fit its checksum. */
export function downloadError(place: S3Place, key: string, cause: unknown): MillraceError {
  if (isMillraceError(cause)) return cause
  return new MillraceError('LAKE_DOWNLOAD_TORN', { key, place: place.text }, { cause })
}

function firstLine(cause: unknown): string {
  return cause instanceof Error ? (cause.message.split('\n')[0] ?? '').slice(0, 200) : String(cause)
}
