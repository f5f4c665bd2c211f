import { daysOf } from '../domain/day.ts'
import type { ExtractRecord } from '../domain/metric.ts'
import type { Lake, LakeObject } from './lake.ts'
import { parseRawKey } from './layout.ts'
import type { ManifestEntry } from './manifest.ts'
import { manifestAccounts, readManifest } from './manifest.ts'

/** What the lake holds of one account, in numbers. */
export interface AccountInventory {
  readonly platform: string
  readonly accountId: string
  readonly extracts: number
  readonly files: number
  readonly rows: number
  readonly sizeBytes: number
  /** Of files whose every day a later extract covers: what a retention may take. */
  readonly supersededBytes: number
  readonly since: string | null
  readonly until: string | null
}

/** What the manifests name, an account each. Throws LAKE_MANIFEST_UNREADABLE. */
export async function* readInventory(lake: Lake): AsyncGenerator<AccountInventory, void, undefined> {
  for await (const account of manifestAccounts(lake)) yield inventoryOf(account, await readManifest(lake, account))
}

/**
 * Raw files that do not count and were begun before an instant: no manifest names them, because their writer was killed, or their
 * extract is retired. When a file was begun stands in its extract's id (UUID v7); one whose id says nothing is left alone.
 */
export async function leftoversOf(lake: Lake, beforeMs: number): Promise<readonly LakeObject[]> {
  const counted = new Set<string>()
  const retired = new Set<string>()
  for await (const account of manifestAccounts(lake)) {
    for (const { status, files, extractId } of await readManifest(lake, account)) {
      if (status === 'retired') retired.add(extractId)
      else for (const { key } of files) counted.add(key)
    }
  }
  const leftovers: LakeObject[] = []
  for await (const object of lake.list('raw')) {
    const place = parseRawKey(object.key)
    if (!place || counted.has(object.key)) continue
    if (retired.has(place.extractId) || begunAtMs(place.extractId) < beforeMs) leftovers.push(object)
  }
  return leftovers
}

/** The instant in a UUID v7; infinitely late for any other id. */
function begunAtMs(extractId: string): number {
  return extractId[14] === '7'
    ? Number.parseInt(extractId.replaceAll('-', '').slice(0, 12), 16)
    : Number.POSITIVE_INFINITY
}

/** Pure: one account's manifest as numbers. Retired extracts have no files any more and count as extracts only. */
function inventoryOf(
  { platform, accountId }: Pick<ExtractRecord, 'platform' | 'accountId'>,
  entries: readonly ManifestEntry[],
): AccountInventory {
  const landed = entries.filter(({ status }) => status === 'landed')
  const superseded = new Set(supersededExtracts(entries).map(({ extractId }) => extractId))
  const sizeOf = (some: readonly ManifestEntry[]) =>
    some.reduce((sum, { files }) => sum + files.reduce((bytes, file) => bytes + file.bytes, 0), 0)
  return {
    platform,
    accountId,
    extracts: entries.length,
    files: landed.reduce((sum, { files }) => sum + files.length, 0),
    rows: landed.reduce((sum, { rows }) => sum + rows, 0),
    sizeBytes: sizeOf(landed),
    supersededBytes: sizeOf(landed.filter(({ extractId }) => superseded.has(extractId))),
    since: landed.map((one) => one.since).sort()[0] ?? null,
    until:
      landed
        .map((one) => one.until)
        .sort()
        .at(-1) ?? null,
  }
}

/** Pure: landed extracts whose every day a later landed extract of the same level and breakdown covers; in the order of request. */
export function supersededExtracts(entries: readonly ManifestEntry[]): readonly ManifestEntry[] {
  const landed = entries.filter(({ status }) => status === 'landed')
  return landed.filter((one, index) => {
    const later = landed
      .slice(index + 1)
      .filter(({ level, breakdownKey }) => level === one.level && breakdownKey === one.breakdownKey)
    return daysOf(one).every((date) => later.some(({ since, until }) => since <= date && date <= until))
  })
}
