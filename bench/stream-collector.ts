import { createInterface } from 'node:readline'
import { systemClock } from '../src/domain/clock.ts'
import { startCollector } from '../src/stream/collect-server.ts'
import { adapter as postgresLog } from '../src/stream/postgres-log.ts'
import { attach } from '../src/stream/worker-thread.ts'
import type { Connection } from '../src/warehouse/warehouse.ts'

/** A collector in a process of its own: prints its address, then at every line on stdin the CPU seconds so far. */
const { connection, topic, spoolDir } = JSON.parse(process.argv[2] ?? '{}') as {
  readonly connection: Connection
  readonly topic: string
  readonly spoolDir: string
}
await using warehouse = await attach(connection)
await using log = await postgresLog.open(postgresLog.options.parse({ warehouse, topic, partitions: 4 }))
await using server = await startCollector({
  log,
  spoolDir,
  keys: { bench: { key: 'bench', ratePerSecond: 1_000_000_000 } },
  clock: systemClock,
  host: '127.0.0.1',
  port: 0,
})
process.stdout.write(`${server.url}\n`)
for await (const _line of createInterface({ input: process.stdin })) {
  const { user, system } = process.cpuUsage()
  process.stdout.write(`${(user + system) / 1e6}\n`)
}
