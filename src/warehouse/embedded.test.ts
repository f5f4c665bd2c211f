import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { adapter } from './embedded.ts'
import { readPostmaster } from './postmaster-file.ts'
import { startEmbedded } from './embedded-server.ts'
import { openPool } from './postgres-pool.ts'
import { warehouseOver } from './postgres.ts'
import { warehouseContract } from './warehouse.contract.ts'
import type { WarehouseUnderTest } from './warehouse.contract.ts'

/*
 * The adapter itself, one folder for the suite. Each test has a database of its own on it; the pool is the adapter's, and so is
 * the way in which a killed server is brought back.
 */
async function open(): Promise<WarehouseUnderTest & AsyncDisposable> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace 저장소 '))
  const first = await adapter.open(adapter.options.parse({ dir }))
  let databases = 0
  return {
    async fresh() {
      databases += 1
      const database = `contract_${databases}`
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
