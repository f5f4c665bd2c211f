import type { Platform } from '../domain/platform.ts'
import type { ConnectorContext } from './connector.ts'
import type { QuotaPolicy } from './quota-turn.ts'

/** Lets callers through one every `intervalMs`, in the order in which they come, on the clock that is handed in. */
export interface Pace {
  /** Resolves when it is the caller's turn; rejects with the signal's reason when the work is cancelled. */
  turn(context: Pick<ConnectorContext, 'clock' | 'signal' | 'quota'>): Promise<void>
}

/**
 * A platform that allows a call every so often refuses the one that comes too early, and counts it. So the wait comes before the call
 * and not after a refusal. A turn is taken at once and waited for then: callers at the same time get different ones. Of `whose`
 * credential it is decides who shares it with other processes, where the context knows of them.
 */
export function paceOf(
  intervalMs: number,
  whose?: { readonly platform: Platform; readonly policy: QuotaPolicy },
): Pace {
  let nextMs = Number.NEGATIVE_INFINITY
  const own = (nowMs: number) => {
    const atMs = Math.max(nowMs, nextMs)
    nextMs = atMs + intervalMs
    return atMs
  }
  return {
    async turn({ clock, signal, quota }) {
      const nowMs = clock.nowMs()
      const credential = whose?.policy.credential
      const atMs =
        whose && quota && credential !== undefined
          ? await quota.pace({ platform: whose.platform, credential, account: '' }, 'report', intervalMs, nowMs)
          : own(nowMs)
      if (atMs > nowMs) await clock.sleep(atMs - nowMs, signal)
    },
  }
}
