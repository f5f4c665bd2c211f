import { join } from 'node:path'
import type { Settings } from '../config-check.ts'
import type { Clock } from '../domain/clock.ts'
import { timeZone } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Ports } from '../orchestrate/ports.ts'
import type { LiveLook, MountOf } from '../server/mount.ts'
import { logKeepMs } from '../stream/bucket.ts'
import type { Spool } from '../stream/collect-spool.ts'
import type { CollectorOptions } from '../stream/collector.ts'
import type { Counters } from '../stream/counters.ts'
import type { LivePorts } from '../stream/live-counts.ts'
import type { EventLog } from '../stream/log.ts'
import type { Landed } from '../stream/land.ts'
import type { Invocation } from './command.ts'
import type { Output } from './output.ts'

/** Live events beside the server. */
export interface LiveEvents {
  /** The collector's routes; none where nobody has a write key. */
  readonly mounts: readonly MountOf[]
  /** The newest events and, where SQL cannot ask for them, the counters: for the dashboard. */
  readonly look: LiveLook
  /** Counts until `signal`, and sends what the spool holds; from here on the collector takes batches. `feed` may send events of its own. */
  count(ports: Ports, signal: AbortSignal, feed?: (log: EventLog) => Promise<void>): Promise<void>
}

const spoolBytesMax = 1_000_000_000

export async function liveEvents(settings: Settings, invocation: Invocation, clock: Clock): Promise<LiveEvents> {
  const { projectDir } = invocation
  const keys = settings.stream.writeKeys
  const spool = Object.keys(keys).length > 0 ? await openSpool(projectDir) : undefined
  const live: { ports: LivePorts | undefined } = { ports: undefined }
  const opened = (): LivePorts => {
    if (!live.ports) throw new MillraceError('SERVER_STARTING', { stage: 'log' }, { retryAfterMs: 1_000 })
    return live.ports
  }
  const log = (): EventLog => opened().log
  const findKey = async (key: string) => {
    const { collectKeyName } = await import('../access/keys.ts')
    return collectKeyName(opened().warehouse, key, clock.nowMs())
  }
  return {
    mounts: [await mountOf({ log, keys, clock, spool, findKey })],
    look: {
      async sample(limit) {
        const { sampleTail } = await import('../stream/sample.ts')
        return sampleTail(log(), limit)
      },
      counts: isAskedBySql(settings)
        ? undefined
        : async (query) => {
            const { liveCounts } = await import('../stream/live-counts.ts')
            return liveCounts(opened(), query)
          },
    },
    async count(ports, signal, feed) {
      const { openCounters, openLog } = await import('../config.ts')
      await using eventLog = await openLog(settings, ports.warehouse, clock)
      await using counters = await openCounters(settings, ports.warehouse)
      live.ports = { log: eventLog, counters, warehouse: ports.warehouse }
      await Promise.all([
        countEvents({ settings, invocation, clock, spool }, { ...ports, ...live.ports }, signal),
        settings.stream.platformCost ? followPlatforms(invocation, ports, counters, signal) : undefined,
        feed?.(eventLog),
      ])
    },
  }
}

async function openSpool(projectDir: string): Promise<Spool> {
  const { Spool: Kept } = await import('../stream/collect-spool.ts')
  return new Kept(join(projectDir, '.millrace', 'spool'), spoolBytesMax)
}

async function mountOf(options: CollectorOptions): Promise<MountOf> {
  const { collector } = await import('../stream/collector.ts')
  return () => ({ name: 'collect', guard: 'own', plugin: collector(options) })
}

/** The warehouse's own counters are tables of the database that the server asks anyway. */
const isAskedBySql = ({ stream }: Settings): boolean => stream.counters.adapter === 'postgres'

interface Counting {
  readonly settings: Settings
  readonly invocation: Invocation
  readonly clock: Clock
  readonly spool: Spool | undefined
}

async function countEvents(
  { settings, invocation: { output, projectDir }, clock, spool }: Counting,
  ports: LivePorts & Pick<Ports, 'lake'>,
  signal: AbortSignal,
): Promise<void> {
  const { streamSpecs } = await import('../config.ts')
  const { startStream } = await import('../stream/start.ts')
  const { SeriesRegistry } = await import('../stream/series.ts')
  const { warehouse, log, counters, lake } = ports
  const zone = timeZone(settings.stream.zone)
  const registry = new SeriesRegistry(warehouse, zone)
  const scratchDir = join(projectDir, '.millrace', 'land')
  const lakePorts = { log, lake, warehouse, counters, registry, clock, scratchDir }
  await startStream(
    {
      warehouse,
      clock,
      opened: log,
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
}

/** What the running days cost, from the platforms. */
async function followPlatforms(
  { output }: Invocation,
  ports: Ports,
  counters: Counters,
  signal: AbortSignal,
): Promise<void> {
  const { costsToday } = await import('../orchestrate/costs-today.ts')
  const { followCosts } = await import('../stream/platform-cost.ts')
  const warn = (place: string, error: unknown): void =>
    output.warn(`stream  cost  ${place}  ${error instanceof Error ? error.message : String(error)}`)
  const { warehouse, clock } = ports
  await followCosts(
    {
      warehouse,
      counters,
      clock,
      pull: () => costsToday(ports, warn, signal),
      tell: (error) => warn('', error),
    },
    signal,
  )
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
