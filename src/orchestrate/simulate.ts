import type { Clock } from '../domain/clock.ts'
import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import type { SqlRow, Warehouse } from '../warehouse/warehouse.ts'
import { adBodies } from './ad-bodies.ts'
import { performTask } from './body.ts'
import type { TaskBodies } from './body.ts'
import { embeddedEngine } from './embedded-engine.ts'
import type { EmbeddedEngine } from './embedded-engine.ts'
import type { Outage } from './outage.ts'
import { withOutages } from './outage.ts'
import type { Pipeline } from './pipeline.ts'
import type { Ports } from './ports.ts'
import { Scheduler } from './scheduler.ts'
import { simulatedBodies } from './simulated-bodies.ts'
import { sql } from './sql.ts'

export interface SimulateOptions {
  /** Over a warehouse of its own, and a clock that `moveTo` moves. */
  readonly ports: Ports
  readonly pipeline: Pipeline
  readonly deadlineMs: number
  readonly untilMs: number
  readonly outages?: readonly Outage[] | undefined
  /** The lake's files and the models too, as a real night makes them: some hundred times the work. */
  readonly whole?: boolean | undefined
  readonly moveTo: (instantMs: number) => void
  readonly signal: AbortSignal
}

/** One run of the simulated time as it ended. */
export interface SimulatedRun extends SqlRow {
  readonly at: Date
  readonly day: string
  readonly state: string
  readonly accounts: number
  /** Facts that it published first, and those that it found changed by the platform since. */
  readonly rows: number
  readonly restated: number
}

export interface SimulatedLate {
  readonly at: Date
  readonly day: Day
  readonly account: string
}

export type Simulated =
  | ({ readonly kind: 'run' } & SimulatedRun)
  | ({ readonly kind: 'late' | 'recovered' } & SimulatedLate)
  | { readonly kind: 'outage'; readonly at: Date; readonly platform: string; readonly hours: number }

/**
 * The scheduler, the queue and the tasks on a clock that jumps from one instant at which something can happen to the next: what falls
 * due, what a platform restates, what an outage makes late and when it came after all. Nothing sleeps.
 */
export async function* simulate(options: SimulateOptions): AsyncGenerator<Simulated, void, undefined> {
  const { pipeline, deadlineMs, untilMs, outages = [], whole = false, moveTo, signal } = options
  const connections = options.ports.connections.map((one) => withOutages(one, outages))
  const ports: Ports = { ...options.ports, connections }
  const { warehouse, clock } = ports
  const engine = embeddedEngine({ warehouse, virtual: clock, random: ports.random })
  const late: Simulated[] = []
  const scheduler = new Scheduler({
    ports,
    pipeline,
    engine,
    deadlineMs,
    virtual: clock,
    onEvent(event) {
      // A day is late by its accounts.
      if (event.event === 'late' && event.account !== null)
        late.push({ kind: 'late', at: new Date(clock.nowMs()), day: event.day, account: event.account })
    },
  })
  const bodies = whole ? adBodies(ports) : simulatedBodies(ports)
  const told = new Set<string>()
  const waiting = [...outages]
  for (let nowMs = clock.nowMs(); nowMs <= untilMs;) {
    moveTo(nowMs)
    signal.throwIfAborted()
    while (waiting[0] && waiting[0].fromMs <= nowMs) yield begun(waiting.shift() as Outage)
    await scheduler.tick(signal)
    if ((await workAll(engine, bodies, signal)) > 0) await scheduler.tick(signal)
    for (const run of await warehouse.query<SimulatedRun & { readonly run_id: string }>(sql('simulated-runs'), [
      isoInstant(nowMs),
    ]))
      if (!told.has(run.run_id)) {
        told.add(run.run_id)
        yield { kind: 'run', ...run }
      }
    yield* late.splice(0)
    yield* await recovered(warehouse, nowMs, told)
    nowMs = await nextInstant(ports, engine, nowMs)
  }
}

function begun({ platform, fromMs, untilMs }: Outage): Simulated {
  return { kind: 'outage', at: new Date(fromMs), platform, hours: (untilMs - fromMs) / 3_600_000 }
}

async function recovered(
  warehouse: Pick<Warehouse, 'query'>,
  sinceMs: number,
  told: Set<string>,
): Promise<readonly Simulated[]> {
  const rows = await warehouse.query<SimulatedLate & SqlRow>(
    `select recovered_at as at, day, platform || '/' || account_id as account from ledger_account
     where recovered_at >= $1 order by recovered_at, day, account`,
    [isoInstant(sinceMs)],
  )
  return rows
    .filter(({ day, account }) => !told.has(`${day} ${account}`))
    .map((one) => {
      told.add(`${one.day} ${one.account}`)
      return { kind: 'recovered', ...one }
    })
}

async function workAll(engine: EmbeddedEngine, bodies: TaskBodies, signal: AbortSignal): Promise<number> {
  for (let done = 0; ;) {
    const tasks = await engine.queue.claim('simulation', 4)
    if (tasks.length === 0) return done
    done += tasks.length
    // One after the other: what two tasks at once would do to one clock is nobody's schedule.
    for (const task of tasks)
      await engine.queue.finish(task.fence, await performTask(bodies, { task, signal, log: () => undefined }))
  }
}

/** When something can happen next; a day later at the latest, because days are planned up to tomorrow. */
async function nextInstant(
  { warehouse, clock }: { readonly warehouse: Ports['warehouse']; readonly clock: Clock },
  engine: EmbeddedEngine,
  nowMs: number,
): Promise<number> {
  const [row] = await warehouse.query(sql('next-instant'), [isoInstant(nowMs)])
  const retryMs = await engine.queue.nextDueMs()
  const nextMs = typeof row?.['ms'] === 'number' ? row['ms'] : Number.POSITIVE_INFINITY
  return Math.max(
    nowMs + 1,
    Math.min(nextMs, nowMs + 24 * 3_600_000, clock.nowMs() + Math.ceil(retryMs ?? 24 * 3_600_000)),
  )
}

/** An account's day that was late in the simulated time. */
export interface LateDay extends SqlRow {
  readonly account: string
  readonly day: Day
  readonly deadline: Date
  /** Null: it had not come by the end. */
  readonly recovered: Date | null
}

/** Everything that was late, in order, and whether it came after all. */
export function lateDays(warehouse: Pick<Warehouse, 'query'>): Promise<readonly LateDay[]> {
  return warehouse.query<LateDay>(
    `select platform || '/' || account_id as account, day, deadline_at as deadline, recovered_at as recovered from ledger_account
     where late_at is not null order by deadline_at, day, account`,
  )
}

/** What a whole simulation has made: files in the lake, and how often a model was built. */
export async function madeBy({
  warehouse,
  lake,
}: Pick<Ports, 'warehouse' | 'lake'>): Promise<{ readonly files: number; readonly models: number }> {
  const [built] = await warehouse.query(
    `select coalesce(sum((output ->> 'models')::int), 0)::int as models from engine_task where kind = 'dbt' and state = 'success'`,
  )
  const files = await Array.fromAsync(lake.list('raw'))
  return { files: files.length, models: Number(built?.['models']) }
}
