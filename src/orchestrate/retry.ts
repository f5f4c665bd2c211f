import type { ErrorEntry, ExitName } from '../domain/error-entry.ts'
import { exitCodes } from '../domain/error-entry.ts'
import type { Random } from '../domain/clock.ts'
import type { RetryPolicy } from './graph.ts'

/** What kind of failure it was; the kind and not the message decides what happens next. */
export type ErrorClass = 'transient' | 'quota' | 'auth' | 'data' | 'lost' | 'timeout' | 'cancelled' | 'permanent'

/** A worker that dies three times over one task is taken to be killed by it; trying on would take the next worker down. */
const lostMax = 3

interface Reaction {
  readonly retries: boolean
  /** The whole pool waits until the other side's time has passed, because every task of it would be told the same. */
  readonly blocksPool: boolean
}

const reactions = {
  transient: { retries: true, blocksPool: false },
  quota: { retries: true, blocksPool: true },
  auth: { retries: false, blocksPool: false },
  data: { retries: false, blocksPool: false },
  lost: { retries: true, blocksPool: false },
  timeout: { retries: true, blocksPool: false },
  cancelled: { retries: false, blocksPool: false },
  permanent: { retries: false, blocksPool: false },
} as const satisfies Record<ErrorClass, Reaction>

export interface FailedTry {
  readonly errorClass: ErrorClass
  /** Tries that counted, this one included. */
  readonly tries: number
  readonly triesMax: number
  readonly lost: number
  readonly retry: RetryPolicy
  /** What the other side asked for, if it did. */
  readonly retryAfterMs: number | null
}

export type RetryDecision =
  | { readonly kind: 'fail' }
  | { readonly kind: 'retry'; readonly delayMs: number; readonly blocksPool: boolean }

/** Pure: whether a failed try is followed by another, and when. Delays double, with jitter downwards so that a crowd spreads. */
export function decideRetry(failed: FailedTry, random: Random): RetryDecision {
  const { errorClass, tries, triesMax, lost, retry, retryAfterMs } = failed
  const { retries, blocksPool } = reactions[errorClass]
  if (errorClass === 'lost')
    return lost >= lostMax ? { kind: 'fail' } : { kind: 'retry', delayMs: 0, blocksPool: false }
  if (!retries || tries >= triesMax) return { kind: 'fail' }
  const backoff = Math.min(retry.delayMsMax, retry.delayMs * 2 ** (tries - 1))
  const delayMs = Math.round(backoff * (1 - random() / 4))
  return {
    kind: 'retry',
    delayMs: Math.max(delayMs, retryAfterMs ?? 0),
    blocksPool: blocksPool && retryAfterMs !== null,
  }
}

const classOfExit: Readonly<Partial<Record<ExitName, ErrorClass>>> = {
  usage: 'permanent',
  config: 'permanent',
  quality: 'data',
  auth: 'auth',
  interrupted: 'cancelled',
}

/**
 * The class of an error of the catalogue, by its exit code: what is retried here is what an exported DAG retries. An exhausted
 * quota is an error that says when to come back.
 */
export function classOfError({ exit }: Pick<ErrorEntry, 'exit'>, retryAfterMs: number | undefined): ErrorClass {
  return classOfExit[exit] ?? (retryAfterMs === undefined ? 'transient' : 'quota')
}

/** What a process that ended by itself tells by its exit code alone: the contract that Airflow's side keeps, too. */
export function classOfExitCode(code: number | null): ErrorClass {
  const permanent: readonly number[] = [exitCodes.usage, exitCodes.config]
  if (code === exitCodes.auth) return 'auth'
  if (code === exitCodes.quality) return 'data'
  return code !== null && permanent.includes(code) ? 'permanent' : 'transient'
}
