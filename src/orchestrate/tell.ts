import { accountKey } from '../domain/account.ts'
import type { Day } from '../domain/day.ts'
import { addDays, day, timeZone } from '../domain/day.ts'
import type { SqlRow } from '../warehouse/warehouse.ts'
import type { AccountInput } from './ad-graph.ts'
import type { ExtractedOutput } from './ad-bodies.ts'
import { announce, beginRun } from './announce.ts'
import type { RunEvent, RunSummary } from './events.ts'
import type { Pipeline } from './pipeline.ts'
import type { AccountPlan, RunPlan } from './plan.ts'
import { refreshDays } from './plan.ts'
import type { Ports } from './ports.ts'
import { costOf } from './run-cost.ts'
import type { EndedTask } from './run-summary.ts'
import { tallyOf } from './run-summary.ts'
import { sql } from './sql.ts'
import { summarise } from './tally.ts'

interface ToldRun extends SqlRow {
  readonly partitionKey: string
  readonly startedMs: number
  readonly seconds: number
}

/**
 * Tells people how a run of workers or of another scheduler ended, from its rows alone: whoever carried it out may be gone. The
 * message is in the outbox when the run counts as told; telling it twice is the same message.
 */
export async function tellRun(
  ports: Ports,
  pipeline: Pipeline,
  runId: string,
  signal: AbortSignal,
  emit: (event: RunEvent) => void = () => undefined,
): Promise<RunSummary> {
  const [run] = await ports.warehouse.query<ToldRun>(
    `select partition_key as "partitionKey", extract(epoch from started_at)::float8 * 1000 as "startedMs",
       extract(epoch from coalesce(ended_at, clock_timestamp()) - started_at)::float8 as seconds
     from engine_run where run_id = $1`,
    [runId],
  )
  const tasks = await ports.warehouse.query<EndedTask & SqlRow>(
    `select kind, account, state, output, error, input from engine_task where run_id = $1
     order by kind <> 'unreachable', ended_at, task`,
    [runId],
  )
  const about = day(run?.partitionKey.slice(0, 10) ?? '')
  const plan = await planOf(ports, pipeline, about, tasks)
  const summary = summarise(plan, tallyOf(tasks, plan.accounts), {
    runId,
    seconds: run?.seconds ?? 0,
    costTotal: await costOf(ports, plan),
    days: new Set(plan.accounts.flatMap((one) => one.days)).size,
  })
  const begun = { runId, pipeline: pipeline.id, interval: plan.interval, startedAtMs: run?.startedMs ?? 0 }
  await ports.warehouse.transaction((session) => beginRun(session, begun))
  await announce(ports, summary, signal, emit)
  return summary
}

/** What the run was about, as far as its tasks know it: a task that failed has not said which days it wanted. */
async function planOf(ports: Ports, pipeline: Pipeline, about: Day, tasks: readonly EndedTask[]): Promise<RunPlan> {
  const accounts = tasks
    .filter((one) => one.kind === 'extract' && one.state !== 'skipped')
    .map((one) => accountPlan(ports, about, one))
  const waiting = await waitingPlans(ports, pipeline, about)
  const first = accounts.flatMap((one) => one.days).toSorted()[0] ?? about
  const known = new Set(accounts.map((one) => accountKey(one.account)))
  return {
    pipeline,
    interval: { since: first < about ? first : about, until: about },
    accounts: [...accounts, ...waiting.filter((one) => !known.has(accountKey(one.account)))],
    tasks: [],
  }
}

function accountPlan(ports: Ports, about: Day, { input, output }: EndedTask): AccountPlan {
  const { account, connection } = input as unknown as AccountInput
  const spec = ports.connections.find((one) => one.name === connection)?.connector.spec
  const said = (output as unknown as ExtractedOutput | null)?.days
  const days = said ?? (spec ? refreshDays(about, spec) : [about])
  return { account, connection, slices: [], days: days.toSorted(), waiting: [], outsideRetention: [] }
}

/** Accounts whose day has not closed: the ledger knows them, and a later run of the same day is theirs. */
async function waitingPlans(ports: Ports, pipeline: Pipeline, about: Day): Promise<readonly AccountPlan[]> {
  const rows = await ports.warehouse.query(sql('waiting-accounts'), [pipeline.id, about])
  return rows.map((row) => ({
    account: {
      platform: row['platform'] as AccountPlan['account']['platform'],
      accountId: String(row['account_id']),
      name: String(row['name']),
      currency: String(row['currency']) as AccountPlan['account']['currency'],
      zone: timeZone(String(row['timezone'])),
    },
    connection: '',
    slices: [],
    days: [],
    waiting: [addDays(about, 0)],
    outsideRetention: [],
  }))
}
