import type { AdAccount } from '../domain/account.ts'
import { accountKey } from '../domain/account.ts'
import type { DayRange } from '../domain/day.ts'
import { daysOf } from '../domain/day.ts'
import type { ConnectorSpec } from '../connectors/connector.ts'
import { mappingAt } from '../connectors/connector.ts'
import type { ManifestEntry } from '../lake/manifest.ts'
import { levels } from '../domain/platform.ts'
import { newestExtract, readManifest } from '../lake/manifest.ts'
import type { AccountChoice } from './accounts.ts'
import { knownAccounts } from './accounts.ts'
import type { Loaded } from './load.ts'
import { loadExtract } from './load.ts'
import type { Ports } from './ports.ts'

/** What is mapped again of one account: its extracts in the order in which they were asked for. */
export interface AccountReload {
  readonly account: AdAccount
  readonly spec: ConnectorSpec
  readonly extracts: readonly ManifestEntry[]
  /** Rows that will be read, of all extracts. */
  readonly rows: number
}

export interface ReloadRequest extends AccountChoice {
  readonly range: DayRange
}

/**
 * Which extracts of the lake hold the newest word on the days of a range, for every account whose platform is configured. Asks the
 * lake and the warehouse and no platform. Files that people imported are not here: their mapping came with the import.
 */
export async function planReload(ports: Ports, request: ReloadRequest): Promise<readonly AccountReload[]> {
  const plans: AccountReload[] = []
  for (const spec of new Set(ports.connections.map(({ connector }) => connector.spec))) {
    const { platform } = spec
    if (platform === 'file' || (request.platforms && !request.platforms.includes(platform))) continue
    for (const account of await knownAccounts(ports, platform)) {
      if (request.accountIds && !request.accountIds.includes(account.accountId)) continue
      const extracts = newestOf(await readManifest(ports.lake, account), request.range)
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
  return entries.filter((entry) => newest.has(entry) && entry.apiVersion !== importedVersion)
}

/** What the file connector writes where a platform's version stands. */
const importedVersion = 'csv'

export interface ReloadedAccount {
  readonly account: AdAccount
  readonly loads: readonly Loaded[]
}

/**
 * Carries a plan out, account after account: read from the lake, mapped by the connector's present mapping, audited, published. What
 * differs from what is published is a restatement like any other. A day that a later extract published stays as it is.
 */
export async function* reload(
  ports: Ports,
  plans: readonly AccountReload[],
  signal: AbortSignal,
): AsyncGenerator<ReloadedAccount, void, undefined> {
  for (const { account, spec, extracts } of plans) {
    const loads: Loaded[] = []
    for (const extract of extracts) {
      signal.throwIfAborted()
      // A repair trusts nothing that it has not read: the fingerprint of an old mapping says nothing about a new one.
      const record = { ...extract, kind: 'repair', mapVersion: mappingAt(spec, extract.level).version } as const
      loads.push(await loadExtract(ports, spec, account, record))
    }
    yield { account, loads }
  }
}
