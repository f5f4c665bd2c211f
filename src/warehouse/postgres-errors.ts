import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { ErrorCode } from '../domain/errors.ts'

/** Who was asked, for messages; never with a password. */
export interface Asked {
  readonly place: string
  readonly user: string
  readonly database: string
}

/** SQLSTATE (Postgres manual, appendix A) and Node's own codes, to the code of our catalogue. */
const codes: Readonly<Record<string, ErrorCode>> = {
  '28P01': 'WAREHOUSE_AUTH',
  '28000': 'WAREHOUSE_AUTH',
  '3D000': 'WAREHOUSE_DATABASE_MISSING',
  '25006': 'WAREHOUSE_READ_ONLY',
  '42501': 'WAREHOUSE_PERMISSION',
  '53100': 'WAREHOUSE_DISK_FULL',
  '53300': 'WAREHOUSE_TOO_MANY_CONNECTIONS',
  '55P03': 'WAREHOUSE_LOCK_TIMEOUT',
  '57014': 'WAREHOUSE_STATEMENT_TIMEOUT',
  '40001': 'WAREHOUSE_CONFLICT',
  '40P01': 'WAREHOUSE_CONFLICT',
  '57P03': 'WAREHOUSE_UNREACHABLE',
  '57P01': 'WAREHOUSE_CONNECTION_LOST',
  '57P02': 'WAREHOUSE_CONNECTION_LOST',
  '57P05': 'WAREHOUSE_CONNECTION_LOST',
  '25P03': 'WAREHOUSE_CONNECTION_LOST',
  '25P04': 'WAREHOUSE_CONNECTION_LOST',
  '08000': 'WAREHOUSE_CONNECTION_LOST',
  '08003': 'WAREHOUSE_CONNECTION_LOST',
  '08006': 'WAREHOUSE_CONNECTION_LOST',
  ECONNRESET: 'WAREHOUSE_CONNECTION_LOST',
  EPIPE: 'WAREHOUSE_CONNECTION_LOST',
  ECONNREFUSED: 'WAREHOUSE_UNREACHABLE',
  ENOENT: 'WAREHOUSE_UNREACHABLE',
  EACCES: 'WAREHOUSE_UNREACHABLE',
  ENOTFOUND: 'WAREHOUSE_UNREACHABLE',
  EAI_AGAIN: 'WAREHOUSE_UNREACHABLE',
  EHOSTUNREACH: 'WAREHOUSE_UNREACHABLE',
  ENETUNREACH: 'WAREHOUSE_UNREACHABLE',
  ETIMEDOUT: 'WAREHOUSE_UNREACHABLE',
}

/** Errors that the driver throws without a code. */
const lost = /Connection terminated|connection error and is not queryable|Client was closed/
const silent = /timeout expired|timeout exceeded/
/** A full disk comes as 53100 where Postgres saw it coming and as an I/O error (58030, XX000) where it did not. */
export const diskFull = /No space left on device|could not extend file|wrote only \d+ of \d+ bytes|disk full/i

function codeOf(cause: { readonly code?: unknown; readonly message: string }): ErrorCode | undefined {
  if (diskFull.test(cause.message)) return 'WAREHOUSE_DISK_FULL'
  if (typeof cause.code === 'string' && codes[cause.code]) return codes[cause.code]
  if (lost.test(cause.message)) return 'WAREHOUSE_CONNECTION_LOST'
  return silent.test(cause.message) ? 'WAREHOUSE_UNREACHABLE' : undefined
}

/** `nobody answered` where Node names several addresses that all refused. */
function reasonOf(cause: Error): string {
  const inner = cause instanceof AggregateError ? (cause.errors as Error[]).map((one) => one.message).join('; ') : ''
  return cause.message || inner || cause.name
}

/**
 * What the driver threw, as an error of the catalogue; errors of ours pass. What is no failure of Postgres (no SQLSTATE, no
 * network code) is a fault of the program or of the caller's work and passes as it is.
 */
export function warehouseError(cause: unknown, asked: Asked, phase: 'connect' | 'work'): unknown {
  if (!(cause instanceof Error) || isMillraceError(cause)) return cause
  const known = codeOf(cause)
  const { place, user, database } = asked
  const reason = reasonOf(cause)
  // A connection that breaks while it is made has lost nothing: the server is not there.
  const code = phase === 'connect' && known === 'WAREHOUSE_CONNECTION_LOST' ? 'WAREHOUSE_UNREACHABLE' : known
  if (code) return new MillraceError(code, { place, user, database, reason }, { cause })
  const sqlstate = (cause as { code?: unknown }).code
  if (typeof sqlstate !== 'string' || !/^[0-9A-Z]{5}$/.test(sqlstate)) return cause
  return new MillraceError('WAREHOUSE_QUERY_FAILED', { sqlstate, reason }, { cause })
}
