import type { Random } from '../domain/clock.ts'
import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import { addDays, dayAt, timeZone } from '../domain/day.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { Session, SqlRow, Warehouse } from '../warehouse/warehouse.ts'
import { catchUp, graceMs } from './catch-up.ts'
import type { CatchupPolicy } from './catch-up.ts'
import { trigger } from './embedded-engine.ts'
import type { Now } from './embedded-settle.ts'
import { uuid } from './identity.ts'
import { beginAccounts, insertAccountDays, insertDays, markDays, passTime, takeOver } from './ledger.ts'
import type { LedgerAccount, PlannedDay } from './ledger.ts'
import { dayInterval, isCalendarDay, scheduleOf } from './schedule.ts'
import type { Schedule } from './schedule.ts'
import { sql } from './sql.ts'

export interface PlannerOptions {
  readonly warehouse: Pick<Warehouse, 'query' | 'transaction'>
  readonly random: Random
  /** Of the schedule: the demo's or a simulation's where there is one. */
  readonly nowMs: number
  /** Of what the engine writes; null is the server's. */
  readonly engineNow: Now
  /** Accounts whose days are owed by a pipeline. */
  readonly accounts: ReadonlyMap<string, readonly LedgerAccount[]>
}

export interface LateRow {
  readonly pipeline: string
  /** Null for the pipeline's own day. */
  readonly account: string | null
  readonly day: Day
}

export interface TickReport {
  /** False: another planner is at it, and nothing was done here. */
  readonly isLeader: boolean
  readonly days: number
  readonly runs: readonly { readonly pipeline: string; readonly day: Day; readonly runId: string }[]
  readonly skipped: number
  /** Newly late, each once in its life. */
  readonly late: readonly LateRow[]
}

const idle: TickReport = { isLeader: false, days: 0, runs: [], skipped: 0, late: [] }

/**
 * One look of the planner at the ledger, in one transaction under an advisory lock, so that any number of planners may run and
 * one plans: rows up to today and tomorrow, what fell due, what is late, how runs stand, and runs for what is owed by the
 * catch-up policy. A crash in between leaves the ledger as it was.
 */
export async function planTick(options: PlannerOptions): Promise<TickReport> {
  return options.warehouse.transaction(async (session) => {
    const [lock] = await session.query(
      `select pg_try_advisory_xact_lock(hashtextextended('millrace planner', 0)) as held`,
    )
    if (lock?.['held'] !== true) return idle
    const planned = await planDays(session, options)
    await takeOver(session, options.nowMs)
    const lateDays = await passTime(session, 'ledger_day', options.nowMs)
    const lateAccounts = await passTime(session, 'ledger_account', options.nowMs)
    const { runs, skipped } = await createRuns(session, options)
    return { isLeader: true, days: planned, runs, skipped, late: [...lateDays, ...lateAccounts].map(lateRow) }
  })
}

function lateRow(row: SqlRow): LateRow {
  const account = row['platform'] === undefined ? null : `${row['platform'] as string}/${row['account_id'] as string}`
  return { pipeline: String(row['pipeline']), account, day: row['day'] as Day }
}

const schedules = new Map<string, Schedule>()

function scheduleNamed(cron: string, zone: string): Schedule {
  const key = `${cron}|${zone}`
  const known = schedules.get(key) ?? scheduleOf(cron, timeZone(zone))
  schedules.set(key, known)
  return known
}

/**
 * Rows from where the last tick ended to tomorrow. A pipeline that was not known before begins with yesterday, or with its start
 * where it catches up with everything; what fell due before anybody could work on it has its deadline from now on, since a project
 * that is a minute old owes nobody an explanation.
 */
async function planDays(session: Session, { nowMs, accounts }: PlannerOptions): Promise<number> {
  const pipelines = await session.query(
    'select pipeline, cron, zone, start_day, catchup, deadline_ms::float8 as deadline_ms, planned_through from ledger_pipeline order by pipeline',
  )
  const days: PlannedDay[] = []
  const through = new Map<string, Day>()
  for (const row of pipelines) {
    const pipeline = String(row['pipeline'])
    const schedule = scheduleNamed(String(row['cron']), String(row['zone']))
    const last = addDays(dayAt(nowMs, schedule.zone), 1)
    const first = firstDay(row, schedule, nowMs)
    const deadlineMs = Number(row['deadline_ms'])
    const sinceMs = row['planned_through'] === null ? nowMs : Number.NEGATIVE_INFINITY
    for (let day = first; day <= last; day = addDays(day, 1)) {
      if (!isCalendarDay(day, schedule.zone)) continue
      const interval = dayInterval(schedule, day)
      days.push({ ...interval, pipeline, deadlineMs: deadlineMs + Math.max(0, sinceMs - interval.dueMs) })
    }
    if (first <= last) through.set(pipeline, last)
  }
  await insertDays(session, days, nowMs)
  for (const [pipeline, owed] of accounts)
    await insertAccountDays(session, await openDays(session, pipeline), owed, nowMs)
  await session.query(
    `update ledger_pipeline p set planned_through = d.through, ticked_at = $3
     from unnest($1::text[], $2::date[]) as d (pipeline, through) where p.pipeline = d.pipeline`,
    [[...through.keys()], [...through.values()], isoInstant(nowMs)],
  )
  return days.length
}

function firstDay(row: SqlRow, schedule: Schedule, nowMs: number): Day {
  const planned = row['planned_through'] as Day | null
  if (planned !== null) return addDays(planned, 1)
  const start = row['start_day'] as Day
  const yesterday = addDays(dayAt(nowMs, schedule.zone), -1)
  const isMissed = row['catchup'] === 'none' && dayInterval(schedule, yesterday).dueMs <= nowMs - graceMs
  const newest = isMissed ? addDays(yesterday, 1) : yesterday
  return row['catchup'] === 'all' || start > newest ? start : newest
}

/** Days on which accounts may still be missing their rows: accounts are found later than days are planned. */
async function openDays(session: Session, pipeline: string): Promise<readonly PlannedDay[]> {
  const rows = await session.query(
    `select d.day, extract(epoch from d.start_at)::float8 * 1000 as start_ms, extract(epoch from d.end_at)::float8 * 1000 as end_ms,
       extract(epoch from d.due_at)::float8 * 1000 as due_ms, extract(epoch from d.deadline_at - d.due_at)::float8 * 1000 as deadline_ms
     from ledger_day d where d.pipeline = $1 and d.state in ('expected', 'due', 'late', 'running') order by d.day`,
    [pipeline],
  )
  return rows.map((row) => ({
    pipeline,
    day: row['day'] as Day,
    startMs: Number(row['start_ms']),
    endMs: Number(row['end_ms']),
    dueMs: Number(row['due_ms']),
    deadlineMs: Number(row['deadline_ms']),
  }))
}

async function createRuns(session: Session, options: PlannerOptions): Promise<Pick<TickReport, 'runs' | 'skipped'>> {
  const { nowMs } = options
  const owed = await session.query(sql('owed-days'), [isoInstant(nowMs)])
  const accounts = await owedAccounts(session, nowMs)
  const runs: { pipeline: string; day: Day; runId: string }[] = []
  const begin = async (pipeline: string, day: Day) => {
    const runId = await beginDay(
      session,
      { pipeline, day, accounts: accounts.get(keyOf(pipeline, day))?.accounts },
      options,
    )
    if (runId !== null) runs.push({ pipeline, day, runId })
  }
  let skipped = 0
  for (const [pipeline, rows] of Map.groupBy(owed, (row) => String(row['pipeline']))) {
    const policy = rows[0]?.['catchup'] as CatchupPolicy
    const days = rows.map((row) => ({ day: row['day'] as Day, dueMs: Number(row['due_ms']) }))
    const { run, skip } = catchUp(policy, days, nowMs)
    skipped += await markDays(session, pipeline, { days: skip, event: 'skip', nowMs })
    for (const day of run) await begin(pipeline, day)
  }
  for (const { pipeline, day, isWave } of accounts.values()) if (isWave) await begin(pipeline, day)
  return { runs, skipped }
}

interface OwedAccounts {
  readonly pipeline: string
  readonly day: Day
  readonly accounts: readonly string[]
  readonly isWave: boolean
}

const keyOf = (pipeline: string, day: Day) => `${pipeline} ${day}`

async function owedAccounts(session: Session, nowMs: number): Promise<ReadonlyMap<string, OwedAccounts>> {
  const rows = await session.query(sql('owed-accounts'), [isoInstant(nowMs)])
  const byDay = Map.groupBy(rows, (row) => keyOf(String(row['pipeline']), row['day'] as Day))
  return new Map(
    [...byDay].map(([key, [first, ...others]]) => [
      key,
      {
        pipeline: String(first?.['pipeline']),
        day: first?.['day'] as Day,
        accounts: [first, ...others].map((row) => String(row?.['account'])),
        isWave: first?.['isWave'] === true,
      },
    ]),
  )
}

/** A run of the day for the accounts that have closed by now, all of them in one; null while another run of it is under way. */
async function beginDay(
  session: Session,
  owed: { readonly pipeline: string; readonly day: Day; readonly accounts: readonly string[] | undefined },
  { nowMs, random, engineNow }: PlannerOptions,
): Promise<string | null> {
  const { pipeline, day, accounts } = owed
  const runId = await triggerDay(session, owed, uuid(nowMs, random), engineNow)
  if (runId === null) return null
  await markDays(session, pipeline, { days: [day], event: 'begin', runId, nowMs })
  if (accounts) await beginAccounts(session, { pipeline, day, accounts, runId }, nowMs)
  return runId
}

/** Null when somebody made a run of the day by hand that has not ended; the ledger takes it over instead. */
async function triggerDay(
  session: Session,
  {
    pipeline,
    day,
    accounts,
  }: Pick<OwedAccounts, 'pipeline' | 'day'> & { readonly accounts: readonly string[] | undefined },
  runId: string,
  now: Now,
): Promise<string | null> {
  try {
    return await trigger(session, { pipeline, partitionKey: day, kind: 'scheduled', accounts }, runId, now)
  } catch (error) {
    if (isMillraceError(error, 'ORCHESTRATE_RUN_LIVE')) return null
    throw error
  }
}
