import { dayAt, daysBetween } from '../domain/day.ts'
import type { Day, TimeZone } from '../domain/day.ts'
import type { Platform } from '../domain/platform.ts'

export type Completeness = 'provisional' | 'settling' | 'final'

interface Settling {
  /** Days after the day itself during which the platform still gathers it. */
  readonly provisionalDays: number
  /** Days after the day itself during which attribution may still move conversions to it. */
  readonly settlingDays: number
}

/** What the platforms document (connectors-and-hub §5, rows "refresh default" and "provisional until"). */
const settling = {
  google_ads: { provisionalDays: 3, settlingDays: 30 },
  meta_ads: { provisionalDays: 3, settlingDays: 28 },
  tiktok_ads: { provisionalDays: 2, settlingDays: 28 },
  linkedin_ads: { provisionalDays: 2, settlingDays: 30 },
  microsoft_ads: { provisionalDays: 1, settlingDays: 30 },
  naver_searchad: { provisionalDays: 1, settlingDays: 20 },
  kakao_moment: { provisionalDays: 1, settlingDays: 2 },
} as const satisfies Record<Platform, Settling>

/** How final a day's numbers were at the instant they were asked for, by the account's own calendar. */
export function completenessOf(platform: Platform, date: Day, zone: TimeZone, askedAtMs: number): Completeness {
  const ageDays = daysBetween(date, dayAt(askedAtMs, zone))
  const { provisionalDays, settlingDays } = settling[platform]
  if (ageDays <= provisionalDays) return 'provisional'
  return ageDays <= settlingDays ? 'settling' : 'final'
}

/** Days after which the platform documents that a day does not change any more. */
export function settlingDaysOf(platform: Platform): number {
  return settling[platform].settlingDays
}
