import { systemClock } from '../domain/clock.ts'
import { openPool } from '../warehouse/postgres-pool.ts'
import { warehouseOver } from '../warehouse/postgres.ts'
import type { Connection } from '../warehouse/warehouse.ts'
import { embeddedEngine } from './embedded-engine.ts'
import { runWorker } from './worker.ts'

/** A worker in a process of its own, to be killed: `node worker-main.fixture.ts '{"connection":…}'`. Ends at SIGTERM. */
export interface WorkerMainOptions {
  readonly connection: Connection
  readonly name: string
  readonly slots: number
  readonly leaseMs: number
}

const { connection, name, slots, leaseMs } = JSON.parse(process.argv[2] ?? '{}') as WorkerMainOptions
const pool = await openPool(connection, {
  schema: connection.schema,
  connections: 4,
  statementTimeoutMs: 20_000,
  lockTimeoutMs: 10_000,
  place: (version) => `Postgres ${version}`,
})
const warehouse = warehouseOver(pool, () => Promise.resolve())
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
process.stdout.write('ready\n')
await runWorker(
  {
    warehouse,
    engine: embeddedEngine({ warehouse, leaseMs }),
    name,
    slots,
    bodies: new URL('task-bodies.fixture.ts', import.meta.url).href,
    clock: systemClock,
    env: process.env,
    graceMs: 200,
    drainMs: 2_000,
  },
  stop.signal,
)
await warehouse[Symbol.asyncDispose]()
