import { standingClock } from '../domain/clock.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { embeddedEngine } from './embedded-engine.ts'
import type { EmbeddedEngine } from './embedded-engine.ts'
import type { EngineUnderTest, Probe } from './engine.contract.ts'
import type { ClaimedTask, TaskResult } from './queue.ts'
import { classOfExitCode } from './retry.ts'

/** What a probe of the contract comes to in its present attempt. */
function probeResult({ input, attempt }: Pick<ClaimedTask, 'input' | 'attempt'>): TaskResult {
  const { exits } = input as unknown as Probe
  const code = exits[Math.min(attempt, exits.length) - 1] ?? 0
  if (code === 0) return { kind: 'success', output: { attempt } }
  if (code === 99) return { kind: 'skipped', output: null }
  return {
    kind: 'failed',
    errorClass: classOfExitCode(code),
    error: { code: `exit ${code}` },
    exitCode: code,
    retryAfterMs: null,
  }
}

/** The embedded engine on a clock that is moved over every delay, with a worker that calls functions: for what the queue promises. */
export function engineUnderTest(warehouse: Warehouse): EngineUnderTest & { readonly engine: EmbeddedEngine } {
  const clock = standingClock(Date.UTC(2026, 10, 22, 17))
  const engine = embeddedEngine({ warehouse, virtual: clock, leaseMs: 10_000 })
  return {
    engine,
    async work() {
      const told: string[] = []
      for (;;) {
        const tasks = await engine.queue.claim('worker', 8)
        for (const one of tasks) {
          told.push(`began ${one.task}`)
          const ending = await engine.queue.finish(one.fence, probeResult(one))
          told.push(`${ending} ${one.task}`)
        }
        if (tasks.length > 0) continue
        const { promoted } = await engine.queue.sweep()
        const dueMs = await engine.queue.nextDueMs()
        if (dueMs === null && promoted === 0) return told
        await clock.sleep((dueMs ?? 0) + 1)
      }
    },
    [Symbol.asyncDispose]: () => warehouse[Symbol.asyncDispose](),
  }
}
