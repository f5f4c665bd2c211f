import { systemClock } from '../domain/clock.ts'
import type { Ports } from '../orchestrate/ports.ts'
import type { Invocation } from './command.ts'
import type { ScreenServices } from './screen-services.ts'
import { work } from './up.ts'

/** The worker of a demo, so that its dashboard can do things again. */
export async function demoWork(invocation: Invocation, ports: Ports, { desk, engine }: ScreenServices): Promise<void> {
  // Until now new runs would have been made like the demo's own, which a command carries out itself.
  await desk.deploy()
  // Its processes are started one by one; each must see the time that this one sees.
  const shiftMs = String(ports.clock.nowMs() - systemClock.nowMs())
  const env = { ...invocation.env, MILLRACE_TASK_CLOCK_SHIFT_MS: shiftMs }
  await work({ ...invocation, env }, {}, ports, engine)
}
