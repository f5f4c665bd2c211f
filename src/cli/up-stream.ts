import { join } from 'node:path'
import type { Settings } from '../config-check.ts'
import type { Clock } from '../domain/clock.ts'
import { timeZone } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { MountOf } from '../server/mount.ts'
import type { EventLog } from '../stream/log.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { Invocation } from './command.ts'

/** Live events beside the server. */
export interface LiveEvents {
  /** The collector's routes; none where nobody has a write key. */
  readonly mounts: readonly MountOf[]
  /** Counts until `signal`, and sends what the spool holds; from here on the collector takes batches. */
  count(warehouse: Warehouse, signal: AbortSignal): Promise<void>
}

const spoolBytesMax = 1_000_000_000

export async function liveEvents(settings: Settings, invocation: Invocation, clock: Clock): Promise<LiveEvents> {
  const { output, projectDir } = invocation
  const { collector } = await import('../stream/collector.ts')
  const { Spool } = await import('../stream/collect-spool.ts')
  const keys = settings.stream.writeKeys
  const spool =
    Object.keys(keys).length > 0 ? new Spool(join(projectDir, '.millrace', 'spool'), spoolBytesMax) : undefined
  const live: { log: EventLog | undefined } = { log: undefined }
  const log = (): EventLog => {
    if (!live.log) throw new MillraceError('SERVER_STARTING', { stage: 'log' }, { retryAfterMs: 1_000 })
    return live.log
  }
  const mount: MountOf = () => ({ name: 'collect', guard: 'own', plugin: collector({ log, keys, clock, spool }) })
  return {
    mounts: spool ? [mount] : [],
    async count(warehouse, signal) {
      const { openLog, streamSpecs } = await import('../config.ts')
      const { startStream } = await import('../stream/start.ts')
      await using opened = await openLog(settings, warehouse, clock)
      live.log = opened
      await startStream(
        {
          warehouse,
          clock,
          opened,
          spool,
          ...streamSpecs(settings),
          defaultZone: timeZone(settings.stream.zone),
          threads: 1,
          tell(message) {
            if (message.event === 'stopped' || message.event === 'failed')
              output.warn(`stream  ${message.code}  ${message.reason}`)
          },
        },
        signal,
      )
    },
  }
}
