import { accountKey } from '../domain/account.ts'
import type { Clock } from '../domain/clock.ts'
import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import { addDays, dayAt } from '../domain/day.ts'
import { isMillraceError } from '../domain/errors.ts'
import { deliverDue } from '../notify/outbox.ts'
import { observeAccount } from '../warehouse/entities.ts'
import { reachAccounts } from './accounts.ts'
import { adGraph } from './ad-graph.ts'
import { connectorContext } from './connector-context.ts'
import { embeddedEngine } from './embedded-engine.ts'
import type { EmbeddedEngine } from './embedded-engine.ts'
import { registerPipeline } from './ledger.ts'
import type { LedgerAccount } from './ledger.ts'
import { tellLateness } from './late-notice.ts'
import type { Pipeline } from './pipeline.ts'
import { planTick } from './planner.ts'
import type { TickReport } from './planner.ts'
import type { Ports } from './ports.ts'
import { tellRun } from './tell.ts'
import { lookAtOnce, lookWhenDue } from './watch-incidents.ts'

export interface SchedulerOptions {
  readonly ports: Ports
  readonly pipeline: Pipeline
  readonly engine?: EmbeddedEngine | undefined
  /** After a day is due for an account, how long until people are told that it is late. */
  readonly deadlineMs: number
  /** A simulation's clock, also for what the engine writes; left out: the server's. */
  readonly virtual?: Clock | undefined
  /** Whether incidents are looked for between the ends of runs; then an account's lateness is told by them. Not in a simulation. */
  readonly incidents?: boolean | undefined
  readonly onEvent: (event: SchedulerEvent) => void
}

export type SchedulerEvent =
  | { readonly event: 'run_created'; readonly runId: string; readonly day: Day }
  | { readonly event: 'late'; readonly account: string | null; readonly day: Day }
  | { readonly event: 'accounts'; readonly accounts: number; readonly lost: number }
  | { readonly event: 'incidents'; readonly opened: number; readonly resolved: number }
  | { readonly event: 'trouble'; readonly code: string; readonly message: string }

/** A deadline is noticed within this, whether or not a run was ever made. */
const tickMs = 10_000
/** Accounts appear and disappear at platforms; asking costs one call a connection. */
const accountsMs = 3_600_000

/**
 * Decides what is owed and sees that it is done and told, until the signal. Any number may run: each tick is one transaction of one
 * of them. A database or a platform that is away is waited for.
 */
export async function runScheduler(options: SchedulerOptions, signal: AbortSignal): Promise<void> {
  const scheduler = new Scheduler(options)
  const { clock } = options.ports
  let isTroubled = false
  while (!signal.aborted) {
    try {
      await scheduler.tick(signal)
      isTroubled = false
    } catch (error) {
      if (signal.aborted) break
      if (!isTroubled) options.onEvent(troubleOf(error))
      isTroubled = true
    }
    await clock.sleep(tickMs, signal).catch(() => undefined)
  }
}

function troubleOf(error: unknown): SchedulerEvent {
  const code = isMillraceError(error) ? error.code : 'ORCHESTRATE_UNEXPECTED'
  return { event: 'trouble', code, message: error instanceof Error ? error.message : String(error) }
}

/** One look at everything; a simulation calls it on its own clock. */
export class Scheduler {
  readonly #options: SchedulerOptions
  #accounts: readonly LedgerAccount[] = []
  #accountsAtMs = Number.NEGATIVE_INFINITY
  #isRegistered = false

  constructor(options: SchedulerOptions) {
    this.#options = options
  }

  async tick(signal: AbortSignal): Promise<TickReport> {
    const { ports, pipeline, onEvent } = this.#options
    const nowMs = ports.clock.nowMs()
    if (!this.#isRegistered) await this.#register(nowMs)
    if (nowMs - this.#accountsAtMs >= accountsMs) await this.#findAccounts(signal)
    const report = await planTick({
      warehouse: ports.warehouse,
      random: ports.random,
      nowMs,
      engineNow: () => (this.#options.virtual ? isoInstant(nowMs) : null),
      accounts: new Map([[pipeline.id, this.#accounts]]),
    })
    for (const { runId, day } of report.runs) onEvent({ event: 'run_created', runId, day })
    for (const { account, day } of report.late) onEvent({ event: 'late', account, day })
    await this.#tell(signal, report.late.length > 0)
    return report
  }

  async #register(nowMs: number): Promise<void> {
    const { ports, pipeline, deadlineMs } = this.#options
    const { cron, zone } = pipeline.schedule
    const yesterday = addDays(dayAt(nowMs, zone), -1)
    await ports.warehouse.transaction((session) =>
      registerPipeline(session, {
        pipeline: pipeline.id,
        cron,
        zone,
        startDay: pipeline.startDate < yesterday ? pipeline.startDate : yesterday,
        catchup: pipeline.catchup,
        deadlineMs,
      }),
    )
    this.#isRegistered = true
  }

  /** The graph that new runs are made from follows the accounts; a platform that cannot be asked keeps those that it had. */
  async #findAccounts(signal: AbortSignal): Promise<void> {
    const { ports, pipeline, onEvent } = this.#options
    const { accounts, lost } = await reachAccounts(
      ports,
      {},
      connectorContext(ports, signal, () => undefined),
    )
    const engine = this.#options.engine ?? embeddedEngine({ warehouse: ports.warehouse })
    await ports.warehouse.transaction(async (session) => {
      for (const { account } of accounts) await observeAccount(session, account, ports.clock.nowMs())
    })
    await engine.deploy(adGraph({ pipeline, accounts, lost, manner: 'scheduled' }))
    this.#accounts = accounts
      .map(({ account, spec }) => ({ account, settleMs: spec.settleMs }))
      .toSorted((a, b) => (accountKey(a.account) < accountKey(b.account) ? -1 : 1))
    this.#accountsAtMs = ports.clock.nowMs()
    onEvent({ event: 'accounts', accounts: accounts.length, lost: lost.length })
  }

  /** Told from rows by whoever comes first, so that a worker that was killed is told of as well. */
  async #tell(signal: AbortSignal, isLate: boolean): Promise<void> {
    const { ports, pipeline, incidents = false, onEvent } = this.#options
    const ended = await ports.warehouse.query(
      `select run_id from engine_run
       where told_at is null and pipeline = $1 and state in ('success', 'partial', 'failed') and kind <> 'external'
         and attended_until is null
       order by ended_at limit 20`,
      [pipeline.id],
    )
    for (const row of ended) {
      await tellRun(ports, pipeline, String(row['run_id']), signal, (event) => {
        if (event.event === 'incidents') onEvent(event)
      })
    }
    await tellLateness(ports, incidents ? 'days' : 'accounts')
    const watched = !incidents ? undefined : isLate ? await lookAtOnce(ports) : await lookWhenDue(ports)
    if (watched && watched.opened + watched.resolved > 0)
      onEvent({ event: 'incidents', opened: watched.opened, resolved: watched.resolved })
    await deliverDue(ports, signal)
  }
}
