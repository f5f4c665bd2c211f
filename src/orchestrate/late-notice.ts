import { isoInstant } from '../domain/clock.ts'
import { lateMessage } from '../notify/late-message.ts'
import type { LateItem } from '../notify/late-message.ts'
import { enqueue } from '../notify/outbox.ts'
import type { Session, SqlRow } from '../warehouse/warehouse.ts'
import type { Ports } from './ports.ts'
import { sql } from './sql.ts'

type Mark = 'late_told_at' | 'recovered_at'

/**
 * Says once of each account's day that it is late, and once that it came after all: what became late since the last look is one
 * message, because one outage makes many days late. The rows are marked in the transaction that puts the message into the outbox.
 * `days`: what an account's day has to say is left to its incident, and only days of the pipeline itself are told of here.
 */
export async function tellLateness(
  ports: Pick<Ports, 'warehouse' | 'channels' | 'clock'>,
  of: 'accounts' | 'days' = 'accounts',
): Promise<number> {
  return ports.warehouse.transaction(async (session) => {
    const told = ({ account }: LateItem) => of === 'accounts' || account === '*'
    const late = (await marked(session, ports, 'late_told_at')).filter(told)
    const recovered = (await marked(session, ports, 'recovered_at')).filter(told)
    const nowMs = ports.clock.nowMs()
    for (const { name, language } of ports.channels) {
      if (late.length > 0) await enqueue(session, name, lateMessage('late', late, language), nowMs)
      if (recovered.length > 0) await enqueue(session, name, lateMessage('recovered', recovered, language), nowMs)
    }
    return late.length + recovered.length
  })
}

async function marked(session: Session, { clock }: Pick<Ports, 'clock'>, mark: Mark): Promise<readonly LateItem[]> {
  const isLate = mark === 'late_told_at'
  const rows = await session.query<LateItem & SqlRow>(sql(isLate ? 'tell-late' : 'tell-recovered'), [
    isoInstant(clock.nowMs()),
  ])
  return rows.toSorted((a, b) => (`${a.day} ${a.account}` < `${b.day} ${b.account}` ? -1 : 1))
}
