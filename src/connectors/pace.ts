import type { ConnectorContext } from './connector.ts'

/** Lets callers through one every `intervalMs`, in the order in which they come, on the clock that is handed in. */
export interface Pace {
  /** Resolves when it is the caller's turn; rejects with the signal's reason when the work is cancelled. */
  turn(context: Pick<ConnectorContext, 'clock' | 'signal'>): Promise<void>
}

/**
 * A platform that allows a call every so often refuses the one that comes too early, and counts it. So the wait comes before the call
 * and not after a refusal. A turn is taken at once and waited for then: callers at the same time get different ones.
 */
export function paceOf(intervalMs: number): Pace {
  let nextMs = Number.NEGATIVE_INFINITY
  return {
    async turn({ clock, signal }) {
      const nowMs = clock.nowMs()
      const atMs = Math.max(nowMs, nextMs)
      nextMs = atMs + intervalMs
      if (atMs > nowMs) await clock.sleep(atMs - nowMs, signal)
    },
  }
}
