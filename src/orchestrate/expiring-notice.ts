import { isoInstant } from '../domain/clock.ts'
import { expiringMessage } from '../notify/expiring-message.ts'
import { enqueue } from '../notify/outbox.ts'
import type { Session } from '../warehouse/warehouse.ts'
import type { Ports } from './ports.ts'

const warnDays = 7

/**
 * Puts a message about each kept credential that ends within seven days into the outbox, in the caller's transaction. The message's
 * key names the end, so that the same end is told once however many runs see it, and a renewed credential is told of again.
 */
export async function tellExpiring(
  session: Session,
  { channels, clock }: Pick<Ports, 'channels' | 'clock'>,
): Promise<void> {
  const nowMs = clock.nowMs()
  const rows = await session.query<{ connection: string; name: string; endsOn: string }>(
    `select connection, name, to_char(expires_at at time zone 'UTC', 'YYYY-MM-DD') as "endsOn" from connection_secret
     where expires_at <= $1::timestamptz + make_interval(days => $2) order by 1, 2`,
    [isoInstant(nowMs), warnDays],
  )
  for (const item of rows)
    for (const { name, language } of channels) await enqueue(session, name, expiringMessage(item, language), nowMs)
}
