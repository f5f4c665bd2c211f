import type { Settings } from '../config-check.ts'
import type { Clock } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import { addDays, dayAt, timeZone } from '../domain/day.ts'
import { isMillraceError, MillraceError } from '../domain/errors.ts'
import { briefKey, briefMessage } from '../notify/brief-message.ts'
import { deliverDue, enqueue } from '../notify/outbox.ts'
import type { Delivery, Post } from '../notify/outbox.ts'
import type { Channel } from '../orchestrate/ports.ts'
import type { Overview } from '../server/brief.ts'
import { readBrief } from '../server/brief.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'

export interface BriefPorts extends Post {
  readonly warehouse: Warehouse
  readonly channels: readonly Channel[]
}

/** The channels that the brief goes to. Throws NOTIFY_CHANNEL_UNKNOWN for a name that `notify` does not have. */
function briefChannels(channels: readonly Channel[], wanted: Settings['brief']['channels']): readonly Channel[] {
  const known = channels.map(({ name }) => name)
  const unknown = wanted?.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new MillraceError('NOTIFY_CHANNEL_UNKNOWN', { channel: unknown, known: known.join(', ') || '–' })
  return channels.filter(({ name }) => wanted?.includes(name) ?? true)
}

/** Puts the day's brief into the outbox, once a channel and day, and sends what is due. Returns what it was about. */
export async function sendBrief(
  ports: BriefPorts,
  brief: Settings['brief'],
  date: Day,
  signal: AbortSignal,
): Promise<Overview & { readonly delivery: Delivery }> {
  const report = await readBrief(ports.warehouse, ports.clock, { date, zone: timeZone(brief.zone) })
  await ports.warehouse.transaction(async (session) => {
    for (const { name, language } of briefChannels(ports.channels, brief.channels))
      await enqueue(session, name, briefMessage(report, language), ports.clock.nowMs())
  })
  return { ...report, delivery: await deliverDue(ports, signal) }
}

/** The day that the brief is about now: yesterday where it is read. */
export function briefDay(clock: Clock, { zone }: Settings['brief']): Day {
  return addDays(dayAt(clock.nowMs(), timeZone(zone)), -1)
}

/** Whether the hour has come and the day's brief is in nobody's outbox yet. */
export async function isBriefDue(ports: BriefPorts, brief: Settings['brief']): Promise<boolean> {
  if (brief.at === undefined) return false
  const time = new Intl.DateTimeFormat('en-GB', { timeZone: brief.zone, hour: '2-digit', minute: '2-digit' })
  if (time.format(ports.clock.nowMs()) < brief.at) return false
  const [sent] = await ports.warehouse.query('select 1 from outbox where idempotency_key = $1 limit 1', [
    briefKey(briefDay(ports.clock, brief)),
  ])
  return sent === undefined
}

export type BriefEvent =
  | { readonly event: 'brief'; readonly day: Day }
  | { readonly event: 'trouble'; readonly code: string; readonly message: string }

const lookMs = 30_000

/**
 * Sends each day's brief at its hour, until the signal. Started later it sends the day's brief late rather than never; any number of
 * programs send it once. What goes wrong is told once and tried again.
 */
export async function keepBriefing(
  ports: BriefPorts,
  brief: Settings['brief'],
  signal: AbortSignal,
  onEvent: (event: BriefEvent) => void,
): Promise<void> {
  if (brief.at === undefined) return
  let isTroubled = false
  while (!signal.aborted) {
    try {
      if (await isBriefDue(ports, brief)) {
        const day = briefDay(ports.clock, brief)
        await sendBrief(ports, brief, day, signal)
        onEvent({ event: 'brief', day })
      }
      isTroubled = false
    } catch (error) {
      if (signal.aborted) break
      if (!isMillraceError(error)) throw error
      if (!isTroubled) onEvent({ event: 'trouble', code: error.code, message: error.message })
      isTroubled = true
    }
    await ports.clock.sleep(lookMs, signal).catch(() => undefined)
  }
}
