import type { Clock } from '../domain/clock.ts'
import type { EventGenerator } from './generator.ts'
import type { EventLog } from './log.ts'
import { send } from './send.ts'

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
