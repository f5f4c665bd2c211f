import type { Day } from '../domain/day.ts'
import { platforms } from '../domain/platform.ts'
import type { Platform } from '../domain/platform.ts'
import { keySegment, segmentText } from './key.ts'

/** What a raw file is about: one day of one account as one extract saw it. */
export interface RawPlace {
  readonly platform: Platform
  readonly date: Day
  readonly accountId: string
  readonly extractId: string
}

/** `raw/{platform}/{date}/{account}/campaign_data-{extract}.parquet`; never overwritten, because the extract's id is in it. */
export function rawKey({ platform, date, accountId, extractId }: RawPlace): string {
  return `raw/${platform}/${date}/${keySegment(accountId)}/campaign_data-${extractId}.parquet`
}

const rawShape = /^raw\/([^/]+)\/(\d{4}-\d{2}-\d{2})\/([^/]+)\/campaign_data-([0-9a-f-]{36})\.parquet$/

/** What the key of a raw file says; undefined for any other key. */
export function parseRawKey(key: string): RawPlace | undefined {
  const [, name, date, account = '', extractId = ''] = rawShape.exec(key) ?? []
  const platform = platforms.find((one) => one === name)
  return platform && { platform, date: date as Day, accountId: segmentText(account), extractId }
}

/** Under which every account's manifests lie. */
export const manifestRoot = 'manifest'

/** Prefix of an account's manifests, one object for each month in which extracts were requested. */
export function manifestPrefix({ platform, accountId }: Pick<RawPlace, 'platform' | 'accountId'>): string {
  return `${manifestRoot}/${platform}/${keySegment(accountId)}`
}

/** Whose manifest the key of one is; undefined for any other key. */
export function parseManifestKey(key: string): Pick<RawPlace, 'platform' | 'accountId'> | undefined {
  const [, name, account = ''] = /^manifest\/([^/]+)\/([^/]+)\/\d{4}-\d{2}\.json$/.exec(key) ?? []
  const platform = platforms.find((one) => one === name)
  return platform && { platform, accountId: segmentText(account) }
}
