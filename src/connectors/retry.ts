import type { MillraceError } from '../domain/errors.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { Random } from '../domain/clock.ts'
import type { ConnectorContext } from './connector.ts'
import type { QuotaPolicy } from './quota-turn.ts'
import { tellRefusal } from './quota-turn.ts'

export interface RetryPolicy extends QuotaPolicy {
  /** Calls in all, the first one included. */
  readonly attemptsMax: number
}

const firstDelayMs = 1_000
const delayMsMax = 32_000
/** Quotas are waited for to the end and a little longer, so that all callers do not come back in the same instant. */
const quotaSlackMs = 1_000

/**
 * How long to wait before the call is made again, or null when it must not be. Decided by the class of the error, never by an
 * HTTP status: Meta throttles with 400 and Google reports a dead query with 500. Inner failures back off exponentially with
 * full jitter (the delay is uniform between nothing and the bound); a wait that the platform names is kept to.
 */
export function retryDelayMs(
  error: MillraceError,
  attempt: number,
  policy: RetryPolicy,
  random: Random,
): number | null {
  if (!error.retryable || attempt >= policy.attemptsMax) return null
  if (error.retryAfterMs !== undefined) {
    return error.retryAfterMs <= policy.quotaWaitMsMax ? error.retryAfterMs + Math.round(random() * quotaSlackMs) : null
  }
  return Math.round(random() * Math.min(delayMsMax, firstDelayMs * 2 ** (attempt - 1)))
}

/**
 * Runs the work until it succeeds, its error is final, or the policy is used up; then the last error is thrown.
 * `mayRepeat` is asked first: work that has handed rows on must not be run again here.
 */
export async function withRetry<T>(
  work: () => Promise<T>,
  policy: RetryPolicy,
  context: ConnectorContext,
  mayRepeat: () => boolean = () => true,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    context.signal.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      if (!isMillraceError(error) || !error.code.startsWith('CONNECTORS_') || !mayRepeat()) throw error
      await tellRefusal(error, policy, context)
      const delayMs = retryDelayMs(error, attempt, policy, context.random)
      if (delayMs === null) throw error
      const platform = String(error.facts['platform'])
      context.log({
        level: 'warn',
        message: `${platform} is asked again in ${(delayMs / 1000).toFixed(1)} s`,
        code: error.code,
        attempt,
        delayMs,
      })
      await context.clock.sleep(delayMs, context.signal)
    }
  }
}

/** `Retry-After` in seconds or as an HTTP date, in milliseconds from now; undefined when the header is absent or nonsense. */
export function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const text = headers.get('retry-after')?.trim()
  if (!text) return undefined
  if (/^\d+$/.test(text)) return Number(text) * 1000
  const atMs = Date.parse(text)
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs)
}
