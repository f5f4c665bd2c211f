import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { adapter } from './embedded.ts'
import { readPostmaster } from './postmaster-file.ts'
import { startEmbedded } from './embedded-server.ts'
import { openPool } from './postgres-pool.ts'
import { warehouseOver } from './postgres.ts'
import { warehouseContract } from './warehouse.contract.ts'
import type { Warehouse } from './warehouse.ts'
import type { WarehouseUnderTest } from './warehouse.contract.ts'

/** A database of the folder's server, made where it is not there. */
async function openDatabase(dir: string, database: string): Promise<Warehouse> {
  let server = await startEmbedded({ dir, database })
  const pool = await openPool(server.connection, {
    schema: 'millrace',
    connections: 8,
    statementTimeoutMs: 120_000,
    lockTimeoutMs: 60_000,
    place: () => `embedded Postgres in ${dir}`,
    async revive() {
      await server.stop()
      server = await startEmbedded({ dir, database })
      return server.connection
    },
  })
  return warehouseOver(pool, () => server.stop())
}

/** Of the server itself, in its own database. */
async function ask(dir: string, sql: string): Promise<void> {
  const server = await startEmbedded({ dir, database: 'postgres' })
  const { password, ...connection } = server.connection
  const client = new pg.Client({ ...connection, ...(password === null ? {} : { password }) })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
    await server.stop()
  }
}

/*
 * The adapter itself, one folder for the suite. Each test has a database of its own on it; the pool is the adapter's, and so is
 * the way in which a killed server is brought back.
 */
async function open(): Promise<WarehouseUnderTest & AsyncDisposable> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace 저장소 '))
  const first = await adapter.open(adapter.options.parse({ dir }))
  let databases = 0
  const fresh = async () => {
    databases += 1
    return openDatabase(dir, `contract_${databases}`)
  }
  const template = 'contract_template'
  const made = await openDatabase(dir, template)
  await made.migrate()
  await made[Symbol.asyncDispose]()
  return {
    fresh,
    async migrated() {
      await ask(dir, `create database contract_${databases + 1} template ${template}`)
      return fresh()
    },
    async kill() {
      const { pid } = readPostmaster(join(dir, 'data')) ?? { pid: 0 }
      process.kill(pid, 'SIGKILL')
      await Promise.resolve()
    },
    // Nobody: the adapter starts the server again by itself.
    restart: () => Promise.resolve(),
    async [Symbol.asyncDispose]() {
      await first[Symbol.asyncDispose]()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

warehouseContract('embedded', { open })
