import type { Settings } from '../config-check.ts'
import type { Clock, Random } from '../domain/clock.ts'
import { seededRandom } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Ports } from '../orchestrate/ports.ts'
import type { Busy } from '../sandbox/traffic.ts'
import type { Traffic } from '../stream/traffic.ts'
import type { Invocation } from './command.ts'
import type { DemoTime } from './demo-clock.ts'
import { writeDemoTime } from './demo-clock.ts'
import type { LiveEvents } from './up-stream.ts'

/** Events of the project's sandbox: its campaigns, each as often as its platform will report. Throws CLI_USAGE where there is none. */
export async function worldTraffic(settings: Settings, busy: Busy, random: Random): Promise<Traffic> {
  const { sandboxedPlatforms } = await import('../config.ts')
  const { busyChanges, trafficAt } = await import('../sandbox/traffic.ts')
  const { makeWorld } = await import('../sandbox/world.ts')
  const { Traffic: Sent } = await import('../stream/traffic.ts')
  const platforms = sandboxedPlatforms(settings)
  if (platforms.length === 0)
    throw new MillraceError('CLI_USAGE', {
      command: 'stream',
      detail: '--profile world wants a project with a sandbox; --profile seed needs none',
    })
  const world = makeWorld(settings.sandbox?.seed ?? 1, { platforms })
  const changes = busyChanges(world, busy)
  return new Sent((atMs) => trafficAt(world, changes, atMs), random)
}

interface Showing {
  readonly invocation: Invocation
  readonly settings: Settings
  readonly time: DemoTime
  readonly clock: Clock
  readonly ports: Ports
}

/** How often the demo's time is kept, so that the next one goes on after the last event that was sent, even after a kill. */
const keptEveryMs = 5_000

/** The demo's live events: the world's campaigns at a thousand a second, counted, landed and shown, until the signal. */
export async function showLive({ invocation, settings, time, clock, ports }: Showing, live: LiveEvents): Promise<void> {
  const { signal, projectDir } = invocation
  const { simulateTraffic } = await import('../stream/simulate.ts')
  const busy = { since: time.asOf, eventsPerSecond: time.eventsPerSecond }
  const traffic = await worldTraffic(settings, busy, seededRandom(clock.nowMs()))
  let keptMs = 0
  const keep = (): void => {
    const nowMs = clock.nowMs()
    if (nowMs - keptMs < keptEveryMs) return
    keptMs = nowMs
    writeDemoTime(projectDir, { ...time, clockMs: nowMs + 2 * keptEveryMs })
  }
  await live.count(ports, signal, async (log) => {
    await simulateTraffic({ log, traffic, clock, tell: keep }, signal)
  })
}
