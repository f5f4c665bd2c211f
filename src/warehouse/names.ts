import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import type { NameReading, NamingRule } from '../domain/naming.ts'
import type { Level, Platform } from '../domain/platform.ts'
import { addressesUntold } from '../domain/url-tags.ts'
import { statement } from './statements.ts'
import type { Session, Warehouse } from './warehouse.ts'

/** The rules as the newest version; the same rules as the newest make none. Returns its number. */
export function putNamingVersion(
  warehouse: Pick<Warehouse, 'transaction'>,
  rules: readonly NamingRule[],
  atMs: number,
): Promise<number> {
  return warehouse.transaction(async (session) => {
    await session.query(`select pg_advisory_xact_lock(hashtextextended('naming_version', 0))`)
    const [newest] = await session.query<{ readonly version: number; readonly same: boolean }>(
      'select version, rules = $1::jsonb as same from naming_version order by version desc limit 1',
      [JSON.stringify(rules)],
    )
    if (newest?.same) return newest.version
    const version = (newest?.version ?? 0) + 1
    await session.query('insert into naming_version (version, rules, created_at) values ($1, $2, $3)', [
      version,
      JSON.stringify(rules),
      isoInstant(atMs),
    ])
    return version
  })
}

/** A name that somebody bears or bore. */
export interface BorneName extends Readonly<Record<string, unknown>> {
  readonly platform: Platform
  readonly level: Level
  readonly name: string
}

/** Names that have no reading of the version yet, at most so many. A stub has no name of its own. */
export function unreadNames(session: Session, version: number, limit: number): Promise<readonly BorneName[]> {
  return session.query<BorneName>(
    `select distinct e.platform, e.level, e.name from dim_entity e
     where not e.is_stub and not exists (
       select 1 from name_reading r where r.version = $1 and r.platform = e.platform and r.level = e.level and r.name = e.name)
     order by e.platform, e.level, e.name limit $2`,
    [version, limit],
  )
}

export async function storeReadings(
  session: Session,
  version: number,
  readings: readonly (BorneName & { readonly reading: NameReading })[],
): Promise<void> {
  const rows = readings.map(({ platform, level, name, reading }) => ({ platform, level, name, ...reading }))
  await session.query(
    `insert into name_reading (version, platform, level, name, outcome, rule, segments, segment, found)
     select $1, r.platform, r.level, r.name, r.outcome, r.rule, r.segments, r.segment, r.found
     from jsonb_to_recordset($2::jsonb) as r (platform text, level text, name text, outcome text, rule text, segments jsonb, segment text, found text)
     on conflict do nothing`,
    [version, JSON.stringify(rows)],
  )
}

/** How far the names of an account follow the rules in force. */
export interface NamingCoverage extends Readonly<Record<string, unknown>> {
  readonly platform: Platform
  readonly accountId: string
  /** Null: nobody has read its names yet. */
  readonly version: number | null
  readonly campaigns: number
  readonly matched: number
  readonly ambiguous: number
  readonly violations: number
  /** Of the campaigns, 0 to 1. */
  readonly coverage: string
  /** Of the money spent since the day, 0 to 1; null when none was. */
  readonly costCoverage: string | null
}

export interface NamingQuestion {
  readonly since: Day
  readonly platforms?: readonly string[] | undefined
  readonly accountIds?: readonly string[] | undefined
}

export function readNamingCoverage(
  session: Session,
  { since, platforms, accountIds }: NamingQuestion,
): Promise<readonly NamingCoverage[]> {
  return session.query<NamingCoverage>(statement('naming-coverage'), [since, platforms ?? null, accountIds ?? null])
}

/** A campaign whose name the rules do not read, or read in two ways. */
export interface NamingViolation extends Readonly<Record<string, unknown>> {
  readonly platform: Platform
  readonly accountId: string
  readonly campaignId: string
  readonly name: string
  readonly outcome: 'ambiguous' | 'violation'
  readonly rule: string
  readonly segment: string | null
  readonly found: string | null
}

export function readNamingViolations(
  session: Session,
  { platforms, accountIds }: Omit<NamingQuestion, 'since'>,
): Promise<readonly NamingViolation[]> {
  return session.query<NamingViolation>(
    `select platform, account_id as "accountId", campaign_id as "campaignId", campaign_name as name, outcome, rule, segment, found
     from campaign_names
     where outcome in ('ambiguous', 'violation') and ($1::text[] is null or platform = any ($1::text[])) and ($2::text[] is null or account_id = any ($2::text[]))
     order by platform, account_id, campaign_id`,
    [platforms ?? null, accountIds ?? null],
  )
}

/** What a click of a campaign tells the landing page. */
export interface CampaignUtm extends Readonly<Record<string, unknown>> {
  readonly platform: Platform
  readonly accountId: string
  readonly campaignId: string
  readonly name: string
  readonly source: string | null
  readonly medium: string | null
  readonly campaign: string | null
  /** There is a source, and the campaign's id or name: a click finds its way back. */
  readonly leadsBack: boolean
  /** Placeholders that the platform does not know, with commas between. */
  readonly unknown: string
}

/** Accounts of platforms whose campaigns tell no address. */
export function readUntoldAccounts(
  session: Session,
  { platforms, accountIds }: Omit<NamingQuestion, 'since'>,
): Promise<readonly { readonly platform: Platform; readonly accountId: string; readonly name: string | null }[]> {
  return session.query(
    `select platform, account_id as "accountId", name from dim_account
     where is_current and platform = any ($1) and ($2::text[] is null or platform = any ($2::text[])) and ($3::text[] is null or account_id = any ($3::text[]))
     order by platform, account_id`,
    [Object.keys(addressesUntold), platforms ?? null, accountIds ?? null],
  )
}

/** Present campaigns whose addresses the platform tells; those that lead nowhere first. */
export function readCampaignUtm(
  session: Session,
  { platforms, accountIds }: Omit<NamingQuestion, 'since'>,
): Promise<readonly CampaignUtm[]> {
  return session.query<CampaignUtm>(statement('campaign-utm'), [platforms ?? null, accountIds ?? null])
}
