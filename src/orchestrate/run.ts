import { accountKey } from '../domain/account.ts'
import type { Day, DayRange } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import { normalised } from '../domain/decimal.ts'
import { MillraceError } from '../domain/errors.ts'
import type { ExtractRecord, PartitionKey, Slice } from '../domain/metric.ts'
import { platforms } from '../domain/platform.ts'
import type { ConnectorContext } from '../connectors/connector.ts'
import { markFailed } from '../warehouse/partition-state.ts'
import { remoteJobsOf } from '../warehouse/remote-jobs.ts'
import type { AccountChoice } from './accounts.ts'
import { reachAccounts } from './accounts.ts'
import { announce, beginRun } from './announce.ts'
import type { RunEvent, RunSummary, TaskOutcome } from './events.ts'
import { executeTasks } from './execute.ts'
import { extractSlice } from './extract.ts'
import { uuid } from './identity.ts'
import { loadExtract } from './load.ts'
import { buildModels } from './models.ts'
import { adDataPipeline } from './pipeline.ts'
import type { AccountPlan, RunPlan, TaskPlan } from './plan.ts'
import { planRun } from './plan.ts'
import type { OpenConnection, Ports } from './ports.ts'
import type { Tally } from './tally.ts'
import { addFailure, addLoad, asMillraceError, emptyTally, partitionsDone, shareOf, summarise } from './tally.ts'

export interface RunRequest extends AccountChoice {
  /** Null: the nightly run, each account's newest closed day and its refresh ages. */
  readonly range: DayRange | null
  /** Of the range, these days alone; absent: all of them. */
  readonly days?: readonly Day[] | undefined
  readonly kind: Slice['kind']
  /** Zone of the schedule; decides what "yesterday" the nightly run is about. */
  readonly zone: RunPlan['pipeline']['schedule']['zone']
}

/** What is needed while a run works, made once. */
interface Work {
  readonly ports: Ports
  readonly plan: RunPlan
  readonly runId: string
  readonly tally: Tally
  readonly context: ConnectorContext
  readonly signal: AbortSignal
  readonly emit: (event: RunEvent) => void
  /** Extracts of this run by account task, waiting to be loaded. */
  readonly extracts: Map<AccountPlan, readonly ExtractRecord[]>
}

function contextOf(ports: Ports, signal: AbortSignal, emit: (event: RunEvent) => void): ConnectorContext {
  return {
    clock: ports.clock,
    random: ports.random,
    fetch: ports.fetch,
    signal,
    remoteJobs: remoteJobsOf(ports.warehouse),
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

async function prepare(
  ports: Ports,
  request: RunRequest,
  context: ConnectorContext,
): Promise<{ readonly plan: RunPlan; readonly tally: Tally }> {
  const { accounts, lost } = await reachAccounts(ports, request, context)
  const tally = emptyTally()
  for (const one of lost) addFailure(tally, one, [], one.error)
  if (accounts.length === 0) {
    const [first] = lost
    if (first) throw asMillraceError(first.error)
    throw new MillraceError('ORCHESTRATE_NO_ACCOUNTS', {
      wanted: [...(request.platforms ?? []), ...(request.accountIds ?? [])].join(', ') || 'any',
    })
  }
  const present = platforms.filter((platform) => accounts.some((one) => one.account.platform === platform))
  const pipeline = adDataPipeline(present, request.zone)
  return {
    plan: planRun({ ...request, pipeline, accounts, nowMs: ports.clock.nowMs() }),
    tally,
  }
}

/**
 * Carries out the pipeline for one data interval: extract, load with its audit, models, message. One account's failure fails that
 * account's partitions; the run goes on and ends `partial`. Running it again finds what is there and changes only what changed.
 * Throws only when nothing could be begun, or with the signal's reason when it was stopped.
 */
export async function runPipeline(
  ports: Ports,
  request: RunRequest,
  emit: (event: RunEvent) => void,
  signal: AbortSignal,
): Promise<RunSummary> {
  const startedAtMs = ports.clock.nowMs()
  const context = contextOf(ports, signal, emit)
  const { plan, tally } = await prepare(ports, request, context)
  const runId = uuid(startedAtMs, ports.random)
  const work: Work = { ports, plan, runId, tally, context, signal, emit, extracts: new Map() }
  await beginRun(ports.warehouse, { runId, pipeline: plan.pipeline.id, interval: plan.interval, startedAtMs })
  emit({
    event: 'run_started',
    runId,
    pipeline: plan.pipeline.id,
    since: plan.interval.since,
    until: plan.interval.until,
    accounts: plan.accounts.length,
    partitions: partitionsOf(plan),
  })
  const stepsBeforeTheEnd = plan.tasks.filter((task) => task.step.kind !== 'notify')
  await executeTasks(stepsBeforeTheEnd, ports.parallelAccounts, (task) => performTask(work, task))
  const costTotal = await costOf(work)
  const seconds = (ports.clock.nowMs() - startedAtMs) / 1_000
  const summary = summarise(plan, tally, {
    runId,
    seconds,
    costTotal,
    days: new Set(plan.accounts.flatMap((one) => one.days)).size,
  })
  await announce(ports, summary, signal, emit)
  emit({ event: 'run_finished', summary })
  return summary
}

function partitionsOf(plan: RunPlan): number {
  return plan.accounts.reduce((sum, one) => sum + one.days.length, 0)
}

async function performTask(work: Work, task: TaskPlan): Promise<TaskOutcome> {
  const { ports, emit, tally } = work
  const account = task.account ? `${task.account.account.platform}/${task.account.account.accountId}` : null
  const startedAtMs = ports.clock.nowMs()
  const before = shareOf(tally, task.account?.account ?? null)
  emit({ event: 'task_started', task: task.task, kind: task.step.kind, account })
  const outcome = await attempt(work, task)
  const after = shareOf(tally, task.account?.account ?? null)
  const trouble = outcome === 'success' ? undefined : after.troubles.slice(before.troubles.length).at(-1)
  emit({
    event: 'task_finished',
    task: task.task,
    kind: task.step.kind,
    account,
    outcome,
    rows: after.rows - before.rows,
    seconds: (ports.clock.nowMs() - startedAtMs) / 1_000,
    code: trouble?.code ?? null,
    message: trouble?.message ?? null,
  })
  if (task.account)
    emit({
      event: 'progress',
      partitionsDone: partitionsDone(tally),
      partitionsTotal: partitionsOf(work.plan),
      rows: tally.rows,
    })
  return outcome
}

async function attempt(work: Work, task: TaskPlan): Promise<TaskOutcome> {
  try {
    work.signal.throwIfAborted()
    if (task.step.kind === 'extract' && task.account) return await extractAccount(work, task.account)
    if (task.step.kind === 'load' && task.account) return await loadAccount(work, task.account)
    if (task.step.kind === 'dbt') return await modelStep(work)
    return 'skipped'
  } catch (error) {
    // Being stopped is not a failure of the data: nothing is marked, the next run does the rest.
    work.signal.throwIfAborted()
    await recordFailure(work, task, error)
    return 'failed'
  }
}

function connectionOf({ ports }: Work, account: AccountPlan): OpenConnection {
  const found = ports.connections.find((one) => one.name === account.connection)
  if (!found) throw new MillraceError('ORCHESTRATE_NO_ACCOUNTS', { wanted: account.connection })
  return found
}

async function extractAccount(work: Work, plan: AccountPlan): Promise<TaskOutcome> {
  const { connector } = connectionOf(work, plan)
  const records: ExtractRecord[] = []
  for (const slice of plan.slices) {
    records.push(await extractSlice(work.ports, { connector, account: plan.account, slice, context: work.context }))
  }
  work.extracts.set(plan, records)
  return 'success'
}

async function loadAccount(work: Work, plan: AccountPlan): Promise<TaskOutcome> {
  const { connector } = connectionOf(work, plan)
  let refused = false
  for (const record of work.extracts.get(plan) ?? []) {
    const loaded = await loadExtract(work.ports, connector.spec, plan.account, record)
    addLoad(work.tally, plan.account, loaded)
    refused ||= loaded.partitions.some((one) => one.outcome === 'refused')
  }
  work.extracts.delete(plan)
  return refused ? 'refused' : 'success'
}

async function modelStep({ ports, tally, signal, emit }: Work): Promise<TaskOutcome> {
  if (!ports.dbt) return 'skipped'
  await buildModels(ports, ports.dbt, tally, signal, (event) => {
    if (event.kind === 'log') emit({ event: 'log', level: 'debug', message: event.message })
  })
  return 'success'
}

/** The failure of an account's task fails exactly its days; of a task of the whole run, the run. */
async function recordFailure({ ports, tally }: Work, { account }: TaskPlan, error: unknown): Promise<void> {
  const trouble = addFailure(tally, account?.account ?? null, account?.days ?? [], error)
  if (!account) return
  const { platform, accountId } = account.account
  const keys = account.days.map((date): PartitionKey => ({
    platform,
    accountId,
    level: 'campaign',
    breakdownKey: '',
    date,
  }))
  await ports.warehouse.transaction((session) =>
    markFailed(session, keys, { code: trouble.code, message: trouble.message, atMs: ports.clock.nowMs() }),
  )
}

/** Published cost of what the run was about, each account's days and no others, per currency. */
async function costOf({ ports, plan }: Work): Promise<Readonly<Record<string, Decimal>>> {
  const rows = await ports.warehouse.query<{ currency: string; cost: string }>(
    `select currency, sum(cost)::text as cost from fact_ad_daily
     where level = 'campaign' and breakdown_key = '' and date between $1 and $2
       and (platform || '/' || account_id, date) in (select account, date from unnest($3::text[], $4::date[]) as asked (account, date))
     group by currency order by currency`,
    [
      plan.interval.since,
      plan.interval.until,
      plan.accounts.flatMap(({ account, days }) => days.map(() => accountKey(account))),
      plan.accounts.flatMap(({ days }) => days),
    ],
  )
  return Object.fromEntries(rows.map((row) => [row.currency, normalised(row.cost)]))
}
