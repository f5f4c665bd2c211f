import { mkdtemp, rm } from 'node:fs/promises'
import { enableCompileCache } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/domain/clock.ts'
import { airflowProgram, startAirflow, writeProbes } from '../src/orchestrate/airflow-engine.fixture.ts'
import { embeddedEngine } from '../src/orchestrate/embedded-engine.ts'
import type { EmbeddedEngine } from '../src/orchestrate/embedded-engine.ts'
import { taskNode } from '../src/orchestrate/graph.ts'
import type { Graph } from '../src/orchestrate/graph.ts'
import { isRunEnded } from '../src/orchestrate/run-state.ts'
import type { EngineRunState } from '../src/orchestrate/run-state.ts'
import { runWorker } from '../src/orchestrate/worker.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import type { Figures } from './figures.ts'

const bodies = new URL('../src/orchestrate/task-bodies.fixture.ts', import.meta.url).href

/** The seed's six tasks in their order, doing nothing: what is measured is the engine. */
export function sixTasks(pipeline: string, pool = 'default'): Graph {
  const node = (id: string, ...after: readonly string[]) => taskNode({ id, kind: 'noop', after, pool, triesMax: 3 })
  return {
    pipeline,
    runsActiveMax: 1,
    tasks: [
      node('extract_google'),
      node('extract_meta'),
      node('transform', 'extract_google', 'extract_meta'),
      node('validate', 'transform'),
      node('dbt', 'validate'),
      node('notify', 'dbt'),
    ],
  }
}

export const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return performance.now() - startedMs
}

/** By the run's row alone: a look at all tasks and attempts every 2 ms would be what is measured. */
async function untilEnded(warehouse: Warehouse, runId: string): Promise<void> {
  for (;;) {
    const [row] = await warehouse.query('select state from engine_run where run_id = $1', [runId])
    if (isRunEnded(row?.['state'] as EngineRunState)) return
    await systemClock.sleep(2)
  }
}

/** From trigger to success with child processes: the first ever, new ones, and those that stay. */
export async function benchWorker(warehouse: Warehouse): Promise<Readonly<Record<string, number>>> {
  const engine = embeddedEngine({ warehouse })
  await engine.deploy(sixTasks('worker'))
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-compiled-'))
  // As the command does: what a process compiled is there for the next one.
  enableCompileCache(folder)
  let rounds = 0
  const run = () =>
    timed(async () => {
      rounds += 1
      const request = { pipeline: 'worker', partitionKey: `round ${rounds}`, kind: 'manual' } as const
      await untilEnded(warehouse, await engine.trigger(request))
    })
  const first = await withWorker(warehouse, engine, run)
  const cold: number[] = []
  for (let round = 0; round < 5; round += 1) cold.push(await withWorker(warehouse, engine, run))
  const warm = await withWorker(warehouse, engine, async () => {
    const samples: number[] = []
    for (let round = 0; round <= 20; round += 1) samples.push(await run())
    return samples.slice(1)
  })
  await rm(folder, { recursive: true, force: true })
  return { dag_first_ms: first, dag_cold_ms: median(cold), dag_warm_ms: median(warm) }
}

/** A worker that has not begun a process yet. */
async function withWorker<Result>(
  warehouse: Warehouse,
  engine: EmbeddedEngine,
  work: () => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController()
  const options = { warehouse, engine, name: 'bench', slots: 4, bodies, clock: systemClock, env: process.env }
  const working = runWorker(options, stop.signal)
  await systemClock.sleep(300)
  try {
    return await work()
  } finally {
    stop.abort()
    await working
  }
}

/** Trigger to success of the same graph in a whole Airflow, its tasks as small programs; nothing where it is not installed. */
export async function benchAirflow(): Promise<Figures> {
  if (airflowProgram === '') return { airflow_dag_ms: null, airflow_up_ready_s: null }
  const startedMs = performance.now()
  await using airflow = await startAirflow()
  const readyS = (performance.now() - startedMs) / 1_000
  const graph = sixTasks('bench')
  writeProbes(airflow.probes, graph)
  await airflow.engine.deploy(graph)
  const samples: number[] = []
  for (let round = 0; round < 3; round += 1)
    samples.push(
      await timed(async () => {
        const runId = await airflow.engine.trigger({
          pipeline: 'bench',
          partitionKey: `2026-11-2${round}`,
          kind: 'manual',
        })
        while (!isRunEnded((await airflow.engine.inspect(runId)).state)) await systemClock.sleep(100)
      }),
    )
  return { airflow_dag_ms: median(samples), airflow_up_ready_s: readyS }
}
