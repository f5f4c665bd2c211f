// A consumer in a process of its own, so that its CPU is its own: counts what is in the log, prints what it took.
import { runSpec } from '../src/stream/worker-thread.ts'
import type { ThreadSpec } from '../src/stream/worker-thread.ts'

/** What the consumer's process took, from the moment its modules were loaded. */
export interface ConsumerTook {
  readonly cpuSeconds: number
  /** Of those, spent in the kernel. */
  readonly systemSeconds: number
  readonly wallSeconds: number
  readonly rssMb: number
  /** Of those, of the main thread: the rest is the engine's helpers, which collect garbage and compile. */
  readonly mainSeconds: number
}

const spec = JSON.parse(process.argv[2] ?? '{}') as ThreadSpec
// Loading a client's modules is no part of counting.
await Promise.all([spec.log.module, spec.counters.module].map((module) => import(module)))
const cpu = process.cpuUsage()
const main = process.threadCpuUsage()
const startedMs = performance.now()
await runSpec(spec, AbortSignal.timeout(600_000), (event) => {
  if (event.event !== 'taken' && event.event !== 'given') process.stderr.write(`${JSON.stringify(event)}\n`)
})
const { user, system } = process.cpuUsage(cpu)
const took: ConsumerTook = {
  cpuSeconds: (user + system) / 1e6,
  systemSeconds: system / 1e6,
  wallSeconds: (performance.now() - startedMs) / 1000,
  mainSeconds: ((t) => (t.user + t.system) / 1e6)(process.threadCpuUsage(main)),
  rssMb: process.resourceUsage().maxRSS / 1024,
}
process.stdout.write(`${JSON.stringify(took)}\n`)
