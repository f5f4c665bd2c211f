import assert from 'node:assert/strict'
import type { AdAccount } from '../domain/account.ts'
import { accountKey } from '../domain/account.ts'
import type { DayRange } from '../domain/day.ts'
import { daysOf } from '../domain/day.ts'
import { mappingAt } from '../connectors/connector.ts'
import type { ManifestEntry } from '../lake/manifest.ts'
import { levels, platforms } from '../domain/platform.ts'
import { newestExtract, readManifest } from '../lake/manifest.ts'
import type { AccountChoice } from './accounts.ts'
import { knownAccounts } from './accounts.ts'
import type { LoadSpec, Loaded } from './load.ts'
import { loadExtract, loadSpecOf, platformSpec } from './load.ts'
import type { Ports } from './ports.ts'

/** What is mapped again of one account: its extracts in the order in which they were asked for. */
export interface AccountReload {
  readonly account: AdAccount
  /** The connector of the platform's own numbers; undefined when it is not configured: then files and other sources alone are read. */
  readonly spec: LoadSpec | undefined
  readonly extracts: readonly ManifestEntry[]
  /** Rows that will be read, of all extracts. */
  readonly rows: number
}

export interface ReloadRequest extends AccountChoice {
  readonly range: DayRange
}

/**
 * Which extracts of the lake hold the newest word on the days of a range, for every account that was ever seen: of configured
 * platforms, and of files and other sources, whose mapping lies beside their rows. Asks the lake and the warehouse and no platform.
 */
export async function planReload(ports: Ports, request: ReloadRequest): Promise<readonly AccountReload[]> {
  const plans: AccountReload[] = []
  for (const platform of request.platforms ?? platforms) {
    const spec = platformSpec(ports, platform)
    for (const account of await knownAccounts(ports, platform)) {
      if (request.accountIds && !request.accountIds.includes(account.accountId)) continue
      const newest = newestOf(await readManifest(ports.lake, account), request.range)
      const extracts = newest.filter((entry) => loadSpecOf(entry, spec))
      const rows = extracts.reduce((sum, one) => sum + one.rows, 0)
      if (extracts.length > 0) plans.push({ account, spec, extracts, rows })
    }
  }
  return plans.toSorted((a, b) => (accountKey(a.account) < accountKey(b.account) ? -1 : 1))
}

/** Pure: the extracts that are the newest of at least one day of the range on their level, each once. */
function newestOf(entries: readonly ManifestEntry[], range: DayRange): readonly ManifestEntry[] {
  const newest = new Set(
    levels.flatMap((level) => daysOf(range).flatMap((date) => newestExtract(entries, date, level) ?? [])),
  )
  return entries.filter((entry) => newest.has(entry))
}

export interface ReloadedAccount {
  readonly account: AdAccount
  readonly loads: readonly Loaded[]
}

/**
 * Carries a plan out, account after account: read from the lake, mapped by its own mapping or the connector's present one, audited, published. What
 * differs from what is published is a restatement like any other. A day that a later extract published stays as it is.
 */
export async function* reload(
  ports: Ports,
  plans: readonly AccountReload[],
  signal: AbortSignal,
): AsyncGenerator<ReloadedAccount, void, undefined> {
  for (const { account, spec: ofPlatform, extracts } of plans) {
    const loads: Loaded[] = []
    for (const extract of extracts) {
      signal.throwIfAborted()
      const spec = loadSpecOf(extract, ofPlatform)
      assert(spec, 'an extract whose meaning nobody knows is in no plan')
      // A repair trusts nothing that it has not read: the fingerprint of an old mapping says nothing about a new one.
      const record = { ...extract, kind: 'repair', mapVersion: mappingAt(spec, extract.level).version } as const
      loads.push(await loadExtract(ports, spec, account, record))
    }
    yield { account, loads }
  }
}
