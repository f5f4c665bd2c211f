import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Clock } from '../domain/clock.ts'
import { seededRandom, standingClock } from '../domain/clock.ts'
import { isMillraceError } from '../domain/errors.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { embeddedEngine } from './embedded-engine.ts'
import type { EmbeddedEngine } from './embedded-engine.ts'
import { taskNode } from './graph.ts'
import type { TaskResult } from './queue.ts'
import { isEnded, taskTable } from './run-state.ts'
import type { TaskState } from './run-state.ts'

const long = process.env['MILLRACE_LONG'] === '1'
const leaseMs = 10_000
const pools = { default: 64, ads_api: 2 }
const runsActiveMax = 2
const accounts = ['a', 'b', 'c']

const graph = {
  runsActiveMax,
  tasks: [
    ...accounts.flatMap((account) => [
      taskNode({ id: `extract:${account}`, kind: 'x', account, pool: 'ads_api', triesMax: 3 }),
      taskNode({ id: `load:${account}`, kind: 'x', account, after: [`extract:${account}`], triesMax: 2 }),
    ]),
    taskNode({ id: 'dbt', kind: 'x', after: accounts.map((one) => `load:${one}`), when: 'all_done', triesMax: 2 }),
    taskNode({ id: 'notify', kind: 'x', after: ['dbt'], when: 'all_done' }),
  ],
}

/** What the walk keeps beside the real thing: who holds what, and how everything stood after the last step. */
interface Real {
  readonly warehouse: Warehouse
  readonly engine: EmbeddedEngine
  readonly clock: Clock
  readonly pipeline: string
  readonly held: Map<string, string[]>
  readonly seen: Map<string, TaskState>
  finished: number
  readonly faults: string[]
}

type Step =
  | { readonly do: 'trigger'; readonly day: number }
  | { readonly do: 'claim'; readonly worker: string; readonly count: number }
  | { readonly do: 'finish'; readonly worker: string; readonly how: number }
  | { readonly do: 'crash'; readonly worker: string }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'sweep' | 'beat' }
  | { readonly do: 'cancel' | 'clear'; readonly pick: number }

const workers = ['w1', 'w2', 'w3']
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('trigger' as const), day: fc.integer({ min: 10, max: 14 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('claim' as const),
      worker: fc.constantFrom(...workers),
      count: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({ do: fc.constant('finish' as const), worker: fc.constantFrom(...workers), how: fc.nat(9) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), worker: fc.constantFrom(...workers) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(100, 9_000, 400_000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('sweep' as const, 'beat' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'clear' as const), pick: fc.nat(5) }) },
)

const results: readonly TaskResult[] = [
  { kind: 'success', output: { rows: 1 } },
  { kind: 'unchanged', output: null },
  { kind: 'skipped', output: null },
  { kind: 'deferred', delayMs: 5_000 },
  ...(['transient', 'quota', 'auth', 'timeout'] as const).map((errorClass) => ({
    kind: 'failed' as const,
    errorClass,
    error: { code: errorClass },
    exitCode: 1,
    retryAfterMs: errorClass === 'quota' ? 60_000 : null,
  })),
]

async function take(real: Real, step: Step): Promise<void> {
  const { engine, held, pipeline } = real
  switch (step.do) {
    case 'trigger':
      await refusable(engine.trigger({ pipeline, partitionKey: `2026-11-${step.day}`, kind: 'scheduled' }))
      return
    case 'claim': {
      const taken = await engine.queue.claim(step.worker, step.count)
      held.set(step.worker, [...(held.get(step.worker) ?? []), ...taken.map((one) => one.fence)])
      return
    }
    case 'finish': {
      const fence = held.get(step.worker)?.shift()
      if (fence === undefined) return
      const result = results[step.how] ?? { kind: 'success', output: null }
      const claim = { worker: step.worker, count: step.how % 3 }
      const { ending, claimed } =
        claim.count === 0
          ? { ending: await engine.queue.finish(fence, result), claimed: [] }
          : await engine.queue.finishAndClaim(fence, result, claim)
      held.set(step.worker, [...(held.get(step.worker) ?? []), ...claimed.map((one) => one.fence)])
      if (claimed.length > claim.count || (ending === 'fenced' && claimed.length > 0))
        real.faults.push(`${fence} ${ending} brought ${claimed.length}`)
      if (ending !== 'fenced') real.finished += 1
      const again = await engine.queue.finish(fence, { kind: 'success', output: null })
      if (again !== 'fenced') real.faults.push(`${fence} could be finished twice`)
      return
    }
    case 'crash':
      held.delete(step.worker)
      return
    case 'wait':
      await real.clock.sleep(step.ms)
      return
    case 'sweep':
      await engine.queue.sweep()
      return
    case 'beat':
      for (const [worker, fences] of held) {
        const { gone } = await engine.queue.beat(fences)
        held.set(
          worker,
          fences.filter((fence) => !gone.includes(fence)),
        )
      }
      return
    case 'cancel':
    case 'clear': {
      const runs = await engine.runs({ pipeline, limit: 20 })
      const runId = runs[step.pick % Math.max(1, runs.length)]?.runId
      if (runId === undefined) return
      await refusable(
        step.do === 'cancel' ? engine.cancel(runId) : engine.clear({ runId, tasks: ['dbt'], downstream: true }),
      )
      return
    }
  }
}

/** A refusal with a code is an answer; anything else is a fault. */
async function refusable(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isMillraceError(error, 'ORCHESTRATE_RUN_LIVE') && !isMillraceError(error, 'ORCHESTRATE_RUN_BUSY')) throw error
  })
}

/** What holds after every step, whoever crashed in between. */
async function check(real: Real): Promise<readonly string[]> {
  const { warehouse, pipeline, seen, faults } = real
  const fault = (isOne: boolean, text: string) => (isOne ? faults.push(text) : 0)
  const rows = await warehouse.query(
    `select t.run_id || ' ' || t.task as id, t.state, t.pool, r.state as run, t.attempt, t.tries, t.tries_max, t.fence is not null as fenced,
       (select count(*)::int from engine_attempt a where a.run_id = t.run_id and a.task = t.task) as attempts,
       (select count(*)::int from engine_attempt a where a.run_id = t.run_id and a.task = t.task and a.state = 'running') as open
     from engine_task t join engine_run r using (run_id) where r.pipeline = $1`,
    [pipeline],
  )
  for (const [pool, slots] of Object.entries(pools))
    fault(
      rows.filter((one) => one['state'] === 'running' && one['pool'] === pool).length > slots,
      `${pool} is over its slots`,
    )
  for (const row of rows) {
    const [id, state] = [String(row['id']), row['state'] as TaskState]
    const before = seen.get(id) ?? 'waiting'
    fault(row['attempts'] !== row['attempt'], `${id} has lost an attempt`)
    fault(row['open'] !== (state === 'running' ? 1 : 0), `${id} is ${state} with ${String(row['open'])} open attempts`)
    fault(row['fenced'] !== (state === 'running'), `${id} is ${state} and fenced: ${String(row['fenced'])}`)
    fault(Number(row['tries']) > Number(row['tries_max']), `${id} was tried too often`)
    fault(!isLive(String(row['run'])) && !isEnded(state), `${id} is ${state} in a run that has ended`)
    fault(!isPath(before, state), `${id} went from ${before} to ${state}`)
    seen.set(id, state)
  }
  const runs = await warehouse.query('select partition_key, state from engine_run where pipeline = $1', [pipeline])
  const live = runs.filter((one) => isLive(String(one['state'])))
  fault(live.filter((one) => one['state'] !== 'queued').length > runsActiveMax, 'too many runs are active')
  fault(new Set(live.map((one) => one['partition_key'])).size < live.length, 'a partition has two live runs')
  return faults
}

const isLive = (state: string) => ['queued', 'running', 'cancelling'].includes(state)

/** Whether the table leads from one state to the other; a step of the walk may be several of the table. */
function isPath(from: TaskState, to: TaskState): boolean {
  const reached = new Set<TaskState>([from])
  for (const state of reached) for (const next of Object.values(taskTable[state])) if (next !== null) reached.add(next)
  return reached.has(to)
}

/** Everybody comes back and works to the end: nothing may be left behind. */
async function drain(real: Real): Promise<readonly unknown[]> {
  const { engine, clock } = real
  for (let round = 0; round < 400; round += 1) {
    await clock.sleep(leaseMs + 1)
    await engine.queue.sweep()
    const taken = await engine.queue.claim('last', 20)
    for (const one of taken) await engine.queue.finish(one.fence, { kind: 'success', output: null })
    const dueMs = await engine.queue.nextDueMs()
    if (taken.length === 0 && dueMs === null) break
    await clock.sleep(dueMs ?? 0)
  }
  return (await engine.runs({ pipeline: real.pipeline, limit: 50 })).filter((one) => one.endedAt === null)
}

test(`whatever workers, crashes and people do in whatever order, the states stay what the tables allow${long ? '' : ' (slice)'}`, async () => {
  await using warehouse = await openTestWarehouse()
  await warehouse.query(`update engine_pool set slots = 2 where pool = 'ads_api'`)
  let walk = 0
  let finished = 0
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 20, maxLength: 60, size: 'max' }), async (taken) => {
      walk += 1
      await warehouse.query('truncate engine_run, engine_task, engine_attempt cascade')
      await warehouse.query('update engine_pool set blocked_until = null')
      const clock = standingClock(Date.UTC(2026, 10, 22, 17))
      const pipeline = `walk_${walk}`
      const engine = embeddedEngine({ warehouse, virtual: clock, leaseMs, random: seededRandom(walk) })
      await engine.deploy({ ...graph, pipeline })
      const real: Real = {
        warehouse,
        engine,
        clock,
        pipeline,
        held: new Map(),
        seen: new Map(),
        finished: 0,
        faults: [],
      }
      await engine.trigger({ pipeline, partitionKey: '2026-11-09', kind: 'scheduled' })
      for (const step of taken) {
        await take(real, step)
        expect(await check(real)).toEqual([])
      }
      expect(await drain(real)).toEqual([])
      expect(await check(real)).toEqual([])
      finished += real.finished
    }),
    { seed: 20261123, numRuns: long ? 700 : 16, endOnFailure: !long },
  )
  expect(finished).toBeGreaterThan(long ? 2_000 : 40)
})
