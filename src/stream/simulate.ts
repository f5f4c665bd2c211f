import type { Clock } from '../domain/clock.ts'
import type { EventGenerator } from './generator.ts'
import type { EventLog } from './log.ts'
import { send } from './send.ts'
import type { Traffic } from './traffic.ts'

export interface SimulateOptions {
  readonly log: EventLog
  readonly generator: EventGenerator
  readonly clock: Clock
  /** Events a second; as fast as the log takes them when 0. */
  readonly ratePerSecond: number
  /** How many to send; until `signal` when left out. */
  readonly count?: number | undefined
  readonly tell?: ((sent: number) => void) | undefined
}

const batchMax = 5_000
const tickMs = 20

/** `stream simulate`: sends events at a set rate until the count or `signal`, each batch acknowledged before the next. Returns how many. */
export async function simulate(options: SimulateOptions, signal: AbortSignal): Promise<number> {
  const { log, generator, clock, ratePerSecond, count = Number.POSITIVE_INFINITY } = options
  const partitions = await log.partitions()
  const startedMs = clock.nowMs()
  let sent = 0
  while (!signal.aborted && sent < count) {
    const nowMs = clock.nowMs()
    const due = ratePerSecond === 0 ? sent + batchMax : Math.floor(((nowMs - startedMs) / 1000) * ratePerSecond)
    const some = Math.min(due - sent, batchMax, count - sent)
    if (some <= 0) {
      await clock.sleep(tickMs, signal).catch(() => undefined)
      continue
    }
    await send(
      log,
      partitions,
      Array.from({ length: some }, () => generator.next(nowMs)),
    )
    sent += some
    options.tell?.(sent)
  }
  return sent
}

export interface TrafficOptions {
  readonly log: EventLog
  readonly traffic: Traffic
  readonly clock: Clock
  readonly tell?: ((sent: number) => void) | undefined
}

const trafficTickMs = 100

/** Sends a world's events as they happen, from now on until `signal`. Returns how many. */
export async function simulateTraffic(
  { log, traffic, clock, tell }: TrafficOptions,
  signal: AbortSignal,
): Promise<number> {
  const partitions = await log.partitions()
  for (let fromMs = clock.nowMs(); !signal.aborted;) {
    await clock.sleep(trafficTickMs, signal).catch(() => undefined)
    const untilMs = clock.nowMs()
    const due = traffic.between(fromMs, untilMs)
    for (let at = 0; at < due.length; at += batchMax) await send(log, partitions, due.slice(at, at + batchMax))
    fromMs = untilMs
    tell?.(traffic.sent)
  }
  return traffic.sent
}
