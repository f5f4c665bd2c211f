import { z } from 'zod'
import { startEmbedded } from './embedded-server.ts'
import type { EmbeddedServer } from './embedded-server.ts'
import { openPool } from './postgres-pool.ts'
import { sharedOptions, warehouseOver } from './postgres.ts'
import { defineWarehouse } from './warehouse.ts'

export const adapter = defineWarehouse({
  name: 'embedded',
  summary: 'a private Postgres 18 in a folder, started and stopped by Millrace',
  options: z.object({
    /** Folder of the server; created when absent. All commands of one folder share one server. */
    dir: z.string(),
    /** TCP port on 127.0.0.1 for tools that cannot use a socket, or the next free one; none when left out. */
    port: z.coerce.number().int().min(1024).max(65_535).optional(),
    /** `false` trades safety against a crash of the machine for speed; for tests. */
    durable: z.stringbool().or(z.boolean()).default(true),
    ...sharedOptions,
  }),
  async open({ dir, port, durable, ...shared }) {
    const start = () => startEmbedded({ dir, port, durable })
    let server: EmbeddedServer = await start()
    const pool = await openPool(server.connection, {
      ...shared,
      place: (version) => `embedded Postgres ${version} in ${dir}`,
      async revive() {
        // The old hold is on a server that is gone; letting go of it costs nothing and stops nobody else's.
        await server.stop()
        server = await start()
        return server.connection
      },
    }).catch(async (error: unknown) => {
      await server.stop()
      throw error
    })
    return warehouseOver(pool, () => server.stop())
  },
})
