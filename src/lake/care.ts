import { MillraceError, isMillraceError } from '../domain/errors.ts'
import { sha256Of } from './digest.ts'
import { leftoversOf, supersededExtracts } from './inventory.ts'
import type { Lake, LakeObject } from './lake.ts'
import type { LandedFile, ManifestEntry } from './manifest.ts'
import { manifestAccounts, readManifest, recordEntry, retireExtracts } from './manifest.ts'

type Account = Pick<ManifestEntry, 'platform' | 'accountId'>

/** What became of one file that a manifest names. */
export interface FileFinding {
  readonly key: string
  readonly extractId: string
  readonly outcome: 'whole' | 'missing' | 'damaged'
}

/** Reads every file that the manifests name and compares its bytes with the hash that was taken when it was written. Changes nothing. */
export async function* verifyFiles(
  lake: Lake,
  accounts: AsyncIterable<Account> | Iterable<Account>,
): AsyncGenerator<FileFinding, void, undefined> {
  for await (const account of accounts) {
    for (const { status, extractId, files } of await readManifest(lake, account)) {
      if (status === 'retired') continue
      for (const file of files) yield { key: file.key, extractId, outcome: await outcomeOf(lake, file) }
    }
  }
}

async function outcomeOf(lake: Lake, { key, sha256 }: LandedFile): Promise<FileFinding['outcome']> {
  try {
    await using file = await lake.open(key)
    return (await sha256Of(file.path)) === sha256 ? 'whole' : 'damaged'
  } catch (error) {
    if (isMillraceError(error, 'LAKE_OBJECT_MISSING')) return 'missing'
    throw error
  }
}

/** What a retention would take of one account. */
export interface RetirementPlan {
  readonly account: Account
  readonly extracts: readonly ManifestEntry[]
  readonly sizeBytes: number
}

export interface Retention {
  /** Extracts requested before it may go. */
  readonly beforeMs: number
  /** Extracts that readers of the warehouse see; they stay whatever their age, because a later one may have been refused. */
  readonly inUse: ReadonlySet<string>
}

/** Pure: superseded extracts of one account that are old enough and that nobody sees. The newest extract of a day never goes. */
export function planRetirement(
  account: Account,
  entries: readonly ManifestEntry[],
  { beforeMs, inUse }: Retention,
): RetirementPlan {
  const extracts = supersededExtracts(entries).filter(
    ({ requestedAtMs, extractId }) => requestedAtMs < beforeMs && !inUse.has(extractId),
  )
  const sizeBytes = extracts.reduce((sum, { files }) => sum + files.reduce((bytes, file) => bytes + file.bytes, 0), 0)
  return { account, extracts, sizeBytes }
}

/** What care would remove of a lake. */
export interface CarePlan {
  /** Accounts of which nothing goes are left out. */
  readonly retirements: readonly RetirementPlan[]
  /** Files that no manifest counts any more, or never did. */
  readonly leftovers: readonly LakeObject[]
}

/** A writer may still be at work on what was begun after this; no extract takes as long. */
const writerAgeMs = 24 * 3_600_000

/** What a retention would take of the whole lake, and what killed writers left behind more than a day ago. Changes nothing. */
export async function planCare(lake: Lake, retention: Retention & { readonly nowMs: number }): Promise<CarePlan> {
  const retirements: RetirementPlan[] = []
  for await (const account of manifestAccounts(lake))
    retirements.push(planRetirement(account, await readManifest(lake, account), retention))
  return {
    retirements: retirements.filter(({ extracts }) => extracts.length > 0),
    leftovers: await leftoversOf(lake, retention.nowMs - writerAgeMs),
  }
}

/** Carries a plan out. Killed in between, the next plan has the rest: what was marked and not removed is a leftover then. */
export async function carryOutCare(lake: Lake, { retirements, leftovers }: CarePlan): Promise<void> {
  for (const { account, extracts } of retirements)
    await retireExtracts(lake, account, new Set(extracts.map(({ extractId }) => extractId)))
  await lake.remove(leftovers.map(({ key }) => key))
}

/** One file on its way from one lake to another. */
export interface Copied {
  readonly key: string
  readonly sizeBytes: number
  /** `there`: the same bytes were there already. */
  readonly outcome: 'copied' | 'there'
}

/** One file that a copy would look at. */
export interface CopyPlan {
  readonly key: string
  readonly sizeBytes: number
  /** `there`: something is under its key already; the copy compares it by hash. */
  readonly state: 'copy' | 'there'
}

/** What `copyLake` would do, in its order; nothing is written and no file is read. */
export async function* planCopy(from: Lake, to: Lake): AsyncGenerator<CopyPlan, void, undefined> {
  const kept = new Set<string>()
  for await (const { key } of to.list('raw')) kept.add(key)
  for await (const account of manifestAccounts(from))
    for (const entry of await readManifest(from, account))
      for (const { key, bytes } of entry.status === 'landed' ? entry.files : [])
        yield { key, sizeBytes: bytes, state: kept.has(key) ? 'there' : 'copy' }
}

/**
 * Copies everything that the manifests of one lake name into another: files first, each compared with its hash on the way, then the
 * manifest entry that makes them count. Stopped anywhere and begun again it copies the rest. Entries that the other lake has stay.
 * Throws LAKE_FILE_DAMAGED for bytes that are not those that were written, LAKE_COPY_DIFFERS for a key that has other bytes there.
 */
export async function* copyLake(from: Lake, to: Lake): AsyncGenerator<Copied, void, undefined> {
  for await (const account of manifestAccounts(from)) {
    const there = new Set((await readManifest(to, account)).map(({ extractId }) => extractId))
    for (const entry of await readManifest(from, account)) {
      const isThere = there.has(entry.extractId)
      // What the other lake's manifest names was compared when it was written there.
      for (const file of entry.status === 'landed' ? entry.files : [])
        yield isThere ? { key: file.key, sizeBytes: file.bytes, outcome: 'there' } : await copyFile(from, to, file)
      if (isThere) continue
      await recordEntry(to, entry)
    }
  }
}

async function copyFile(from: Lake, to: Lake, { key, sha256, bytes }: LandedFile): Promise<Copied> {
  await using file = await from.open(key)
  if ((await sha256Of(file.path)) !== sha256) throw new MillraceError('LAKE_FILE_DAMAGED', { key, place: from.place })
  try {
    await to.put(key, { path: file.path }, { ifAbsent: true })
    return { key, sizeBytes: bytes, outcome: 'copied' }
  } catch (error) {
    if (!isMillraceError(error, 'LAKE_CONFLICT')) throw error
    await using other = await to.open(key)
    if ((await sha256Of(other.path)) !== sha256)
      throw new MillraceError('LAKE_COPY_DIFFERS', { key, place: to.place }, { cause: error })
    return { key, sizeBytes: bytes, outcome: 'there' }
  }
}
