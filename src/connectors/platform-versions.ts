import type { Day } from '../domain/day.ts'
import { addDays, day, daysBetween } from '../domain/day.ts'
import type { Platform } from '../domain/platform.ts'

/** A version of a platform's API as the platform announces it. */
export interface PlatformVersion {
  readonly version: string
  /** The first day on which it is not served; null when none is announced. */
  readonly sunset: Day | null
}

const version = (name: string, sunset: string | null = null): PlatformVersion => ({
  version: name,
  sunset: sunset === null ? null : day(sunset),
})

/** The day on which the table was last held against the platforms' own pages. */
export const versionsCheckedOn = day('2026-11-27')

/**
 * Versions from the oldest to the newest. Sources: the sunset announcements of the Google Ads API, Meta's Marketing API version history,
 * LinkedIn's migrations page (a version is served for a year). TikTok, Microsoft, Naver and Kakao announce no end of theirs. A platform
 * that is not here has no versions.
 */
export const platformVersions: Readonly<Partial<Record<Platform, readonly PlatformVersion[]>>> = {
  google_ads: [
    version('v19', '2026-02-11'),
    version('v20', '2026-06-10'),
    version('v21', '2026-08-05'),
    version('v22', '2026-10-07'),
    version('v23'),
    version('v24'),
    version('v25'),
    version('v26'),
  ],
  meta_ads: [
    version('v22.0', '2026-02-19'),
    version('v23.0', '2026-06-09'),
    version('v24.0', '2026-11-10'),
    version('v25.0', '2027-02-23'),
    version('v26.0'),
    version('v27.0'),
  ],
  tiktok_ads: [version('v1.3')],
  linkedin_ads: [
    version('202510', '2026-10-15'),
    version('202511', '2026-11-16'),
    version('202601', '2027-01-15'),
    version('202602', '2027-02-15'),
    version('202603', '2027-03-16'),
    version('202604'),
    version('202605'),
    version('202606'),
    version('202607'),
  ],
  microsoft_ads: [version('v13')],
  kakao_moment: [version('v4')],
}

/** How a version stands on a day. */
export type VersionStanding =
  | { readonly kind: 'served' }
  /** Switched off within the warning time; `next` is what to go to. */
  | { readonly kind: 'ending'; readonly sunset: Day; readonly daysLeft: number; readonly next: string | null }
  | { readonly kind: 'ended'; readonly sunset: Day; readonly next: string | null }
  /** In no table of ours: older or newer than this program. */
  | { readonly kind: 'unknown' }

/** A quarter of a year: platforms announce the last weeks, and people have other work. */
export const warningDays = 90

export type Versions = readonly PlatformVersion[]

/** Pure: how the version stands on that day. */
export function versionStanding(versions: Versions, name: string, today: Day): VersionStanding {
  const found = versions.find((one) => one.version === name)
  if (!found) return { kind: 'unknown' }
  const { sunset } = found
  if (sunset === null || daysBetween(today, sunset) > warningDays) return { kind: 'served' }
  const next = nextVersions(versions, name, today)[0] ?? null
  const daysLeft = daysBetween(today, sunset)
  return daysLeft > 0 ? { kind: 'ending', sunset, daysLeft, next } : { kind: 'ended', sunset, next }
}

/**
 * Versions to fall forward to, the nearest first: those after the given one that are served on that day. A version that is in no table
 * has none after it: what comes after something unknown is not known.
 */
export function nextVersions(versions: Versions, name: string, today: Day): readonly string[] {
  const at = versions.findIndex((one) => one.version === name)
  if (at < 0) return []
  const isServed = ({ sunset }: PlatformVersion) => sunset === null || sunset >= addDays(today, 1)
  return versions
    .slice(at + 1)
    .filter(isServed)
    .map((one) => one.version)
}
