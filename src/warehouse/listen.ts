import pg from 'pg'
import type { Warehouse } from './warehouse.ts'

const reconnectMs = 1_000

/**
 * Calls `onNotify` for every NOTIFY on the channel, over a connection of its own that is made anew when it breaks. A notice can
 * always be missed (a broken connection, a pooler in between that does not pass it), so whoever listens also looks by itself
 * from time to time; failing to listen is therefore no error.
 */
export function listen(
  warehouse: Pick<Warehouse, 'connection'>,
  channel: string,
  onNotify: () => void,
): AsyncDisposable {
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let isOpen = true
  const again = () => {
    client = undefined
    if (isOpen) timer = setTimeout(connect, reconnectMs).unref()
  }
  const connect = () => {
    const { password, schema: _, ...rest } = warehouse.connection
    const next = new pg.Client({
      ...rest,
      ...(password === null ? {} : { password }),
      application_name: 'millrace listen',
    })
    client = next
    next.on('notification', onNotify)
    next.on('error', () => void next.end().catch(() => undefined))
    next.once('end', again)
    // What cannot be heard is looked for; the next attempt may hear again.
    next
      .connect()
      .then(() => next.query(`listen ${pg.escapeIdentifier(channel)}`))
      .catch(() => next.end().catch(() => undefined))
  }
  connect()
  return {
    async [Symbol.asyncDispose]() {
      isOpen = false
      clearTimeout(timer)
      client?.removeListener('end', again)
      await client?.end().catch(() => undefined)
    },
  }
}
