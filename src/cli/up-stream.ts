import { join } from 'node:path'
import type { Settings } from '../config-check.ts'
import type { Clock } from '../domain/clock.ts'
import { timeZone } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { EventSample, MountOf } from '../server/mount.ts'
import { logKeepMs } from '../stream/bucket.ts'
import type { EventLog } from '../stream/log.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { Lake } from '../lake/lake.ts'
import type { Landed } from '../stream/land.ts'
import type { Invocation } from './command.ts'
import type { Output } from './output.ts'

/** Live events beside the server. */
export interface LiveEvents {
  /** The collector's routes; none where nobody has a write key. */
  readonly mounts: readonly MountOf[]
  /** A look at the newest events, for the dashboard. */
  readonly sample: EventSample
  /** Counts until `signal`, and sends what the spool holds; from here on the collector takes batches. */
  count(ports: { readonly warehouse: Warehouse; readonly lake: Lake }, signal: AbortSignal): Promise<void>
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
    async sample(limit) {
      const { sampleTail } = await import('../stream/sample.ts')
      return sampleTail(log(), limit)
    },
    async count({ warehouse, lake }, signal) {
      const { openCounters, openLog, streamSpecs } = await import('../config.ts')
      const { startStream } = await import('../stream/start.ts')
      const { SeriesRegistry } = await import('../stream/series.ts')
      await using opened = await openLog(settings, warehouse, clock)
      await using counters = await openCounters(settings, warehouse)
      live.log = opened
      const zone = timeZone(settings.stream.zone)
      const registry = new SeriesRegistry(warehouse, zone)
      const scratchDir = join(projectDir, '.millrace', 'land')
      const lakePorts = { log: opened, lake, warehouse, counters, registry, clock, scratchDir }
      await startStream(
        {
          warehouse,
          clock,
          opened,
          spool,
          ...streamSpecs(settings),
          defaultZone: zone,
          landing: settings.stream.landing
            ? { ports: lakePorts, zone, keepMs: keepMsOf(settings), tell: (event) => tellLanding(output, event) }
            : undefined,
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

/** A file that landed is no news; a round that failed is. */
export function tellLanding(output: Output, event: Landed | { readonly error: unknown }): void {
  if (!('error' in event)) return
  output.warn(`stream  land  ${event.error instanceof Error ? event.error.message : String(event.error)}`)
}

/** The embedded log is Millrace's own to cut; a Kafka topic has its own retention, and other readers. */
export function keepMsOf({ stream }: Settings): number | undefined {
  return stream.log.adapter === 'postgres' ? logKeepMs : undefined
}
