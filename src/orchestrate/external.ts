import { accountKey } from '../domain/account.ts'
import type { AdAccount } from '../domain/account.ts'
import { systemClock } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import { observeAccount } from '../warehouse/entities.ts'
import type { Session, SqlRow } from '../warehouse/warehouse.ts'
import { knownAccounts, reachAccounts } from './accounts.ts'
import { adBodies } from './ad-bodies.ts'
import type { AccountInput } from './ad-graph.ts'
import type { BodyContext, LogLevel, TaskBodies } from './body.ts'
import { performTask } from './body.ts'
import { connectorContext } from './connector-context.ts'
import { embeddedEngine } from './embedded-engine.ts'
import { canonicalJson, hashOf } from './graph.ts'
import type { Json } from './graph.ts'
import { uuid } from './identity.ts'
import { liveRun, ownerOf } from './live-run.ts'
import type { Pipeline } from './pipeline.ts'
import type { Ports } from './ports.ts'
import type { ClaimedTask, TaskResult } from './queue.ts'
import { sql } from './sql.ts'
import { tellRun } from './tell.ts'

/** Another scheduler decides when a task begins and whether it is tried again; here it has a row, an attempt and a fence all the same. */
export interface ExternalTask {
  readonly pipeline: Pipeline
  /** A step of the pipeline, or `list_accounts`. */
  readonly step: string
  /** `platform/accountId`; null for a step of the whole run. */
  readonly account: string | null
  readonly day: Day
  /** Names the other scheduler's run; tasks with the same one are one run here. */
  readonly externalRun: string
}

/** The step that says what the others are fanned out over. */
const listAccounts = 'list_accounts'

const leaseMs = 60_000
const beatMs = 15_000

/** Ids of everything that can be asked for, in the order in which it is done. */
export function externalSteps(pipeline: Pipeline): readonly string[] {
  return [listAccounts, ...pipeline.tasks.map((one) => one.id)]
}

/**
 * Carries out one task for another scheduler. A second call of the same task takes it over: what the first reports later is refused.
 * Throws ORCHESTRATE_RUN_LIVE when a run of our own of that day is under way, ORCHESTRATE_NO_ACCOUNTS for an account nobody knows.
 */
export async function runExternalTask(
  ports: Ports,
  asked: ExternalTask,
  signal: AbortSignal,
  log: (level: LogLevel, message: string) => void,
): Promise<TaskResult> {
  const input = asked.account === null ? null : await inputOf(ports, asked.account, signal, log)
  const task = await ports.warehouse.transaction((session) => claim(session, asked, input, ports))
  const { queue } = embeddedEngine({ warehouse: ports.warehouse, leaseMs })
  const lost = new AbortController()
  const done = new AbortController()
  const beating = beat()
  const context: BodyContext = { task, signal: AbortSignal.any([signal, lost.signal]), log }
  const result = await performTask(bodiesOf(ports, asked), context)
  done.abort()
  await beating
  const ending = await queue.finish(task.fence, result)
  if (ending === 'fenced') throw new MillraceError('ORCHESTRATE_TASK_STOPPED', { why: 'taken over' })
  if (task.kind === 'notify') await tellRun(ports, asked.pipeline, task.runId, signal)
  return result

  async function beat(): Promise<void> {
    while (!done.signal.aborted) {
      await systemClock.sleep(beatMs, done.signal).catch(() => undefined)
      if (done.signal.aborted) return
      const { gone, cancelled } = await queue.beat([task.fence]).catch(() => ({ gone: [], cancelled: [] }))
      if (gone.length + cancelled.length > 0)
        lost.abort(new MillraceError('ORCHESTRATE_TASK_STOPPED', { why: 'taken over' }))
    }
  }
}

/** The pipeline's own bodies; the message of the run is written when its task has ended. */
function bodiesOf(ports: Ports, { account }: ExternalTask): TaskBodies {
  const done = { run: () => Promise.resolve({ kind: 'success', output: null } as const) }
  return {
    ...adBodies(ports),
    notify: done,
    accounts: { run: async (context) => ({ kind: 'success', output: await reach(ports, context, account) }) },
  }
}

async function reach(ports: Ports, context: BodyContext, only: string | null): Promise<Json> {
  const log: BodyContext['log'] = (level, message) => context.log(level, message)
  const { accounts, lost } = await reachAccounts(ports, {}, connectorContext(ports, context.signal, log))
  if (accounts.length === 0) throw lost[0]?.error ?? new MillraceError('ORCHESTRATE_NO_ACCOUNTS', { wanted: 'any' })
  await ports.warehouse.transaction(async (session) => {
    for (const { account } of accounts) await observeAccount(session, account, ports.clock.nowMs())
  })
  const keys = accounts.map(({ account }) => accountKey(account)).filter((key) => only === null || key === only)
  return {
    accounts: keys,
    lost: lost.map((one) => `${one.platform ?? '-'}/${one.accountId ?? '*'}`),
  }
}

async function inputOf(ports: Ports, key: string, signal: AbortSignal, log: BodyContext['log']): Promise<AccountInput> {
  const isIt = (account: AdAccount) => accountKey(account) === key
  for (const { name, connector, accountIds } of ports.connections) {
    const { platform } = connector.spec
    if (platform === 'file' || !key.startsWith(`${platform}/`)) continue
    const account = (await knownAccounts(ports, platform)).find(isIt)
    if (account && (accountIds.length === 0 || accountIds.includes(account.accountId)))
      return { account, connection: name }
  }
  // Never seen yet: the platform is asked.
  const { accounts } = await reachAccounts(ports, {}, connectorContext(ports, signal, log))
  const found = accounts.find(({ account }) => isIt(account))
  if (!found) throw new MillraceError('ORCHESTRATE_NO_ACCOUNTS', { wanted: key })
  return { account: found.account, connection: found.connection }
}

async function claim(
  session: Session,
  asked: ExternalTask,
  input: AccountInput | null,
  ports: Ports,
): Promise<ClaimedTask> {
  const runId = await openRun(session, asked, ports)
  const step = asked.pipeline.tasks.find((one) => one.id === asked.step)
  const task = asked.account === null ? asked.step : `${asked.step}:${asked.account}`
  const after = step && asked.account !== null ? step.after.map((one) => `${one}:${asked.account}`) : []
  const kind = step?.kind ?? 'accounts'
  // Who tells of the end is the last: what the other scheduler has not begun by then, it leaves out.
  if (kind === 'notify') await session.query(sql('external-rest'), [runId, task])
  const values = [runId, task, kind, asked.account, after, input === null ? 'null' : JSON.stringify(input)]
  await session.query(sql('external-task'), values)
  const [claimed] = await session.query<ClaimedTask & SqlRow>(sql('claim-run'), [
    ownerOf(process.pid),
    1,
    leaseMs,
    runId,
    task,
    true,
  ])
  if (!claimed) throw new MillraceError('ORCHESTRATE_TASK_MISSING', { run: runId, task })
  return claimed
}

/** The row of the other scheduler's run: made by its first task, open again when one of its tasks is done again. */
async function openRun(session: Session, { pipeline, day, externalRun }: ExternalTask, ports: Ports): Promise<string> {
  const graph = { pipeline: pipeline.id, runsActiveMax: pipeline.runsActiveMax, spec: pipeline }
  const version = hashOf(graph).slice(0, 16)
  await session.query(
    `insert into engine_version (pipeline, version, graph, created_at) values ($1, $2, $3, clock_timestamp()) on conflict do nothing`,
    [pipeline.id, version, canonicalJson({ ...graph, tasks: [] })],
  )
  await session.query(
    `insert into engine_pipeline (pipeline, runs_active_max, version, updated_at) values ($1, $2, $3, clock_timestamp())
     on conflict do nothing`,
    [pipeline.id, pipeline.runsActiveMax, version],
  )
  await session.query('select 1 from engine_pipeline where pipeline = $1 for update', [pipeline.id])
  const [own] = await session.query<SqlRow & { readonly run_id: string }>(
    `select run_id from engine_run where pipeline = $1 and external_ref = $2 and partition_key = $3 and kind = 'external'`,
    [pipeline.id, externalRun, day],
  )
  const live = await liveRun(session, pipeline.id, day)
  if (live !== null && live !== own?.run_id) {
    const [other] = await session.query(`select kind from engine_run where run_id = $1`, [live])
    if (other?.['kind'] !== 'external')
      throw new MillraceError('ORCHESTRATE_RUN_LIVE', { pipeline: pipeline.id, partition: day, run: live })
    // The other scheduler has begun another run of the day; it knows best which of them it goes on with.
    await session.query(sql('abandon'), [live])
  }
  const runId = own?.run_id ?? uuid(ports.clock.nowMs(), ports.random)
  await session.query(sql('external-run'), [
    runId,
    pipeline.id,
    version,
    day,
    externalRun,
    JSON.stringify({ kind: 'advance', days: null, waits: false }),
  ])
  return runId
}
