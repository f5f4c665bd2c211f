import type { Platform } from './platform.ts'

/** How much of one of a platform's budgets of calls is used. */
export interface UsageSample {
  readonly scope: string
  readonly percent: number
  /** How long until calls are answered again; 0 while they are. */
  readonly resetMs: number
}

/** Whose budget it is: of a credential as a whole (`account` is empty then), or of one account that is read with it. */
export interface QuotaHolder {
  readonly platform: Platform
  /** A fingerprint of the credential, never the credential. */
  readonly credential: string
  readonly account: string
}

/** What platforms said of their budgets, known to every process that asks them. */
export interface PlatformQuota {
  /** When the next call may be made, for this caller alone: now, or later where little is left. */
  turn(holder: QuotaHolder, nowMs: number): Promise<number>
  /** A turn of something that a platform lets pass one every so often. */
  pace(holder: QuotaHolder, scope: string, everyMs: number, nowMs: number): Promise<number>
  tell(holder: QuotaHolder, samples: readonly UsageSample[], nowMs: number): Promise<void>
}

/** From here on calls are spread. */
export const slowPercent = 60
const crawlPercent = 90
const crawlMs = 5_000
const usedUpMs = 60_000
const afterResetMs = 1_000

/**
 * Pure: the pause between two calls, of all processes together, when so much of a budget is used. None below 60 %; from there to
 * 90 % it grows evenly to five seconds, from 90 to 100 % to a minute: budgets count an hour that moves, so that what is spread frees itself. After a pause
 * that the platform names the budget is fresh: callers then only do not come back in one instant.
 */
export function spacingMs(percent: number, resetMs = 0): number {
  if (resetMs > 0) return afterResetMs
  if (percent < slowPercent) return 0
  if (percent < crawlPercent) return Math.round((crawlMs * (percent - slowPercent)) / (crawlPercent - slowPercent))
  const share = Math.min(1, (percent - crawlPercent) / (100 - crawlPercent))
  return Math.round(crawlMs + share * (usedUpMs - crawlMs))
}

/** What was told longer ago than this says nothing any more: the budgets count the last hour. */
export const toldMsMax = 3_600_000
