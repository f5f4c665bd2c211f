import type { AdAccount } from '../domain/account.ts'
import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import { dayEndMs } from '../domain/day.ts'
import type { Session, SqlRow } from '../warehouse/warehouse.ts'
import type { CatchupPolicy } from './catch-up.ts'
import { intervalStates, intervalTable } from './run-state.ts'
import type { IntervalEvent, IntervalState } from './run-state.ts'
import type { DayInterval } from './schedule.ts'
import { sql } from './sql.ts'

/** A pipeline as the ledger knows it. */
export interface LedgerPipeline {
  readonly pipeline: string
  readonly cron: string
  readonly zone: string
  readonly startDay: Day
  readonly catchup: CatchupPolicy
  /** How long after it is due an interval may take before somebody is told. */
  readonly deadlineMs: number
}

/** An account whose days are owed, with the delay after its midnight until its numbers have settled. */
export interface LedgerAccount {
  readonly account: Pick<AdAccount, 'platform' | 'accountId' | 'zone'>
  readonly settleMs: number
}

type LedgerTable = 'ledger_day' | 'ledger_account'

/** The interval table for one event as two columns, so that a statement takes exactly the steps that the table has. */
function stepsOf(events: readonly IntervalEvent[]): {
  readonly from: readonly string[]
  readonly event: readonly string[]
  readonly to: readonly string[]
} {
  const steps = events.flatMap((event) =>
    intervalStates.flatMap((state): readonly (readonly [IntervalState, IntervalEvent, IntervalState])[] => {
      const to = intervalTable[state][event]
      return to === null ? [] : [[state, event, to]]
    }),
  )
  return { from: steps.map(([from]) => from), event: steps.map(([, event]) => event), to: steps.map(([, , to]) => to) }
}

/** Writes down what a pipeline owes and when; changing its schedule changes what is planned from then on. */
export async function registerPipeline(session: Session, one: LedgerPipeline): Promise<void> {
  await session.query(
    `insert into ledger_pipeline (pipeline, cron, zone, start_day, catchup, deadline_ms) values ($1, $2, $3, $4, $5, $6)
     on conflict (pipeline) do update set cron = excluded.cron, zone = excluded.zone, start_day = excluded.start_day,
       catchup = excluded.catchup, deadline_ms = excluded.deadline_ms`,
    [one.pipeline, one.cron, one.zone, one.startDay, one.catchup, one.deadlineMs],
  )
}

export interface PlannedDay extends DayInterval {
  readonly pipeline: string
  readonly deadlineMs: number
}

/** Rows of days that are not there yet, each `expected`. */
export async function insertDays(session: Session, days: readonly PlannedDay[], nowMs: number): Promise<void> {
  if (days.length === 0) return
  const instants = (of: (one: PlannedDay) => number) => days.map((one) => isoInstant(of(one)))
  await session.query(
    `insert into ledger_day (pipeline, day, start_at, end_at, due_at, deadline_at, state, updated_at)
     select d.pipeline, d.day, d.start_at, d.end_at, d.due_at, d.deadline_at, 'expected', $7
     from unnest($1::text[], $2::date[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[])
       as d (pipeline, day, start_at, end_at, due_at, deadline_at)
     on conflict do nothing`,
    [
      days.map((one) => one.pipeline),
      days.map((one) => one.day),
      instants((one) => one.startMs),
      instants((one) => one.endMs),
      instants((one) => one.dueMs),
      instants((one) => one.dueMs + one.deadlineMs),
      isoInstant(nowMs),
    ],
  )
}

/** The same days for each account, due on the account's own clock but never before the pipeline works. */
export async function insertAccountDays(
  session: Session,
  days: readonly PlannedDay[],
  accounts: readonly LedgerAccount[],
  nowMs: number,
): Promise<void> {
  const rows = days.flatMap((one) =>
    accounts.map(({ account, settleMs }) => {
      const dueMs = Math.max(one.dueMs, dayEndMs(one.day, account.zone) + settleMs)
      return { ...account, pipeline: one.pipeline, day: one.day, dueMs, deadlineMs: dueMs + one.deadlineMs }
    }),
  )
  if (rows.length === 0) return
  await session.query(
    `insert into ledger_account (pipeline, platform, account_id, day, due_at, deadline_at, state, updated_at)
     select d.pipeline, d.platform, d.account_id, d.day, d.due_at, d.deadline_at, 'expected', $7
     from unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::timestamptz[], $6::timestamptz[])
       as d (pipeline, platform, account_id, day, due_at, deadline_at)
     on conflict do nothing`,
    [
      rows.map((one) => one.pipeline),
      rows.map((one) => one.platform),
      rows.map((one) => one.accountId),
      rows.map((one) => one.day),
      rows.map((one) => isoInstant(one.dueMs)),
      rows.map((one) => isoInstant(one.deadlineMs)),
      isoInstant(nowMs),
    ],
  )
}

/** What the clock alone does: rows fall due, and those past their deadline are late, whether or not a run was ever made. */
export async function passTime(session: Session, table: LedgerTable, nowMs: number): Promise<readonly SqlRow[]> {
  const due = stepsOf(['fall_due'])
  const missed = stepsOf(['miss'])
  const now = isoInstant(nowMs)
  await session.query(
    `update ${table} l set state = m.to_state, updated_at = $3 from unnest($1::text[], $2::text[]) as m (from_state, to_state)
     where l.state = m.from_state and l.due_at <= $3`,
    [due.from, due.to, now],
  )
  // A day with accounts is late when one of them is: what has not closed there cannot be in, and what is in is not missing.
  const isFine =
    table === 'ledger_day'
      ? `exists (select from ledger_account a where a.pipeline = l.pipeline and a.day = l.day) and not exists (
          select from ledger_account a where a.pipeline = l.pipeline and a.day = l.day and a.state <> 'ok' and a.deadline_at <= $3)`
      : 'false'
  const key = table === 'ledger_day' ? 'l.pipeline, l.day' : 'l.pipeline, l.platform, l.account_id, l.day'
  return session.query(
    `update ${table} l set state = m.to_state, late_at = $3, updated_at = $3
     from unnest($1::text[], $2::text[]) as m (from_state, to_state)
     where l.state = m.from_state and l.deadline_at <= $3 and l.late_at is null and not (${isFine})
     returning ${key}, l.due_at, l.deadline_at`,
    [missed.from, missed.to, now],
  )
}

/** How runs and partitions stand is taken over into the ledger. */
export async function takeOver(session: Session, nowMs: number): Promise<void> {
  const { from, event, to } = stepsOf(['begin', 'succeed', 'succeed_in_part', 'fail', 'stop'])
  for (const isUnknown of [true, false])
    await session.query(sql('ledger-from-runs'), [from, event, to, isoInstant(nowMs), isUnknown])
  await session.query(sql('ledger-from-partitions'), [isoInstant(nowMs)])
  await session.query(sql('ledger-from-ended'), [isoInstant(nowMs)])
}

/** Accounts of a day go with its run. */
export async function beginAccounts(
  session: Session,
  begun: { readonly pipeline: string; readonly day: Day; readonly accounts: readonly string[]; readonly runId: string },
  nowMs: number,
): Promise<void> {
  const { pipeline, day, accounts, runId } = begun
  await session.query(sql('begin-accounts'), [pipeline, day, accounts, runId, isoInstant(nowMs)])
}

/** One event for some days of a pipeline; days in whose state it is refused stay as they are. */
export async function markDays(
  session: Session,
  pipeline: string,
  change: {
    readonly days: readonly Day[]
    readonly event: IntervalEvent
    readonly runId?: string | undefined
    readonly nowMs: number
  },
): Promise<number> {
  if (change.days.length === 0) return 0
  const { from, to } = stepsOf([change.event])
  const rows = await session.query(
    `update ledger_day l set state = m.to_state, run_id = coalesce($5::uuid, l.run_id), updated_at = $6
     from unnest($3::text[], $4::text[]) as m (from_state, to_state)
     where l.pipeline = $1 and l.day = any ($2::date[]) and l.state = m.from_state
     returning l.day`,
    [pipeline, change.days, from, to, change.runId ?? null, isoInstant(change.nowMs)],
  )
  return rows.length
}
