import { accountKey } from '../domain/account.ts'
import type { AdAccount } from '../domain/account.ts'
import type { Day } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import { MillraceError, explain } from '../domain/errors.ts'
import type { Platform } from '../domain/platform.ts'
import type { PartitionReport } from '../warehouse/warehouse.ts'
import type { AccountSummary, RunState, RunSummary, Trouble } from './events.ts'
import type { LevelFailure, Loaded } from './load.ts'
import type { AccountPlan, RunPlan } from './plan.ts'

/** What the tasks of a run report, gathered while it works. */
export interface Tally {
  published: number
  unchanged: number
  refused: number
  failed: number
  superseded: number
  rows: number
  rowsChanged: number
  models: number
  dbtTests: { pass: number; warn: number; fail: number }
  checks: { pass: number; warn: number; fail: number }
  readonly troubles: Trouble[]
  /** What came in for an account, by `platform/accountId`. */
  readonly landed: Map<string, { readonly dates: Day[]; rows: number }>
}

export function emptyTally(): Tally {
  return {
    published: 0,
    unchanged: 0,
    refused: 0,
    failed: 0,
    superseded: 0,
    rows: 0,
    rowsChanged: 0,
    models: 0,
    dbtTests: { pass: 0, warn: 0, fail: 0 },
    checks: { pass: 0, warn: 0, fail: 0 },
    troubles: [],
    landed: new Map(),
  }
}

/** Partitions that have come to an end, whichever. */
export function partitionsDone(tally: Tally): number {
  return tally.published + tally.unchanged + tally.refused + tally.failed + tally.superseded
}

/** Takes in what a load did: its partitions, its checks, and why days were refused. */
export function addLoad(tally: Tally, account: AdAccount, { partitions, checks, refusals }: Loaded): void {
  for (const report of partitions) {
    tally[report.outcome] += 1
    if (report.outcome === 'published' || report.outcome === 'unchanged') addLanded(tally, account, report)
    tally.rowsChanged += report.inserted + report.updated + report.deleted
  }
  addJudged(tally, account, { checks, refusals })
}

/** A load below the campaign: its checks and refusals are told; partitions and rows of a run are those of campaigns. */
export function addDetail(tally: Tally, account: AdAccount, { partitions, ...judged }: Loaded): void {
  for (const report of partitions) tally.rowsChanged += report.inserted + report.updated + report.deleted
  addJudged(tally, account, judged)
}

/** Takes in what is missing below the campaign. */
export function addLevelFailure(tally: Tally, { account, days }: AccountPlan, failure: LevelFailure): void {
  const { code, facts, level } = failure
  const { what, why, fix } = explain(code, facts, 'en')
  const { platform, accountId } = account
  const message = `${level}: ${what}. ${why}`
  tally.troubles.push({ platform, accountId, dates: days, code, facts, message, fix })
}

function addJudged(tally: Tally, account: AdAccount, { checks, refusals }: Pick<Loaded, 'checks' | 'refusals'>): void {
  tally.checks.pass += checks.pass
  tally.checks.warn += checks.warn
  tally.checks.fail += checks.fail
  const { platform, accountId } = account
  for (const { code, dates, facts } of refusals) {
    const { what, why, fix } = explain(code, facts, 'en')
    tally.troubles.push({ platform, accountId, dates, code, facts, message: `${what}. ${why}`, fix })
  }
}

function addLanded(tally: Tally, account: AdAccount, report: PartitionReport): void {
  const key = accountKey(account)
  const landed = tally.landed.get(key) ?? { dates: [], rows: 0 }
  landed.dates.push(report.date)
  landed.rows += report.rows
  tally.landed.set(key, landed)
  tally.rows += report.rows
}

/** Takes in the failure of one account's days, or with null of the run as a whole. */
export function addFailure(
  tally: Tally,
  account: { readonly platform: Platform | null; readonly accountId: string | null } | null,
  dates: readonly Day[],
  error: unknown,
): Trouble {
  const known = asMillraceError(error)
  const { what, why, fix } = known.explain('en')
  const trouble: Trouble = {
    platform: account?.platform ?? null,
    accountId: account?.accountId ?? null,
    dates,
    code: known.code,
    facts: known.facts,
    message: `${what}. ${why}`,
    fix,
  }
  tally.failed += account ? dates.length : 0
  tally.troubles.push(trouble)
  return trouble
}

/** An error of ours as it is; anything else is a fault of the program and keeps its own words. */
export function asMillraceError(error: unknown): MillraceError {
  if (error instanceof MillraceError) return error
  return new MillraceError(
    'ORCHESTRATE_UNEXPECTED',
    { detail: error instanceof Error ? error.message : String(error) },
    { cause: error },
  )
}

/** `failed` when nothing at all came through or the models could not be built; `partial` when something is missing. */
function stateOf(tally: Tally): RunState {
  const came = tally.published + tally.unchanged + tally.superseded
  const whole = tally.troubles.some((trouble) => trouble.platform === null)
  if (tally.troubles.length === 0) return 'success'
  return whole || came === 0 ? 'failed' : 'partial'
}

export function summarise(
  plan: RunPlan,
  tally: Tally,
  run: {
    readonly runId: string
    readonly seconds: number
    readonly costTotal: Readonly<Record<string, Decimal>>
    readonly days: number
  },
): RunSummary {
  const { published, unchanged, refused, failed, superseded } = tally
  return {
    runId: run.runId,
    pipeline: plan.pipeline.id,
    state: stateOf(tally),
    since: plan.interval.since,
    until: plan.interval.until,
    days: run.days,
    platforms: [...new Set(plan.accounts.map((one) => one.account.platform))].sort(),
    accounts: plan.accounts.length,
    rows: tally.rows,
    rowsChanged: tally.rowsChanged,
    partitions: {
      published,
      unchanged,
      refused,
      failed,
      superseded,
      waiting: plan.accounts.reduce((sum, one) => sum + one.waiting.length, 0),
    },
    waiting: plan.accounts.flatMap(({ account, waiting }) =>
      waiting.length > 0
        ? [{ platform: account.platform, accountId: account.accountId, zone: account.zone, dates: waiting }]
        : [],
    ),
    perAccount: plan.accounts.map((one) => accountSummary(tally, one)),
    checks: tally.checks,
    models: tally.models,
    dbtTests: tally.dbtTests,
    costTotal: run.costTotal,
    troubles: tally.troubles,
    seconds: run.seconds,
  }
}

/** How one account stands after the run: the worst that happened to it, and what came in all the same. */
function accountSummary(tally: Tally, { account, days }: AccountPlan): AccountSummary {
  const { platform, accountId, name, zone } = account
  const landed = tally.landed.get(accountKey(account)) ?? { dates: [], rows: 0 }
  const own = tally.troubles.filter((one) => one.platform === platform && one.accountId === accountId)
  const refused = own.some((one) => one.code === 'QUALITY_PARTITION_REFUSED')
  const state = own.length === 0 ? (days.length > 0 ? 'landed' : 'waiting') : refused ? 'refused' : 'failed'
  return { platform, accountId, name, zone, state, dates: landed.dates, rows: landed.rows }
}
