import { argv, exit, stdout } from 'node:process'
import { systemRandom } from '../src/domain/clock.ts'
import type { Day } from '../src/domain/day.ts'
import { deliverDue } from '../src/notify/outbox.ts'
import { adapter } from '../src/notify/webhook.ts'
import { lookForIncidents } from '../src/orchestrate/incident-watch.ts'
import { openPool } from '../src/warehouse/postgres-pool.ts'
import { warehouseOver } from '../src/warehouse/postgres.ts'
import type { Connection } from '../src/warehouse/warehouse.ts'

/** Looks and delivers once, as `millrace alerts send` does; killed from outside at any moment. Says when it is about to begin. */
const orders = JSON.parse(argv[2] ?? '') as {
  readonly connection: Connection
  readonly url: string
  readonly secret: string
  readonly day: Day
  readonly nowMs: number
}
const pool = await openPool(orders.connection, {
  schema: orders.connection.schema,
  connections: 2,
  statementTimeoutMs: 30_000,
  lockTimeoutMs: 30_000,
  place: (version) => `Postgres ${version}`,
})
const warehouse = warehouseOver(pool, async () => undefined)
const options = { url: orders.url, secrets: [orders.secret], timeoutMs: 2_000, allowHosts: ['127.0.0.1'] }
const notifier = await adapter.open(adapter.options.parse(options))
const clock = { nowMs: () => orders.nowMs, sleep: async () => undefined }
const ports = {
  warehouse,
  clock,
  random: systemRandom,
  channels: [{ name: 'hook', notifier, language: 'en' as const }],
}
stdout.write('begin\n')
await lookForIncidents(ports, orders.day)
await deliverDue(ports, new AbortController().signal)
await warehouse[Symbol.asyncDispose]()
exit(0)
