import { writeSync } from 'node:fs'
import { argv, kill, pid } from 'node:process'
import { crashRows, requestOf } from './contract-rows.ts'
import { loadPartitions } from './load.ts'
import { openPool } from './postgres-pool.ts'
import type { PostgresSession } from './postgres-pool.ts'
import type { Connection, SqlRow, SqlValue } from './warehouse.ts'

/*
 * A program that the contract kills: it loads one version of one partition and sends itself SIGKILL before its `step`-th statement
 * (the commit is the last), or, one step further, right behind the commit's sending. It prints `commit` when that was sent and `done` when it was not killed.
 */
interface Orders {
  readonly connection: Connection
  readonly step: number
  readonly seed: number
  readonly version: number
}

const { connection, step, seed, version } = JSON.parse(argv[2] ?? '{}') as Orders
let statements = 0

async function dieHere(): Promise<never> {
  kill(pid, 'SIGKILL')
  // Nothing may be sent any more, even if the signal takes a moment.
  return new Promise(() => undefined)
}

function counting(session: PostgresSession): PostgresSession {
  return {
    client: session.client,
    async query<Row extends SqlRow>(sql: string, values?: readonly SqlValue[]) {
      statements += 1
      if (statements === step) await dieHere()
      return session.query<Row>(sql, values)
    },
  }
}

const pool = await openPool(connection, {
  schema: connection.schema,
  connections: 2,
  statementTimeoutMs: 60_000,
  lockTimeoutMs: 60_000,
  place: () => 'the contract',
})
await pool.transaction(async (session) => {
  await loadPartitions(counting(session), requestOf(version, crashRows(seed, version)))
  statements += 1
  if (statements === step) await dieHere()
  if (statements + 1 === step) {
    writeSync(1, 'commit')
    void session.client.query('commit')
    // The socket is written to before timers run.
    setTimeout(() => kill(pid, 'SIGKILL'), 1)
    await new Promise(() => undefined)
  }
})
await pool.end()
writeSync(1, 'done')
