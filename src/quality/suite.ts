import { createHash } from 'node:crypto'
import type { AdAccount } from '../domain/account.ts'
import { isoInstant } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Session } from '../warehouse/warehouse.ts'
import { builtinChecks } from './builtin.ts'
import type { Check, Dimension, OnFail, Severity } from './check.ts'
import { onFailOf } from './check.ts'
import { compileLibrary, compileUse } from './compile.ts'
import type { ParsedCheck, ParsedQuality } from './config-check.ts'
import { idShape } from './config-schema.ts'
import type { OverrideConfig, SqlCheckConfig } from './config-schema.ts'
import type { PostCheck } from './post-checks.ts'
import type { Tolerances } from './post-judge.ts'
import type { CheckResult } from './result.ts'

/** A check that is a query of a person's own, run where it can only read. */
export interface SqlCheck {
  readonly id: string
  readonly dimension: Dimension
  readonly severity: Severity
  readonly blocking: boolean
  readonly onFail: OnFail
  readonly config: SqlCheckConfig
}

/** A failure that somebody decided not to hear of. Undefined parts of `where` match everything. */
export interface Mute {
  readonly checkId: string
  readonly platform?: string | undefined
  readonly accountId?: string | undefined
  readonly seriesKey?: string | undefined
  readonly reason: string
  readonly by: string
  /** The instant at which it ends. */
  readonly untilMs: number
}

/** Everything that a project checks: the built-in checks with its changes, and its own. */
export interface Suite {
  readonly checks: readonly Check[]
  readonly sqlChecks: readonly SqlCheck[]
  readonly overrides: readonly OverrideConfig[]
  readonly mutes: readonly Mute[]
  /** Columns that never appear in samples, by the names under which people read them. */
  readonly hidden: readonly string[]
  readonly settings: SuiteSettings
  /** Of the configuration; null when there is none. A result says by it under which rules it was made. */
  readonly hash: string | null
}

/** What the later checks are told by the project. */
export interface SuiteSettings {
  /** Hours after the end of a day, in its account's zone, at which it is due. */
  readonly dueHours: number
  /** Shares by metric and platform; `*` is every platform. */
  readonly tolerances: ReadonlyMap<string, Tolerances>
}

const defaultSettings: SuiteSettings = { dueHours: 12, tolerances: new Map() }

export const builtinSuite: Suite = {
  settings: defaultSettings,
  checks: builtinChecks,
  sqlChecks: [],
  overrides: [],
  mutes: [],
  hidden: [],
  hash: null,
}

/** The suite of a project's files. Throws QUALITY_CHECK_ID_INVALID when two of them have the same check. */
export function compileSuite(files: readonly ParsedQuality[]): Suite {
  const own = files.flatMap((file) => file.checks)
  const uses = new Map(own.flatMap((one) => (one.kind === 'builtin' ? [[one.config.use, one.config] as const] : [])))
  const suite: Suite = {
    checks: [
      ...builtinChecks.map((check: Check) => {
        const use = uses.get(check.id)
        return use ? { ...compileUse(check, use), ...wordsIn(use) } : check
      }),
      ...own.flatMap((one) =>
        one.kind === 'library' ? [{ ...compileLibrary(one.id, one.config), ...wordsIn(one.config) }] : [],
      ),
    ],
    sqlChecks: own.flatMap((one) => (one.kind === 'sql' ? [sqlCheckOf(one)] : [])),
    overrides: files.flatMap((file) => file.overrides),
    mutes: files.flatMap((file) =>
      file.mutes.map((one) => ({
        checkId: one.check,
        platform: one.where?.platform,
        accountId: one.where?.account,
        reason: one.reason,
        by: one.by,
        untilMs: Date.parse(`${one.until}T23:59:59.999Z`),
      })),
    ),
    settings: {
      dueHours: files.map((file) => file.dueHours).findLast((one) => one !== undefined) ?? defaultSettings.dueHours,
      tolerances: new Map(files.flatMap((file) => Object.entries(file.tolerances))),
    },
    hidden: [...new Set(files.flatMap((file) => file.hidden))].sort(),
    hash: files.length === 0 ? null : createHash('sha256').update(JSON.stringify(files)).digest('hex'),
  }
  assertIds([...suite.checks, ...suite.sqlChecks])
  return suite
}

/** Throws QUALITY_CHECK_ID_INVALID for an id that results cannot be kept under, or that two checks have. */
export function assertIds(checks: readonly { readonly id: string }[]): void {
  const seen = new Set<string>()
  for (const { id } of checks) {
    if (!idShape.test(id) || seen.has(id)) throw new MillraceError('QUALITY_CHECK_ID_INVALID', { checkId: id })
    seen.add(id)
  }
}

function wordsIn({
  description,
  fix,
}: {
  readonly description?: string | undefined
  readonly fix?: string | undefined
}) {
  return description === undefined && fix === undefined ? {} : { words: { rule: description, fix } }
}

function sqlCheckOf({ id, config }: Extract<ParsedCheck, { kind: 'sql' }>): SqlCheck {
  const { dimension = 'accuracy', severity = 'error', onFail = 'block' } = config
  return { id, dimension, severity, blocking: onFail === 'block', onFail, config }
}

type Named = Pick<AdAccount, 'platform' | 'accountId'>

/** The check as it is in force for one account at one instant. */
export function inForce<One extends Check | SqlCheck | PostCheck>(
  check: One,
  { overrides }: Pick<Suite, 'overrides'>,
  account: Named,
  nowMs: number,
): One {
  const today = isoInstant(nowMs).slice(0, 10)
  let now = check
  for (const { match, checks, until } of overrides) {
    const change = checks[check.id]
    const isMeant =
      (match.platform === undefined || match.platform === account.platform) &&
      (match.account === undefined || match.account === account.accountId)
    if (!change || !isMeant || until < today) continue
    const onFail = change.onFail ?? onFailOf(now)
    now = { ...now, severity: change.severity ?? now.severity, onFail, blocking: onFail === 'block' }
  }
  return now
}

interface MuteRow extends Readonly<Record<string, unknown>> {
  readonly check_id: string
  readonly platform: string | null
  readonly account_id: string | null
  readonly series_key: string | null
  readonly reason: string
  readonly muted_by: string
  readonly until: Date
}

/**
 * The mutes that are in force: those of the files and those that were made by command. Clocks of two programs may differ by a little, so
 * that one made this minute counts; one made later than that does not, because a replay must not hear of it.
 */
export async function mutesInForce(session: Session, suite: Suite, nowMs: number): Promise<readonly Mute[]> {
  const rows = await session.query<MuteRow>(
    `select check_id, platform, account_id, series_key, reason, muted_by, until from dq_mute
     where until > $1 and created_at <= $1::timestamptz + interval '1 minute' and ended_at is null order by mute_id`,
    [isoInstant(nowMs)],
  )
  const stored = rows.map((row): Mute => ({
    checkId: row.check_id,
    platform: row.platform ?? undefined,
    accountId: row.account_id ?? undefined,
    seriesKey: row.series_key ?? undefined,
    reason: row.reason,
    by: row.muted_by,
    untilMs: row.until.getTime(),
  }))
  return [...suite.mutes, ...stored].filter((one) => one.untilMs > nowMs)
}

/**
 * The result as it counts: a failure or a warning that is muted is `muted`, neither blocks nor enters a score, and says who asked for
 * it, why and how long. An error is never muted: that a check could not be carried out is another thing than what it would have found.
 */
export function muted(result: CheckResult, mutes: readonly Mute[], account: Named): CheckResult {
  if (result.outcome !== 'fail' && result.outcome !== 'warn') return result
  const found = mutes.find(
    (one) =>
      one.checkId === result.checkId &&
      (one.platform === undefined || one.platform === account.platform) &&
      (one.accountId === undefined || one.accountId === account.accountId) &&
      (one.seriesKey === undefined || one.seriesKey === result.seriesKey),
  )
  if (!found) return result
  const { reason, by, untilMs } = found
  return {
    ...result,
    outcome: 'muted',
    facts: {
      ...result.facts,
      mutedOutcome: result.outcome,
      muteReason: reason,
      mutedBy: by,
      mutedUntil: isoInstant(untilMs),
    },
  }
}
