import type { AdAccount } from '../domain/account.ts'
import type { Day } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Platform } from '../domain/platform.ts'
import type { ManifestEntry } from '../lake/manifest.ts'
import { readManifest } from '../lake/manifest.ts'
import type { Override } from '../quality/override.ts'
import { knownAccounts } from './accounts.ts'
import type { LoadSpec, Loaded } from './load.ts'
import { loadExtract, loadSpecOf, platformSpec } from './load.ts'
import type { Ports } from './ports.ts'

/** One account's day. */
export interface RefusedDay {
  readonly platform: Platform
  readonly accountId: string
  readonly date: Day
}

/** What is refused of a day, and what it takes to publish it after all. */
export interface Refused {
  readonly account: AdAccount
  readonly spec: LoadSpec
  readonly extract: ManifestEntry
  readonly date: Day
  /** The checks that refused it. */
  readonly refusedBy: readonly string[]
  readonly isStale: boolean
}

/**
 * The extract that was refused last for a day, from the lake. Throws QUALITY_NOTHING_REFUSED when nothing is refused there, when its raw
 * rows are gone, or when its platform is no longer configured.
 */
export async function findRefused(ports: Ports, { platform, accountId, date }: RefusedDay): Promise<Refused> {
  const nothing = (reason: 'published' | 'raw_gone' | 'not_configured') =>
    new MillraceError('QUALITY_NOTHING_REFUSED', { platform, accountId, date, reason })
  const [state] = await ports.warehouse.query<{
    readonly extract: string | null
    readonly codes: readonly string[]
    readonly state: string
  }>(
    `select problem_extract_id::text as extract, problem_codes as codes, state from partition_state
     where platform = $1 and account_id = $2 and level = 'campaign' and breakdown_key = '' and date = $3`,
    [platform, accountId, date],
  )
  if (!state || state.extract === null) throw nothing('published')
  const account = (await knownAccounts(ports, platform)).find((one) => one.accountId === accountId)
  if (!account) throw nothing('not_configured')
  const extract = (await readManifest(ports.lake, account)).find((one) => one.extractId === state.extract)
  if (!extract) throw nothing('raw_gone')
  const spec = loadSpecOf(extract, platformSpec(ports, platform))
  if (!spec) throw nothing('not_configured')
  return { account, spec, extract, date, refusedBy: state.codes, isStale: state.state === 'stale' }
}

/** Loads the refused extract again and publishes that one day against its checks; its other days are judged as ever. */
export function publishRefused(ports: Ports, refused: Refused, decision: Omit<Override, 'date'>): Promise<Loaded> {
  const { account, spec, extract, date } = refused
  return loadExtract(ports, spec, account, extract, { override: { ...decision, date } })
}
