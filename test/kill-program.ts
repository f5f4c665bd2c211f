import { argv, exit, kill, pid, stdout } from 'node:process'
import type { Clock } from '../src/domain/clock.ts'
import { timeZone } from '../src/domain/day.ts'
import type { Lake } from '../src/lake/lake.ts'
import type { Notifier } from '../src/notify/notifier.ts'
import { runPipeline } from '../src/orchestrate/run.ts'
import { openPool } from '../src/warehouse/postgres-pool.ts'
import type { PostgresPool, PostgresSession } from '../src/warehouse/postgres-pool.ts'
import { warehouseOver } from '../src/warehouse/postgres.ts'
import type { SqlRow, SqlValue } from '../src/warehouse/warehouse.ts'
import { connectionsTo, portsOver } from './job.ts'
import type { Orders } from './kill-orders.ts'
import { openChannels } from './kill-orders.ts'

/*
 * The nightly job as a program that is killed: it sends itself SIGKILL at its `step`-th durable step, counted over all that leaves
 * the process (before and after each write to the lake and each mail, before each statement, before and after each commit), or is
 * killed from outside. Not killed, it prints how many steps there were and how the run ended.
 */
const orders = JSON.parse(argv[2] ?? '') as Orders
let steps = 0

async function step(): Promise<void> {
  steps += 1
  if (steps !== orders.step) return
  kill(pid, 'SIGKILL')
  // Nothing may leave the process any more, even if the signal takes a moment.
  return new Promise(() => undefined)
}

async function around<Result>(work: () => Promise<Result>): Promise<Result> {
  await step()
  const result = await work()
  await step()
  return result
}

function killablePool(pool: PostgresPool): PostgresPool {
  const counted = (session: PostgresSession): PostgresSession => ({
    client: session.client,
    async query<Row extends SqlRow>(sql: string, values?: readonly SqlValue[]) {
      await step()
      return session.query<Row>(sql, values)
    },
  })
  return {
    get connection() {
      return pool.connection
    },
    place: pool.place,
    query: (sql, values) => around(() => pool.query(sql, values)),
    async transaction(work) {
      const result = await pool.transaction(async (session) => {
        const done = await work(counted(session))
        await step()
        return done
      })
      await step()
      return result
    },
    end: () => pool.end(),
  }
}

function killableLake(lake: Lake): Lake {
  return {
    place: lake.place,
    put: (key, body, condition) => around(() => lake.put(key, body, condition)),
    get: (key) => lake.get(key),
    open: (key) => lake.open(key),
    list: (prefix) => lake.list(prefix),
    remove: (keys) => around(() => lake.remove(keys)),
    [Symbol.asyncDispose]: () => lake[Symbol.asyncDispose](),
  }
}

function killableNotifier(notifier: Notifier): Notifier {
  return {
    name: notifier.name,
    place: notifier.place,
    send: (message, signal) => around(() => notifier.send(message, signal)),
    [Symbol.asyncDispose]: () => notifier[Symbol.asyncDispose](),
  }
}

async function main(): Promise<void> {
  const { connection, door, folder, nowMs, range, seed, smtpPort, parallelAccounts, dbt } = orders
  const pool = await openPool(connection, {
    schema: connection.schema,
    connections: 4,
    statementTimeoutMs: 60_000,
    lockTimeoutMs: 60_000,
    place: () => 'the killed program',
  })
  const clock: Clock = { nowMs: () => nowMs, sleep: () => Promise.resolve() }
  const channels = (await openChannels(folder, smtpPort)).map((channel) => ({
    ...channel,
    notifier: killableNotifier(channel.notifier),
  }))
  const given = {
    clock,
    connections: await connectionsTo(door),
    warehouse: warehouseOver(killablePool(pool), async () => undefined),
    folder,
    seed,
  }
  const ports = await portsOver(given, { channels, parallelAccounts, dbt })
  stdout.write('begun\n')
  const summary = await runPipeline(
    { ...ports, lake: killableLake(ports.lake) },
    { range, kind: 'advance', zone: timeZone('Asia/Seoul') },
    () => undefined,
    new AbortController().signal,
  )
  await pool.end()
  stdout.write(`${JSON.stringify({ steps, state: summary.state, partitions: summary.partitions })}\n`)
  // The mail library keeps its socket for a while; the work is done.
  exit(0)
}

await main()
