import type { Settings } from '../config-check.ts'
import { systemClock } from '../domain/clock.ts'
import { embeddedEngine } from '../orchestrate/embedded-engine.ts'
import type { Engine } from '../orchestrate/engine.ts'
import type { Ports } from '../orchestrate/ports.ts'
import type { BackfillDesk } from '../server/backfills.ts'
import { backfillDesk } from './backfill-desk.ts'
import type { Invocation } from './command.ts'
import { configuredPipeline } from './pipeline.ts'
import { work } from './up.ts'

/** What a demo needs so that its dashboard can do things again: an engine, plans of backfills, and a worker that carries them out. */
export async function demoHands(
  invocation: Invocation,
  settings: Settings,
  ports: Ports,
): Promise<{ readonly engine: Engine; readonly desk: BackfillDesk; work(): Promise<void> }> {
  const { signal, output } = invocation
  const engine = embeddedEngine({ warehouse: ports.warehouse })
  const pipeline = configuredPipeline(settings)
  const desk = backfillDesk({ ports, pipeline, engine, signal, say: (message) => output.say(message) })
  return {
    engine,
    desk,
    async work() {
      // Until now new runs would have been made like the demo's own, which a command carries out itself.
      await desk.deploy()
      // Its processes are started one by one; each must see the time that this one sees.
      const shiftMs = String(ports.clock.nowMs() - systemClock.nowMs())
      const env = { ...invocation.env, MILLRACE_TASK_CLOCK_SHIFT_MS: shiftMs }
      await work({ ...invocation, env }, {}, ports, engine)
    },
  }
}
