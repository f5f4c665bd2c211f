import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../domain/clock.ts'
import type { Adapter } from '../domain/adapter.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { z } from 'zod'
import { openPool } from '../warehouse/postgres-pool.ts'
import { warehouseOver } from '../warehouse/postgres.ts'
import type { Connection, Warehouse } from '../warehouse/warehouse.ts'
import type { TimeZone } from '../domain/day.ts'
import type { Counters } from './counters.ts'
import type { EventLog } from './log.ts'
import { SeriesRegistry } from './series.ts'
import type { WorkerEvent, WorkerOptions } from './worker.ts'
import { Worker } from './worker.ts'

/** An adapter's module and what it is told but for the warehouse, which every thread opens for itself. */
export interface AdapterSpec {
  readonly module: string
  readonly options: Readonly<Record<string, unknown>>
}

/** All that a thread needs; plain data. */
export interface ThreadSpec {
  readonly connection: Connection
  readonly log: AdapterSpec
  readonly counters: AdapterSpec
  readonly defaultZone: TimeZone
  readonly worker: WorkerOptions
}

/** What a thread says to the process. */
export type ThreadMessage = WorkerEvent | { readonly event: 'failed'; readonly code: string; readonly reason: string }

/** The warehouse of a thread: its own connections to the server that the process has opened. */
export async function attach({ schema, ...connection }: Connection): Promise<Warehouse> {
  const pool = await openPool(connection, {
    schema,
    connections: 16,
    statementTimeoutMs: 600_000,
    lockTimeoutMs: 60_000,
    place: (version) => `Postgres ${version}`,
  })
  return warehouseOver(pool, async () => undefined)
}

/** Opens a port by its adapter's module. */
export async function openBySpec<Port>(spec: AdapterSpec, warehouse: Warehouse): Promise<Port> {
  const { adapter } = (await import(spec.module)) as { readonly adapter: Adapter<Port, z.ZodType> }
  return adapter.open(adapter.options.parse({ ...spec.options, warehouse }))
}

/** Counts by this specification until `signal`. */
export async function runSpec(
  spec: ThreadSpec,
  signal: AbortSignal,
  tell: (event: WorkerEvent) => void,
): Promise<void> {
  await using warehouse = await attach(spec.connection)
  await using log = await openBySpec<EventLog>(spec.log, warehouse)
  await using counters = await openBySpec<Counters>(spec.counters, warehouse)
  const registry = new SeriesRegistry(warehouse, spec.defaultZone)
  await new Worker(warehouse, { log, counters, registry, clock: systemClock }, spec.worker, tell).run(signal)
}

if (parentPort) {
  const port = parentPort
  const stop = new AbortController()
  port.on('message', () => stop.abort())
  const say = (message: ThreadMessage): void => port.postMessage(message)
  try {
    await runSpec(workerData as ThreadSpec, stop.signal, say)
  } catch (error) {
    const code = isMillraceError(error) ? error.code : 'STREAM_WORKER_ENDED'
    say({ event: 'failed', code, reason: error instanceof Error ? error.message : String(error) })
  }
  port.close()
}
