import { once } from 'node:events'
import { argv, kill, pid, stdout } from 'node:process'
import { crashRows, requestOf } from './contract-rows.ts'
import { loadPartitions } from './load.ts'
import { openPool } from './postgres-pool.ts'
import type { PostgresSession } from './postgres-pool.ts'
import type { Connection, SqlRow, SqlValue } from './warehouse.ts'

/*
 * A program that the contract kills: it loads one version of one partition and sends itself SIGKILL before its `step`-th statement
 * (the commit is the last), or, one step further, right behind the commit's sending. Without a kill it prints how many there are.
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
    void session.client.query('commit')
    await once(process, 'never', { signal: AbortSignal.timeout(1) }).catch(() => dieHere())
  }
})
await pool.end()
stdout.write(String(statements))
