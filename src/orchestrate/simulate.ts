import type { Clock } from '../domain/clock.ts'
import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import type { SqlRow } from '../warehouse/warehouse.ts'
import { adBodies } from './ad-bodies.ts'
import { performTask } from './body.ts'
import { embeddedEngine } from './embedded-engine.ts'
import type { EmbeddedEngine } from './embedded-engine.ts'
import type { Pipeline } from './pipeline.ts'
import type { Ports } from './ports.ts'
import { Scheduler } from './scheduler.ts'
import { sql } from './sql.ts'

export interface SimulateOptions {
  /** Over a warehouse and a lake of its own, and a clock that `moveTo` moves. */
  readonly ports: Ports
  readonly pipeline: Pipeline
  readonly deadlineMs: number
  readonly untilMs: number
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
  readonly account: string | null
}

export type Simulated = ({ readonly kind: 'run' } & SimulatedRun) | ({ readonly kind: 'late' } & SimulatedLate)

/**
 * The scheduler, the queue and the real tasks on a clock that jumps from one instant at which something can happen to the next: what
 * falls due, what becomes late, what is tried again. Nothing sleeps, so that a month takes as long as its loads.
 */
export async function* simulate(options: SimulateOptions): AsyncGenerator<Simulated, void, undefined> {
  const { ports, pipeline, deadlineMs, untilMs, moveTo, signal } = options
  const engine = embeddedEngine({ warehouse: ports.warehouse, virtual: ports.clock })
  const late: SimulatedLate[] = []
  const scheduler = new Scheduler({
    ports,
    pipeline,
    engine,
    deadlineMs,
    virtual: ports.clock,
    onEvent(event) {
      if (event.event === 'late')
        late.push({ at: new Date(ports.clock.nowMs()), day: event.day, account: event.account })
    },
  })
  const told = new Set<string>()
  for (let nowMs = ports.clock.nowMs(); nowMs <= untilMs;) {
    moveTo(nowMs)
    signal.throwIfAborted()
    await scheduler.tick(signal)
    if ((await workAll(ports, engine, signal)) > 0) await scheduler.tick(signal)
    for (const run of await ports.warehouse.query<SimulatedRun & { readonly run_id: string }>(sql('simulated-runs')))
      if (!told.has(run.run_id)) {
        told.add(run.run_id)
        yield { kind: 'run', ...run }
      }
    for (const one of late.splice(0)) yield { kind: 'late', ...one }
    nowMs = await nextInstant(ports, engine, nowMs)
  }
}

async function workAll(ports: Ports, engine: EmbeddedEngine, signal: AbortSignal): Promise<number> {
  const bodies = adBodies(ports)
  for (let done = 0; ;) {
    const tasks = await engine.queue.claim('simulation', 4)
    if (tasks.length === 0) return done
    done += tasks.length
    await Promise.all(
      tasks.map(async (task) => {
        await engine.queue.finish(task.fence, await performTask(bodies, { task, signal, log: () => undefined }))
      }),
    )
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
