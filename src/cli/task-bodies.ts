import { openPorts } from '../config.ts'
import { loadConfig } from '../config-inspect.ts'
import { offsetClock, systemClock, systemRandom } from '../domain/clock.ts'
import { adBodies } from '../orchestrate/ad-bodies.ts'
import type { TaskBodies, TaskBody } from '../orchestrate/body.ts'
import { demoClock, demoNoonMs, readDemoTime } from './demo-clock.ts'
import { languageOf } from './language.ts'
import { Scrubber } from './scrubber.ts'

/*
 * What a worker's processes are started with: the project's ports, opened at the first task and kept for the next ones. The project
 * is named by the environment; its secrets are read here and never sent.
 */

const projectDir = process.env['MILLRACE_TASK_PROJECT'] ?? '.'
let opening: Promise<TaskBodies> | undefined

async function open(): Promise<TaskBodies> {
  const language = languageOf(undefined, process.env)
  const reread = () => loadConfig({ projectDir, env: process.env, secrets: new Scrubber(), language })
  const settings = await reread()
  const demo = readDemoTime(projectDir)
  const shift = process.env['MILLRACE_TASK_CLOCK_SHIFT_MS']
  const ports = await openPorts(settings, {
    clock: shift !== undefined ? offsetClock(systemClock, Number(shift)) : demo ? demoClock(demo) : systemClock,
    random: systemRandom,
    fetch: globalThis.fetch,
    ...(demo && { sandboxNowMs: demoNoonMs(demo.asOf) }),
    onOpening: () => undefined,
    reread,
  })
  return adBodies(ports)
}

/** A failed opening is tried again by the next task: a database that was away is there by then. */
function opened(kind: string): TaskBody {
  return {
    async run(context) {
      opening ??= open()
      const bodies = await opening.catch((error: unknown) => {
        opening = undefined
        throw error
      })
      const body = bodies[kind]
      return body ? body.run(context) : { kind: 'skipped', output: null }
    },
  }
}

export const bodies: TaskBodies = Object.fromEntries(
  ['extract', 'load', 'dbt', 'unreachable'].map((kind) => [kind, opened(kind)]),
)
