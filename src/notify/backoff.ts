import type { Random } from '../domain/clock.ts'

/** Waits between attempts, in milliseconds: 5 s, 30 s, 2 min, 10 min, 1 h, 6 h. Seven attempts in all, over about seven hours. */
export const backoffMs: readonly number[] = [5_000, 30_000, 120_000, 600_000, 3_600_000, 21_600_000]

/**
 * How long to wait after the given number of attempts; null after the last. Full jitter (anything up to the step), so that the
 * messages that one outage held back do not come back at the same instant; never sooner than the other side asked.
 */
export function delayAfter(attempts: number, random: Random, retryAfterMs: number | undefined): number | null {
  const step = backoffMs[attempts - 1]
  if (step === undefined) return null
  return Math.max(Math.round(random() * step), retryAfterMs ?? 0)
}
