import { isoInstant } from '../domain/clock.ts'
import { dayAt, timeZone } from '../domain/day.ts'
import type { Day } from '../domain/day.ts'
import type { Session } from '../warehouse/warehouse.ts'
import { lookForIncidents } from './incident-watch.ts'
import type { Watched } from './incident-watch.ts'
import type { Ports } from './ports.ts'
import { sql } from './sql.ts'

type LookPorts = Pick<Ports, 'warehouse' | 'channels' | 'clock'>

/** So often schedulers see whether there is news; at most so late people hear of what no run told. */
const paceMs = 120_000
/** Without news too: what is open is told again after a day, and a silence may have ended. */
const quietMs = 3_600_000

/** The newest day that can have ended anywhere: where it is already tomorrow, yesterday is today in UTC. */
export function newestDay(nowMs: number): Day {
  return dayAt(nowMs, timeZone('UTC'))
}

/**
 * Looks for incidents as a run ends or something became late, whatever the pace. What it finds is in the outbox when it returns;
 * `deliverDue` sends it.
 */
export async function lookAtOnce(ports: LookPorts): Promise<Watched> {
  const nowMs = ports.clock.nowMs()
  const seen = await newsOf(ports.warehouse, nowMs)
  const watched = await lookForIncidents(ports, newestDay(nowMs))
  await remember(ports.warehouse, nowMs, seen)
  return watched
}

/**
 * Looks when it is due and there is news, once among all the schedulers of a warehouse: whoever takes the lock looks, the others
 * leave it. Undefined: nothing was due, or somebody else looks.
 */
export async function lookWhenDue(ports: LookPorts): Promise<Watched | undefined> {
  const nowMs = ports.clock.nowMs()
  const isDue = await ports.warehouse.transaction(async (session) => {
    const [lock] = await session.query(
      `select pg_try_advisory_xact_lock(hashtextextended('incident-look', 0)) as taken,
         (select looked_at <= $1 from incident_look) is not false as due`,
      [isoInstant(nowMs - paceMs)],
    )
    if (lock?.['taken'] !== true || lock['due'] !== true) return false
    const news = await newsOf(session, nowMs)
    const [last] = await session.query('select seen = $1 and looked_at > $2 as same from incident_look', [
      news,
      isoInstant(nowMs - quietMs),
    ])
    // Written before the look: if it fails, the next is due a pace later and not at every tick.
    if (last?.['same'] !== true) await remember(session, nowMs, '')
    return last?.['same'] !== true
  })
  return isDue ? await lookAtOnce(ports) : undefined
}

async function newsOf(session: Pick<Session, 'query'>, nowMs: number): Promise<string> {
  const [row] = await session.query(sql('incident-news'), [isoInstant(nowMs)])
  return String(row?.['news'])
}

async function remember(session: Pick<Session, 'query'>, nowMs: number, seen: string): Promise<void> {
  await session.query(
    `insert into incident_look (looked_at, seen) values ($1, $2)
     on conflict (one) do update set looked_at = excluded.looked_at, seen = excluded.seen`,
    [isoInstant(nowMs), seen],
  )
}
