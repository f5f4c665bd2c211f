import { expect, test } from 'vitest'
import type { Day } from '../src/domain/day.ts'
import { timeZone } from '../src/domain/day.ts'
import { systemRandom } from '../src/domain/clock.ts'
import { isMillraceError } from '../src/domain/errors.ts'
import { reachAccounts } from '../src/orchestrate/accounts.ts'
import { adBodies } from '../src/orchestrate/ad-bodies.ts'
import { adGraph } from '../src/orchestrate/ad-graph.ts'
import { performTask } from '../src/orchestrate/body.ts'
import { clearRuns, planClear, runAnew } from '../src/orchestrate/clear-range.ts'
import { connectorContext } from '../src/orchestrate/connector-context.ts'
import { embeddedEngine } from '../src/orchestrate/embedded-engine.ts'
import { adDataPipeline } from '../src/orchestrate/pipeline.ts'
import type { ClaimedTask } from '../src/orchestrate/queue.ts'
import type { Job } from './job.ts'
import { openFaultJob } from './fault-job.ts'

/*
 * What a task has done and that it has done it are one commit. A worker that calls functions dies wherever the test says: it does
 * not tell what came of a task, or somebody else has the task before it is done.
 */

const pipeline = adDataPipeline(['google_ads', 'meta_ads'], timeZone('Asia/Seoul'))
const signal = new AbortController().signal
const leaseMs = 300
const day = '2026-09-02' as Day

async function openStage(days: readonly Day[] = [day]) {
  const job = await openFaultJob()
  const { ports } = job
  const engine = embeddedEngine({ warehouse: ports.warehouse, leaseMs, random: systemRandom })
  const reached = await reachAccounts(
    ports,
    {},
    connectorContext(ports, signal, () => undefined),
  )
  const graph = adGraph({ pipeline, ...reached, manner: 'scheduled' })
  await engine.deploy(graph)
  const keys = reached.accounts.map(({ account }) => `${account.platform}/${account.accountId}`)
  const conf = { kind: 'advance', days: Object.fromEntries(keys.map((key) => [key, [...days]])) }
  const trigger = (partitionKey: Day) => engine.trigger({ pipeline: pipeline.id, partitionKey, kind: 'manual', conf })
  const perform = (task: ClaimedTask) => performTask(adBodies(ports), { task, signal, log: () => undefined })
  /** Takes tasks and does them; `dies` leaves a task as a killed worker does, before or behind its work. */
  const work = async (dies: (task: ClaimedTask) => 'before' | 'behind' | null = () => null) => {
    for (;;) {
      const tasks = await engine.queue.claim('w', 4)
      if (tasks.length === 0) return
      for (const task of tasks) {
        const death = dies(task)
        if (death === 'before') continue
        const result = await perform(task)
        if (death === null) await engine.queue.finish(task.fence, result)
      }
    }
  }
  const loseAll = async () => {
    await ports.warehouse.query(`update engine_task set lease_until = clock_timestamp() where state = 'running'`)
    await engine.queue.sweep()
  }
  return {
    job,
    engine,
    graph,
    trigger,
    perform,
    work,
    loseAll,
    [Symbol.asyncDispose]: () => job[Symbol.asyncDispose](),
  }
}

const extracts = async (job: Job) =>
  Number((await job.ports.warehouse.query('select count(*)::int as n from run_extract'))[0]?.['n'])

test('a load and its success are one commit: who dies behind it has succeeded, and nothing is loaded again', async () => {
  await using stage = await openStage()
  const runId = await stage.trigger(day)
  await stage.work(({ kind }) => (kind === 'load' ? 'behind' : null))
  await stage.loseAll()
  const { tasks } = await stage.engine.inspect(runId)
  expect(
    tasks.filter((one) => one.kind === 'load').map((one) => [one.state, one.attempts.length, one.output !== null]),
  ).toEqual([
    ['success', 1, true],
    ['success', 1, true],
  ])
  await stage.work()
  expect((await stage.engine.inspect(runId)).state).toBe('success')
})

test('a worker that has lost its task publishes nothing, and marks nothing as failed', async () => {
  await using stage = await openStage()
  const runId = await stage.trigger(day)
  const late: ClaimedTask[] = []
  await stage.work((task) => {
    if (task.kind === 'load') late.push(task)
    return task.kind === 'load' ? 'before' : null
  })
  await stage.loseAll()
  for (const task of late)
    expect(await stage.perform(task)).toMatchObject({ kind: 'failed', error: { code: 'ORCHESTRATE_TASK_STOPPED' } })
  expect(await stage.job.ports.warehouse.query('select state from partition_state')).toEqual([])
  await stage.work()
  const { state, tasks } = await stage.engine.inspect(runId)
  expect([state, tasks.filter((one) => one.kind === 'load').map((one) => one.state)]).toEqual([
    'success',
    ['success', 'success'],
  ])
})

test('a slice that is in the lake is not asked for again by the next attempt, and is when its task is cleared', async () => {
  // Days that are not neighbours are two questions to the platform.
  await using stage = await openStage(['2026-08-28' as Day, day])
  const runId = await stage.trigger(day)
  await stage.work(({ kind, attempt }) => (kind === 'extract' && attempt === 1 ? 'behind' : null))
  expect(await extracts(stage.job)).toBe(4)
  await stage.loseAll()
  await stage.work()
  const calls = () => stage.job.ports.warehouse.query('select count(*)::int as n from extract')
  expect([await extracts(stage.job), await calls()]).toEqual([4, [{ n: 4 }]])
  expect(await stage.job.ports.warehouse.query('select key from engine_checkpoint')).toEqual([])
  await stage.engine.clear({ runId, tasks: [], downstream: false })
  await stage.work()
  expect([await extracts(stage.job), await calls()]).toEqual([8, [{ n: 8 }]])
})

test('a range of days is cleared by plan: the named step of every account, what depends on it, and nothing that is under way', async () => {
  await using stage = await openStage()
  const { warehouse } = stage.job.ports
  const days: readonly Day[] = ['2026-08-30' as Day, '2026-08-31' as Day]
  for (const one of days) {
    await stage.trigger(one)
    await stage.work()
  }
  const live = await stage.trigger('2026-09-01' as Day)
  const range = { since: '2026-08-29' as Day, until: '2026-09-01' as Day }
  const ask = { pipeline: pipeline.id, range, tasks: ['transform_and_load_data'], downstream: true }
  const plan = await planClear(warehouse, ask)
  expect(plan.runs.map((one) => [one.day, one.tasks.length])).toEqual([
    ['2026-08-30', 3],
    ['2026-08-31', 3],
  ])
  expect([plan.busy, plan.without, plan.added, plan.removed]).toEqual([['2026-09-01'], ['2026-08-29'], [], []])
  expect(await clearRuns(stage.engine, plan)).toBe(6)
  await stage.engine.cancel(live)
  await stage.engine.queue.sweep()
  await stage.work()
  const attempts = await warehouse.query(
    `select t.kind, count(*)::int as n from engine_attempt a join engine_task t using (run_id, task)
     join engine_run r using (run_id) where r.partition_key < '2026-09-01' group by t.kind order by t.kind`,
  )
  expect(attempts).toEqual([
    { kind: 'dbt', n: 4 },
    { kind: 'extract', n: 4 },
    { kind: 'load', n: 8 },
  ])
  const { tasks } = stage.graph
  await stage.engine.deploy({ ...stage.graph, tasks: tasks.filter((one) => one.kind !== 'dbt') })
  const whole = await planClear(warehouse, { ...ask, tasks: [], downstream: false })
  expect([whole.runs.length, whole.removed]).toEqual([3, ['run_dbt_models']])
  expect(await runAnew(stage.engine, pipeline.id, whole)).toBe(3)
  const refused = await stage.engine
    .trigger({ pipeline: pipeline.id, partitionKey: '2026-08-30', kind: 'manual' })
    .catch((error: unknown) => error)
  expect(isMillraceError(refused, 'ORCHESTRATE_RUN_LIVE')).toBe(true)
})

test('a run that a command carried out is cleared for workers', async () => {
  await using stage = await openStage()
  const { runId } = await stage.job.run({ since: day, until: day })
  await stage.engine.clear({ runId, tasks: [], downstream: false })
  await stage.work()
  const { state, tasks } = await stage.engine.inspect(runId)
  expect([state, tasks.map((one) => one.attempts.length)]).toEqual(['success', tasks.map(() => 2)])
})
