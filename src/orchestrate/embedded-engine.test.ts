import { afterEach, beforeEach, expect, test } from 'vitest'
import { seededRandom, standingClock } from '../domain/clock.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { embeddedEngine } from './embedded-engine.ts'
import { engineContract } from './engine.contract.ts'
import { engineUnderTest } from './engine-fixture.ts'
import { taskNode } from './graph.ts'
import type { TaskNode } from './graph.ts'
import type { TaskResult } from './queue.ts'
import { readLog } from './task-log.ts'

engineContract('embedded', async () => engineUnderTest(await openTestWarehouse()))

let warehouse: Warehouse
beforeEach(async () => {
  warehouse = await openTestWarehouse()
})
afterEach(() => warehouse[Symbol.asyncDispose]())

const done: TaskResult = { kind: 'success', output: null }
let counter = 0

async function begun(
  tasks: readonly Partial<TaskNode>[],
  options: { readonly runs?: number; readonly runsActiveMax?: number } = {},
) {
  const clock = standingClock(Date.UTC(2026, 10, 22, 17))
  counter += 1
  const engine = embeddedEngine({ warehouse, virtual: clock, leaseMs: 10_000, random: seededRandom(counter) })
  const pipeline = `embedded_${counter}`
  await engine.deploy({
    pipeline,
    runsActiveMax: options.runsActiveMax ?? 1,
    tasks: tasks.map((one, index) => taskNode({ id: `t${index}`, kind: 'probe', triesMax: 2, ...one })),
  })
  const runIds: string[] = []
  for (let day = 1; day <= (options.runs ?? 1); day += 1)
    runIds.push(
      await engine.trigger({ pipeline, partitionKey: `2026-11-${String(day).padStart(2, '0')}`, kind: 'scheduled' }),
    )
  return { engine, queue: engine.queue, clock, pipeline, runIds, runId: runIds[0] ?? '' }
}

test('a run is made in one statement, and each of its tasks is ended in one that brings the next', async () => {
  const asked: string[] = []
  const counted: Pick<Warehouse, 'query' | 'transaction'> = {
    query: (sql, values) => {
      asked.push(sql)
      return warehouse.query(sql, values)
    },
    transaction: (work) => {
      asked.push('transaction')
      return warehouse.transaction(work)
    },
  }
  const engine = embeddedEngine({ warehouse: counted })
  const node = (id: string, ...after: readonly string[]) => taskNode({ id, kind: 'probe', after })
  await engine.deploy({ pipeline: 'few', runsActiveMax: 1, tasks: [node('a'), node('b'), node('c', 'a', 'b')] })
  asked.length = 0
  const runId = await engine.trigger({ pipeline: 'few', partitionKey: '2026-11-22', kind: 'manual' })
  expect(asked).toHaveLength(1)
  const [a, b] = await engine.queue.claim('a', 9)
  const told: string[] = []
  for (let one = a, rest = [b]; one; one = rest.shift()) {
    const { ending, claimed } = await engine.queue.finishAndClaim(one.fence, done, { worker: 'a', count: 1 })
    told.push([one.task, ending, ...claimed.map((next) => next.task)].join(' '))
    rest.push(...claimed)
  }
  expect(told).toEqual(['a ended', 'b ended c', 'c ended'])
  expect([asked.length, (await engine.inspect(runId)).state]).toEqual([5, 'success'])
})

test('a task whose worker went away is given to another; the lost attempt is kept and costs no try', async () => {
  const { engine, queue, clock, runId } = await begun([{ triesMax: 1 }])
  const [first] = await queue.claim('a', 1)
  expect(await queue.sweep()).toMatchObject({ lost: 0 })
  await clock.sleep(10_001)
  expect(await queue.sweep()).toMatchObject({ lost: 1 })
  const [second] = await queue.claim('b', 1)
  expect(second?.attempt).toBe(2)
  expect(await queue.finish(first?.fence ?? '', done)).toBe('fenced')
  expect(await queue.finish(second?.fence ?? '', done)).toBe('ended')
  const { tasks, state } = await engine.inspect(runId)
  expect([state, tasks[0]?.tries, tasks[0]?.attempts.map((one) => [one.worker, one.state])]).toEqual([
    'success',
    1,
    [
      ['a', 'lost'],
      ['b', 'success'],
    ],
  ])
})

test('who comes back to a task whose run has ended with another worker is fenced, however it ended here', async () => {
  const { engine, queue, clock, runId } = await begun([{ triesMax: 1 }])
  const [first] = await queue.claim('a', 1)
  await clock.sleep(10_001)
  await queue.sweep()
  const [second] = await queue.claim('b', 1)
  expect(await queue.finish(second?.fence ?? '', done)).toBe('ended')
  const failed: TaskResult = { kind: 'failed', errorClass: 'data', error: null, exitCode: 5, retryAfterMs: null }
  expect(await queue.finish(first?.fence ?? '', failed)).toBe('fenced')
  expect((await engine.inspect(runId)).state).toBe('success')
  const lines = await readLog(warehouse, { runId, afterId: 0n, limit: 9 })
  expect(lines.map(({ attempt, message }) => [attempt, message.slice(0, 63)])).toEqual([
    [1, 'lost: ORCHESTRATE_TASK_LOST The worker of the task went away: a'],
  ])
})

test('a heartbeat keeps a task, and says who has lost theirs and who is to stop', async () => {
  const { engine, queue, clock, runId } = await begun([{}, {}])
  const held = await queue.claim('a', 2)
  const fences = held.map((one) => one.fence)
  await clock.sleep(9_000)
  expect(await queue.beat(fences)).toEqual({ gone: [], cancelled: [] })
  await clock.sleep(9_000)
  expect(await queue.sweep()).toMatchObject({ lost: 0 })
  await engine.cancel(runId)
  expect(new Set((await queue.beat(fences)).cancelled)).toEqual(new Set(fences))
  await clock.sleep(10_001)
  await queue.sweep()
  expect(new Set((await queue.beat(fences)).gone)).toEqual(new Set(fences))
  expect((await engine.inspect(runId)).state).toBe('cancelled')
})

test('a task that takes three workers down with it is failed', async () => {
  const { engine, queue, clock, runId } = await begun([{}])
  for (let time = 0; time < 3; time += 1) {
    expect(await queue.claim('a', 1)).toHaveLength(1)
    await clock.sleep(10_001)
    await queue.sweep()
  }
  const { state, tasks } = await engine.inspect(runId)
  expect([state, tasks[0]?.attempts.map((one) => one.errorClass)]).toEqual(['failed', ['lost', 'lost', 'lost']])
})

test('work that was sealed in the task’s own transaction has succeeded, though its process died before it could say so', async () => {
  const { engine, queue, clock, runId } = await begun([{}])
  const [task] = await queue.claim('a', 1)
  await warehouse.query('update engine_task set sealed = $2 where fence = $1', [
    task?.fence ?? '',
    '{"kind":"success","output":{"rows":7}}',
  ])
  await clock.sleep(10_001)
  await queue.sweep()
  const { state, tasks } = await engine.inspect(runId)
  expect([state, tasks[0]?.output]).toEqual(['success', { rows: 7 }])
})

test('a quota that names its time blocks the whole pool until then', async () => {
  const { queue, clock } = await begun([{ pool: 'ads_api' }, { pool: 'ads_api' }, {}])
  const [first] = await queue.claim('a', 1)
  const held = first?.task === 't2' ? (await queue.claim('a', 1))[0] : first
  await queue.finish(held?.fence ?? '', {
    kind: 'failed',
    errorClass: 'quota',
    error: null,
    exitCode: 75,
    retryAfterMs: 900_000,
  })
  expect((await queue.claim('a', 8)).every((one) => one.task === 't2')).toBe(true)
  expect(await queue.nextDueMs()).toBeGreaterThan(800_000)
  await clock.sleep(900_001)
  expect((await queue.claim('a', 8)).map((one) => one.task).sort()).toEqual(['t0', 't1'])
})

test('a task that looks again later frees its slot and keeps its tries', async () => {
  const { engine, queue, clock, runId } = await begun([{ triesMax: 1 }])
  for (let look = 0; look < 5; look += 1) {
    const [task] = await queue.claim('a', 1)
    expect(await queue.finish(task?.fence ?? '', { kind: 'deferred', delayMs: 60_000 })).toBe('again')
    expect(await queue.claim('a', 1)).toEqual([])
    await clock.sleep(60_001)
  }
  const [task] = await queue.claim('a', 1)
  await queue.finish(task?.fence ?? '', done)
  expect((await engine.inspect(runId)).tasks[0]).toMatchObject({ state: 'success', tries: 1 })
})

test('two claimers at once never take the same task nor more than a pool has', async () => {
  const tasks = Array.from({ length: 12 }, () => ({ pool: 'ads_api' }))
  const { queue } = await begun(tasks)
  for (let round = 0; round < 15; round += 1) {
    const taken = (await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((worker) => queue.claim(worker, 12)))).flat()
    expect(taken).toHaveLength(4)
    expect(new Set(taken.map((one) => one.fence)).size).toBe(4)
    for (const { fence } of taken) await queue.finish(fence, { kind: 'deferred', delayMs: 0 })
  }
})

test('no more runs are active than allowed, and a backfill does not keep today’s run waiting', async () => {
  const { engine, queue, pipeline } = await begun([{}], { runs: 4, runsActiveMax: 2 })
  expect(await queue.claim('a', 8)).toHaveLength(2)
  const other = await begun([{}], { runs: 0 })
  await warehouse.query(
    `insert into engine_backfill (backfill_id, pipeline, since, until, reprocess, runs_active_max, state, created_at)
     values ('00000000-0000-7000-8000-000000000001', $1, '2026-10-01', '2026-10-30', 'all', 3, 'running', now())`,
    [other.pipeline],
  )
  for (let day = 1; day <= 30; day += 1)
    await other.engine.trigger({
      pipeline: other.pipeline,
      partitionKey: `2026-10-${String(day).padStart(2, '0')}`,
      kind: 'backfill',
      backfillId: '00000000-0000-7000-8000-000000000001',
      priority: -10,
    })
  await other.engine.trigger({ pipeline: other.pipeline, partitionKey: '2026-11-22', kind: 'scheduled' })
  const running = (await other.engine.runs({ pipeline: other.pipeline, limit: 50 })).filter(
    (one) => one.state === 'running',
  )
  expect(running.map((one) => one.kind).sort()).toEqual(['backfill', 'backfill', 'backfill', 'scheduled'])
  expect((await other.queue.claim('a', 1))[0]?.partitionKey).toBe('2026-11-22')
  expect((await engine.runs({ pipeline, limit: 9 })).filter((one) => one.state === 'running')).toHaveLength(2)
})

test('an end that blocks its pool brings nothing, whatever else may begin; the next claim does', async () => {
  const { queue } = await begun([{ pool: 'ads_api' }, {}, {}])
  const [first] = await queue.claim('a', 1)
  const quota: TaskResult = { kind: 'failed', errorClass: 'quota', error: {}, exitCode: 1, retryAfterMs: 60_000 }
  const more = { worker: 'a', count: 3 }
  expect(first?.task).toBe('t0')
  expect(await queue.finishAndClaim(first?.fence ?? '', quota, more)).toEqual({ ending: 'again', claimed: [] })
  expect(await queue.claim('a', 3)).toHaveLength(2)
})

test('what is under way cannot be cleared', async () => {
  const { engine, queue, runId } = await begun([{}])
  await queue.claim('a', 1)
  await expect(engine.clear({ runId, tasks: [], downstream: false })).rejects.toMatchObject({
    code: 'ORCHESTRATE_RUN_BUSY',
  })
  await expect(engine.clear({ runId, tasks: ['nothing'], downstream: false })).rejects.toMatchObject({
    code: 'ORCHESTRATE_TASK_MISSING',
  })
})

test('an ended run cannot be cleared while another run of its partition lives', async () => {
  const { engine, queue, pipeline, runId } = await begun([{}])
  const finish = async () => {
    for (const { fence } of await queue.claim('a', 9)) await queue.finish(fence, done)
  }
  await finish()
  const again = await engine.trigger({ pipeline, partitionKey: '2026-11-01', kind: 'manual' })
  await expect(engine.clear({ runId, tasks: [], downstream: false })).rejects.toMatchObject({
    code: 'ORCHESTRATE_RUN_LIVE',
    facts: { run: again },
  })
  await finish()
  expect(await engine.clear({ runId, tasks: [], downstream: false })).toBe(1)
})
