import type { Connector } from '../connectors/connector.ts'
import type { Clock, Random } from '../domain/clock.ts'
import type { Language } from '../domain/errors.ts'
import type { NamingRule } from '../domain/naming.ts'
import { levels } from '../domain/platform.ts'
import type { Level } from '../domain/platform.ts'
import type { Lake } from '../lake/lake.ts'
import type { Notifier } from '../notify/notifier.ts'
import type { Suite } from '../quality/suite.ts'
import type { Runner } from '../transform/runner.ts'
import type { ReadOnly } from '../warehouse/read-only.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'

/** A connector opened with one connection's credentials, and the accounts that the configuration narrows it to. */
export interface OpenConnection {
  readonly name: string
  readonly connector: Connector
  /** Empty: every account that the credentials reach. */
  readonly accountIds: readonly string[]
  /** Levels read beside the campaign, by account; `*` is every account that is not named. None when left out. */
  readonly levels?: Readonly<Record<string, readonly Level[]>> | undefined
}

/**
 * Pure: the levels that an account is read on, in order, the campaign first. Where ads or ad groups are read, so are asset groups, for
 * platforms that have them: without them Performance Max would be missing.
 */
export function levelsOf(
  { connector, levels: declared = {} }: Pick<OpenConnection, 'connector' | 'levels'>,
  accountId: string,
): readonly Level[] {
  const wanted = new Set<Level>(['campaign', ...(declared[accountId] ?? declared['*'] ?? [])])
  if (wanted.size > 1 && connector.spec.levels.includes('asset_group')) wanted.add('asset_group')
  return levels.filter((level) => wanted.has(level))
}

/** Where the dbt project lies and how it is told about the warehouse. */
export interface DbtProject {
  readonly projectDir: string
  readonly profilesDir: string
  readonly vars: Readonly<Record<string, unknown>>
  readonly threads: number
}

export interface Channel {
  readonly name: string
  readonly notifier: Notifier
  readonly language: Language
}

/** What loads are judged by: the project's checks, and where queries of its own run. */
export interface QualityPort {
  readonly suite: Suite
  readonly reader: ReadOnly
}

/** Everything a pipeline works with, opened from one configuration. Disposing it closes all of it. */
export interface Ports extends AsyncDisposable {
  readonly clock: Clock
  readonly random: Random
  readonly fetch: typeof fetch
  /** As they were when `followConnections` was last called. */
  readonly connections: readonly OpenConnection[]
  /** Takes in what was added to, changed in or removed from the project's connections. Throws CONFIG_*; the list is then as it was. */
  readonly followConnections?: (() => Promise<void>) | undefined
  readonly lake: Lake
  readonly warehouse: Warehouse
  readonly runner: Runner
  /** Null when the project has no dbt step. */
  readonly dbt: DbtProject | null
  readonly channels: readonly Channel[]
  /** How entities are to be called; none when left out. */
  readonly naming?: readonly NamingRule[] | undefined
  /** Where reference rates of currencies come from; without it nothing is converted that was not loaded by hand. */
  readonly rates?: { readonly files: readonly string[]; readonly url: string | null } | undefined
  /** The built-in checks alone when left out. */
  readonly quality?: QualityPort
  /** Folder for spools and other files that may be lost at any time. */
  readonly scratchDir: string
  /** Days that superseded raw files stay in the lake; undefined: nobody lets them go. */
  readonly retentionRawDays?: number | undefined
  /** Accounts that are worked on at the same time. */
  readonly parallelAccounts: number
}
