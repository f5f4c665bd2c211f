import { accountKey } from '../domain/account.ts'
import { systemClock } from '../domain/clock.ts'
import type { Day, DayRange } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Slice } from '../domain/metric.ts'
import { platforms } from '../domain/platform.ts'
import type { ConnectorContext } from '../connectors/connector.ts'
import { platformQuotaOf } from '../warehouse/platform-quota.ts'
import { remoteJobsOf } from '../warehouse/remote-jobs.ts'
import type { AccountChoice, Lost } from './accounts.ts'
import { reachAccounts } from './accounts.ts'
import { adBodies } from './ad-bodies.ts'
import { adGraph } from './ad-graph.ts'
import { announce } from './announce.ts'
import type { RunEvent, RunSummary, TaskKind, TaskOutcome } from './events.ts'
import { beginForeground, workForeground } from './foreground.ts'
import type { Graph, Json } from './graph.ts'
import { uuid } from './identity.ts'
import { adDataPipeline } from './pipeline.ts'
import type { RunPlan } from './plan.ts'
import { planRun } from './plan.ts'
import type { Ports } from './ports.ts'
import { ratesForRun } from './rates.ts'
import { costOf } from './run-cost.ts'
import type { ClaimedTask, TaskResult } from './queue.ts'
import type { EndedTask } from './run-summary.ts'
import { errorOf, tallyOf } from './run-summary.ts'
import type { Tally } from './tally.ts'
import { asMillraceError, partitionsDone, summarise } from './tally.ts'

export interface RunRequest extends AccountChoice {
  /** Null: the nightly run, each account's newest closed day and its refresh ages. */
  readonly range: DayRange | null
  /** Of the range, these days alone; absent: all of them. */
  readonly days?: readonly Day[] | undefined
  readonly kind: Slice['kind']
  /** Zone of the schedule; decides what "yesterday" the nightly run is about. */
  readonly zone: RunPlan['pipeline']['schedule']['zone']
}

function contextOf(ports: Ports, signal: AbortSignal, emit: (event: RunEvent) => void): ConnectorContext {
  return {
    clock: ports.clock,
    random: ports.random,
    fetch: ports.fetch,
    signal,
    remoteJobs: remoteJobsOf(ports.warehouse),
    quota: platformQuotaOf(ports.warehouse),
    log: ({ level, message }) => emit({ event: 'log', level, message }),
  }
}

/**
 * What `runPipeline` would do, without doing it: slices, days, tasks. Asks the platforms for their accounts and nothing else.
 * Throws ORCHESTRATE_NO_ACCOUNTS when the request reaches none, or the platform's own error when that is why.
 */
export async function previewRun(
  ports: Ports,
  request: RunRequest,
  signal: AbortSignal,
  emit: (event: RunEvent) => void,
): Promise<RunPlan> {
  return (await prepare(ports, request, contextOf(ports, signal, emit))).plan
}

interface Prepared {
  readonly plan: RunPlan
  readonly lost: readonly Lost[]
}

async function prepare(ports: Ports, request: RunRequest, context: ConnectorContext): Promise<Prepared> {
  const { accounts, lost } = await reachAccounts(ports, request, context)
  if (accounts.length === 0) {
    const [first] = lost
    if (first) throw asMillraceError(first.error)
    throw new MillraceError('ORCHESTRATE_NO_ACCOUNTS', {
      wanted: [...(request.platforms ?? []), ...(request.accountIds ?? [])].join(', ') || 'any',
    })
  }
  const present = platforms.filter((platform) => accounts.some((one) => one.account.platform === platform))
  const pipeline = adDataPipeline(present, request.zone)
  return { plan: planRun({ ...request, pipeline, accounts, nowMs: ports.clock.nowMs() }), lost }
}

/** Throws ORCHESTRATE_NOTHING_DUE when no account has closed any of the days: that is no success, and nobody is to be told of one. */
function refuseUndue({ plan, lost }: Prepared): void {
  const { accounts, interval } = plan
  const waits = accounts.filter((one) => one.waiting.length > 0)
  if (lost.length > 0 || waits.length === 0 || accounts.some((one) => one.days.length > 0)) return
  const { since, until } = interval
  throw new MillraceError('ORCHESTRATE_NOTHING_DUE', {
    days: since === until ? since : `${since}…${until}`,
    accounts: waits.map(({ account }) => `${accountKey(account)} (${account.zone})`).join(', '),
  })
}

/**
 * Carries out the pipeline for one data interval under the engine: extract, load with its audit, models, message. One account's
 * failure fails that account's partitions; the run goes on and ends `partial`. Running it again finds what is there and changes only
 * what changed. Throws only when nothing could be begun or nothing is due, or with the signal's reason when it was stopped.
 */
export async function runPipeline(
  ports: Ports,
  request: RunRequest,
  emit: (event: RunEvent) => void,
  signal: AbortSignal,
): Promise<RunSummary> {
  const startedAtMs = ports.clock.nowMs()
  const prepared = await prepare(ports, request, contextOf(ports, signal, emit))
  refuseUndue(prepared)
  await ratesForRun(ports, (level, message) => emit({ event: 'log', level, message }))
  const { plan } = prepared
  const runId = uuid(startedAtMs, ports.random)
  await beginForeground(
    ports.warehouse,
    {
      runId,
      pipeline: plan.pipeline.id,
      interval: plan.interval,
      startedAtMs,
      graph: graphOf(prepared),
      partitionKey: partitionKeyOf(request, plan),
      conf: confOf(request, plan),
      clockShiftMs: clockShiftMs(ports),
    },
    signal,
    (other) => emit({ event: 'log', level: 'warn', message: `waits for run ${other} of the same days to end` }),
  )
  emit({
    event: 'run_started',
    runId,
    pipeline: plan.pipeline.id,
    since: plan.interval.since,
    until: plan.interval.until,
    accounts: plan.accounts.length,
    partitions: partitionsOf(plan),
  })
  const ended = await carryOut(ports, { plan, runId, emit, signal })
  const seconds = (ports.clock.nowMs() - startedAtMs) / 1_000
  const summary = summarise(plan, tallyOf(ended, plan.accounts), {
    runId,
    seconds,
    costTotal: await costOf(ports, plan),
    days: new Set(plan.accounts.flatMap((one) => one.days)).size,
  })
  await announce(ports, summary, signal, emit)
  emit({ event: 'run_finished', summary })
  return summary
}

/** Less than a minute is the machine's own clock, looked at twice. */
function clockShiftMs({ clock }: Pick<Ports, 'clock'>): number {
  const shiftMs = clock.nowMs() - systemClock.nowMs()
  return Math.abs(shiftMs) < 60_000 ? 0 : shiftMs
}

function partitionsOf(plan: RunPlan): number {
  return plan.accounts.reduce((sum, one) => sum + one.days.length, 0)
}

function graphOf({ plan, lost }: Prepared): Graph {
  const accounts = plan.accounts.filter((one) => one.days.length > 0)
  return adGraph({ pipeline: plan.pipeline, accounts, lost, manner: 'foreground' })
}

/**
 * The partition that a run is about: the day, or the days. A choice of accounts is a partition of its own, because it leaves the
 * day as it is for the others.
 */
function partitionKeyOf({ range, platforms: chosen, accountIds }: RunRequest, { interval }: RunPlan): string {
  const { since, until } = range ?? { since: interval.until, until: interval.until }
  const days = since === until ? since : `${since}/${until}`
  const choice = [...(chosen ?? []), ...(accountIds ?? [])].toSorted().join(',')
  return choice === '' ? days : `${days}#${choice}`
}

function confOf({ kind }: RunRequest, { accounts }: RunPlan): Json {
  return { kind, days: Object.fromEntries(accounts.map((one) => [accountKey(one.account), [...one.days]])) }
}

interface Carrying {
  readonly plan: RunPlan
  readonly runId: string
  readonly emit: (event: RunEvent) => void
  readonly signal: AbortSignal
}

/** Has the run's tasks carried out here, tells of each, and returns them in the order in which they ended. */
async function carryOut(ports: Ports, { plan, runId, emit, signal }: Carrying): Promise<readonly EndedTask[]> {
  const ended: EndedTask[] = []
  const startsMs = new Map<string, number>()
  await workForeground({
    warehouse: ports.warehouse,
    runId,
    bodies: adBodies(ports),
    slots: ports.parallelAccounts,
    signal,
    onLog: (level, message) => emit({ event: 'log', level: level === 'error' ? 'warn' : level, message }),
    onStart({ task, kind, account }) {
      startsMs.set(task, ports.clock.nowMs())
      if (kind !== 'unreachable') emit({ event: 'task_started', task, kind: kind as TaskKind, account })
    },
    onEnd(task, result) {
      const one = endedTask(task, result)
      ended.push(one)
      if (task.kind === 'unreachable') return
      const tally = tallyOf([one], plan.accounts)
      const trouble = tally.troubles.at(-1)
      emit({
        event: 'task_finished',
        task: task.task,
        kind: task.kind as TaskKind,
        account: task.account,
        outcome: outcomeOf(one),
        rows: tally.rows,
        seconds: (ports.clock.nowMs() - (startsMs.get(task.task) ?? 0)) / 1_000,
        code: trouble?.code ?? null,
        message: trouble?.message ?? null,
      })
      if (task.account !== null) emit(progressOf(plan, tallyOf(ended, plan.accounts)))
    },
  })
  // What was not reached was known before anything else went wrong.
  return ended.toSorted((a, b) => Number(b.kind === 'unreachable') - Number(a.kind === 'unreachable'))
}

function progressOf(plan: RunPlan, tally: Tally): RunEvent {
  return {
    event: 'progress',
    partitionsDone: partitionsDone(tally),
    partitionsTotal: partitionsOf(plan),
    rows: tally.rows,
  }
}

function endedTask({ kind, account, input }: ClaimedTask, result: TaskResult): EndedTask {
  const output = 'output' in result ? (result.output ?? null) : null
  const error = result.kind === 'failed' ? result.error : null
  return { kind, account, input, state: result.kind === 'deferred' ? 'ready' : result.kind, output, error }
}

function outcomeOf({ state, error }: EndedTask): TaskOutcome {
  if (state === 'skipped' || state === 'unchanged') return state
  if (state !== 'failed') return 'success'
  return errorOf(error).code === 'QUALITY_PARTITION_REFUSED' ? 'refused' : 'failed'
}
