import { accountKey } from '../domain/account.ts'
import type { AdAccount } from '../domain/account.ts'
import type { ConnectorSpec } from '../connectors/connector.ts'
import { planSlices } from '../connectors/connector.ts'
import { addDays, dayAt, daysOf, isClosed, lastClosedDay } from '../domain/day.ts'
import type { Day, DayRange } from '../domain/day.ts'
import type { Slice } from '../domain/metric.ts'
import type { Level } from '../domain/platform.ts'
import type { Pipeline, TaskSpec } from './pipeline.ts'

/** An account with what its platform says of limits and closing; the connection it is reached by. */
export interface PlannedAccount {
  readonly account: AdAccount
  readonly connection: string
  /** Levels that it is read on; the campaign alone when left out. */
  readonly levels?: readonly Level[] | undefined
  readonly spec: Pick<ConnectorSpec, 'rangeDaysMax' | 'retentionDays' | 'lookbackDays' | 'settleMs'>
}

export interface PlanInput {
  readonly pipeline: Pipeline
  readonly accounts: readonly PlannedAccount[]
  /** Null: the nightly run. Each account's newest closed day, and its refresh ages. */
  readonly range: DayRange | null
  /** Of the range, these days alone: a file that lacks a day says nothing of it. Absent: all of them. */
  readonly days?: readonly Day[] | undefined
  readonly kind: Slice['kind']
  readonly nowMs: number
}

/** What one account does in a run. */
export interface AccountPlan {
  readonly account: AdAccount
  readonly connection: string
  readonly slices: readonly Slice[]
  /** Closed days that will be loaded, in order. */
  readonly days: readonly Day[]
  /** Days of the interval that have not closed in the account's zone: they are loaded by a later run. */
  readonly waiting: readonly Day[]
  /** Days that the platform no longer answers. */
  readonly outsideRetention: readonly Day[]
}

/** One task of a run: a step, for one account or for all. */
export interface TaskPlan {
  /** `step` or `step:platform/account`: unique in the run, the same in every attempt. */
  readonly task: string
  readonly step: TaskSpec
  readonly account: AccountPlan | null
  readonly after: readonly string[]
}

export interface RunPlan {
  readonly pipeline: Pipeline
  readonly interval: DayRange
  readonly accounts: readonly AccountPlan[]
  readonly tasks: readonly TaskPlan[]
}

/**
 * How old a closed day is when it is read again. Platforms restate for weeks (conversions arrive late, invalid clicks are credited),
 * but less and less: nine reads of each date follow the numbers where 28 would, with a third of the calls.
 */
const refreshAges: readonly number[] = [1, 2, 3, 5, 7, 10, 14, 21, 28]

/** Pure: what a run will do, before anything is done. */
export function planRun(input: PlanInput): RunPlan {
  const accounts = input.accounts.map((one) => planAccount(one, input))
  return {
    pipeline: input.pipeline,
    interval: intervalOf(input, accounts),
    accounts,
    tasks: fanOut(
      input.pipeline,
      accounts.filter((one) => one.days.length > 0),
    ),
  }
}

function wantedDays({ account, spec }: PlannedAccount, { range, days, pipeline, nowMs }: PlanInput): readonly Day[] {
  if (range) return days ?? daysOf(range)
  const scheduled = addDays(dayAt(nowMs, pipeline.schedule.zone), -1)
  const newest = lastClosedDay(account.zone, nowMs, spec.settleMs)
  return [...new Set([...refreshDays(newest, spec), scheduled])].sort()
}

/** Pure: the newest day and those before it that the policy reads again, as far back as the platform restates. */
export function refreshDays(newest: Day, { lookbackDays }: Pick<ConnectorSpec, 'lookbackDays'>): readonly Day[] {
  return refreshAges.filter((age) => age <= Math.max(1, lookbackDays)).map((age) => addDays(newest, 1 - age))
}

function planAccount(planned: PlannedAccount, input: PlanInput): AccountPlan {
  const { account, spec, connection, levels = ['campaign'] } = planned
  const oldest = addDays(dayAt(input.nowMs, account.zone), -spec.retentionDays)
  const wanted = wantedDays(planned, input)
  const kept = wanted.filter((day) => day >= oldest)
  const days = kept.filter((day) => isClosed(day, account.zone, input.nowMs, spec.settleMs))
  return {
    account,
    connection,
    days,
    waiting: kept.filter((day) => !days.includes(day)),
    outsideRetention: wanted.filter((day) => day < oldest),
    slices: levels.flatMap((level) =>
      planSlices(spec, { account, level, days, kind: input.kind }, (day) => addDays(day, 1)),
    ),
  }
}

/** The interval asked for, or for the nightly run the days from the oldest refreshed to the scheduled one. */
function intervalOf({ range, pipeline, nowMs }: PlanInput, accounts: readonly AccountPlan[]): DayRange {
  if (range) return range
  const scheduled = addDays(dayAt(nowMs, pipeline.schedule.zone), -1)
  const first = accounts.flatMap((one) => one.days).sort()[0] ?? scheduled
  return { since: first, until: scheduled > first ? scheduled : first }
}

/** Pure: the steps of a pipeline for these accounts, each waiting for its own account's tasks only. */
export function fanOut<One extends { readonly account: AdAccount }>(
  pipeline: Pipeline,
  accounts: readonly One[],
): readonly (Omit<TaskPlan, 'account'> & { readonly account: One | null })[] {
  const keysOf = (step: TaskSpec): readonly { readonly task: string; readonly account: One | null }[] =>
    step.each === 'run'
      ? [{ task: step.id, account: null }]
      : accounts
          .filter((one) => step.platform === null || step.platform === one.account.platform)
          .map((account) => ({ task: `${step.id}:${accountKey(account.account)}`, account }))
  const steps = new Map(pipeline.tasks.map((step) => [step.id, step]))
  return pipeline.tasks.flatMap((step) =>
    keysOf(step).map(({ task, account }) => ({
      task,
      step,
      account,
      after: step.after
        .flatMap((id) => keysOf(steps.get(id) ?? step))
        .filter((before) => account === null || before.account === null || before.account === account)
        .map((before) => before.task),
    })),
  )
}
