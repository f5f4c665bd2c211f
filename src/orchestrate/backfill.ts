import { isoInstant } from '../domain/clock.ts'
import type { Day, DayRange } from '../domain/day.ts'
import { addDays, dayAt, daysOf, isClosed } from '../domain/day.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { AdAccount } from '../domain/account.ts'
import { accountKey } from '../domain/account.ts'
import type { Random } from '../domain/clock.ts'
import type { SqlRow, Warehouse } from '../warehouse/warehouse.ts'
import { promote } from './embedded-settle.ts'
import { trigger } from './embedded-engine.ts'
import type { Engine } from './engine.ts'
import { uuid } from './identity.ts'
import type { Reprocess } from './reprocess.ts'
import { sql } from './sql.ts'

export interface BackfillAsk {
  readonly pipeline: string
  readonly range: DayRange
  readonly reprocess: Reprocess
  readonly accounts: readonly {
    readonly account: AdAccount
    readonly settleMs: number
    readonly retentionDays: number
    /** Calls that the platform answers on one day at most, where it says so. */
    readonly operationsPerDayMax?: number | undefined
  }[]
  readonly nowMs: number
}

export interface BackfillPlan {
  /** Days that get a run, newest first, each with its accounts. */
  readonly days: readonly { readonly day: Day; readonly accounts: readonly string[] }[]
  /** Calls to each platform: what a day of an account has cost here lately, or one where none was loaded yet. */
  readonly operations: Readonly<Record<string, number>>
  readonly quotas: Readonly<Record<string, QuotaPlan>>
  /** By how long tasks of each kind took here lately, and how long quotas make it wait; null when there were none. */
  readonly minutes: number | null
}

/** Calls against what the platform answers on one day. */
export interface QuotaPlan {
  readonly accountDays: number
  /** Measured; null: nothing was loaded yet, and one is assumed. */
  readonly callsOfDay: number | null
  /** Of the present UTC day. */
  readonly used: number
  /** Null where the platform names no number of calls a day. */
  readonly perDay: number | null
  /** Days over which the quota spreads the calls, the present one included. */
  readonly days: number
}

const normal = () => null

/** What a backfill would do, without doing it. Asks the warehouse and no platform. */
export async function planBackfill(
  warehouse: Pick<Warehouse, 'query'>,
  ask: BackfillAsk,
  runsActiveMax: number,
): Promise<BackfillPlan> {
  const { range, reprocess, accounts, nowMs } = ask
  const rows = await warehouse.query(
    `select platform || '/' || account_id as account, date, state from partition_state
     where level = 'campaign' and breakdown_key = '' and date between $1 and $2`,
    [range.since, range.until],
  )
  const states = new Map(rows.map((row) => [`${String(row['account'])} ${String(row['date'])}`, String(row['state'])]))
  const isWanted = (account: string, day: Day): boolean => {
    const state = states.get(`${account} ${day}`)
    return reprocess === 'all' || (reprocess === 'missing' ? state === undefined : state === reprocess)
  }
  const days = daysOf(range)
    .toReversed()
    .map((day) => ({
      day,
      accounts: accounts
        .filter(
          ({ account, settleMs, retentionDays }) =>
            isClosed(day, account.zone, nowMs, settleMs) && day >= addDays(dayAt(nowMs, account.zone), -retentionDays),
        )
        .map(({ account }) => accountKey(account))
        .filter((key) => isWanted(key, day)),
    }))
    .filter((one) => one.accounts.length > 0)
  const quotas = await quotasOf(warehouse, ask, days)
  const operations = Object.fromEntries(
    Object.entries(quotas).map(([platform, { accountDays, callsOfDay }]) => [
      platform,
      Math.ceil(accountDays * (callsOfDay ?? 1)),
    ]),
  )
  return { days, operations, quotas, minutes: await minutesOf(warehouse, { days, quotas }, runsActiveMax) }
}

async function quotasOf(
  warehouse: Pick<Warehouse, 'query'>,
  { accounts, nowMs }: BackfillAsk,
  days: BackfillPlan['days'],
): Promise<Readonly<Record<string, QuotaPlan>>> {
  const measured = await warehouse.query(sql('calls-of-day'), [isoInstant(nowMs)])
  const counts = new Map<string, number>()
  for (const key of days.flatMap((one) => one.accounts)) {
    const platform = key.split('/')[0] ?? ''
    counts.set(platform, (counts.get(platform) ?? 0) + 1)
  }
  return Object.fromEntries(
    [...counts].map(([platform, accountDays]) => {
      const row = measured.find((one) => one['platform'] === platform)
      const callsOfDay = typeof row?.['calls'] === 'number' ? row['calls'] : null
      const used = Number(row?.['used'] ?? 0)
      const perDay = accounts.find((one) => one.account.platform === platform)?.operationsPerDayMax ?? null
      const calls = accountDays * (callsOfDay ?? 1)
      return [
        platform,
        { accountDays, callsOfDay, used, perDay, days: perDay === null ? 1 : daysFor(calls, used, perDay) },
      ]
    }),
  )
}

/** Pure: over how many days a quota spreads the calls, when some of the first day's are used. */
export function daysFor(calls: number, used: number, perDay: number): number {
  return calls <= perDay - used ? 1 : 1 + Math.ceil((calls - Math.max(0, perDay - used)) / perDay)
}

const tasksAtOnce = 4

/** The work spread over what may go on at once, or the nights that a quota waits, whichever is longer. */
async function minutesOf(
  warehouse: Pick<Warehouse, 'query'>,
  { days, quotas }: Pick<BackfillPlan, 'days' | 'quotas'>,
  runsActiveMax: number,
): Promise<number | null> {
  const rows = await warehouse.query(sql('worker-seconds'))
  if (rows.length === 0) return null
  const seconds = Object.fromEntries(rows.map((row) => [String(row['kind']), Number(row['seconds'])]))
  const accountDays = days.reduce((sum, one) => sum + one.accounts.length, 0)
  const ofAccounts = (accountDays * ((seconds['extract'] ?? 0) + (seconds['load'] ?? 0))) / tasksAtOnce
  const ofModels = (days.length * (seconds['dbt'] ?? 0)) / runsActiveMax
  const waitsDays = Math.max(1, ...Object.values(quotas).map((one) => one.days)) - 1
  return Math.max((ofAccounts + ofModels) / 60, waitsDays * 24 * 60)
}

/**
 * Makes the backfill and a queued run for each of its days, newest first, in one transaction. They have a budget of their own and a
 * lower priority, so that today's run is never kept waiting. A day whose run is under way is left to it.
 */
export async function startBackfill(
  warehouse: Pick<Warehouse, 'transaction'>,
  ask: BackfillAsk,
  plan: BackfillPlan,
  { runsActiveMax, random }: { readonly runsActiveMax: number; readonly random: Random },
): Promise<string> {
  const { pipeline, range, reprocess, nowMs } = ask
  const backfillId = uuid(nowMs, random)
  await warehouse.transaction(async (session) => {
    await session.query(
      `insert into engine_backfill (backfill_id, pipeline, since, until, reprocess, runs_active_max, state, created_at)
       values ($1, $2, $3, $4, $5, $6, 'running', $7)`,
      [backfillId, pipeline, range.since, range.until, reprocess, runsActiveMax, isoInstant(nowMs)],
    )
    for (const [place, { day, accounts }] of plan.days.entries()) {
      const conf = { kind: 'repair', days: Object.fromEntries(accounts.map((key) => [key, [day]])) }
      const priority = -10 - place
      const request = { pipeline, partitionKey: day, kind: 'backfill', priority, conf, backfillId, accounts } as const
      await trigger(session, request, uuid(nowMs, random), normal).catch((error: unknown) => {
        if (!isMillraceError(error, 'ORCHESTRATE_RUN_LIVE')) throw error
      })
    }
  })
  return backfillId
}

/** Every backfill with how far it is, newest first. */
export function listBackfills(warehouse: Pick<Warehouse, 'query'>, limit: number): Promise<readonly SqlRow[]> {
  return warehouse.query(sql('backfills'), [limit])
}

/** Runs of it that have begun go on to their end; no other begins. */
export function pauseBackfill(warehouse: Pick<Warehouse, 'query' | 'transaction'>, name: string): Promise<void> {
  return turn(warehouse, name, 'paused')
}

export function resumeBackfill(warehouse: Pick<Warehouse, 'query' | 'transaction'>, name: string): Promise<void> {
  return turn(warehouse, name, 'running')
}

/** Stops what runs of it and begins nothing more. */
export async function cancelBackfill(
  warehouse: Pick<Warehouse, 'query' | 'transaction'>,
  engine: Pick<Engine, 'cancel'>,
  name: string,
): Promise<number> {
  await turn(warehouse, name, 'cancelled')
  const live = await warehouse.query(
    `select run_id from engine_run where starts_with(backfill_id::text, $1) and state in ('queued', 'running')`,
    [name],
  )
  for (const row of live) await engine.cancel(String(row['run_id']))
  return live.length
}

async function turn(
  warehouse: Pick<Warehouse, 'transaction'>,
  name: string,
  state: 'running' | 'paused' | 'cancelled',
): Promise<void> {
  await warehouse.transaction(async (session) => {
    const [row, other] = await session.query(
      `update engine_backfill set state = $2, ended_at = case when $2 = 'cancelled' then clock_timestamp() end
       where starts_with(backfill_id::text, $1) and state in ('running', 'paused') returning pipeline`,
      [name, state],
    )
    if (!row || other) throw new MillraceError('ORCHESTRATE_BACKFILL_UNKNOWN', { backfill: name })
    if (state === 'running') await promote(session, String(row['pipeline']), normal)
  })
}
