import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../domain/clock.ts'
import type { Clock } from '../domain/clock.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import { openPool } from '../warehouse/postgres-pool.ts'
import { warehouseOver } from '../warehouse/postgres.ts'
import type { Connection, Warehouse } from '../warehouse/warehouse.ts'
import { embeddedEngine } from './embedded-engine.ts'
import type { RunView } from './engine.ts'
import { taskNode } from './graph.ts'
import type { TaskNode } from './graph.ts'
import { isRunEnded } from './run-state.ts'
import { readLog } from './task-log.ts'
import { TaskProcess } from './task-process.ts'
import { runWorker } from './worker.ts'

const bodies = new URL('task-bodies.fixture.ts', import.meta.url).href
const leaseMs = 2_000
let warehouse: Warehouse
let stop: AbortController
let working: Promise<void> | undefined

beforeEach(async () => {
  warehouse = await openTestWarehouse()
  stop = new AbortController()
  working = undefined
})
afterEach(async () => {
  stop.abort()
  await working
  await warehouse[Symbol.asyncDispose]()
})

function open(
  options: {
    readonly drainMs?: number
    readonly slots?: number
    readonly clock?: Clock
    readonly over?: Pick<Warehouse, 'query' | 'connection' | 'transaction'>
  } = {},
) {
  const { drainMs = 10_000, slots = 4, clock = systemClock, over = warehouse } = options
  const engine = embeddedEngine({ warehouse, leaseMs })
  const hands = embeddedEngine({ warehouse: over, leaseMs })
  working = runWorker(
    { warehouse: over, engine: hands, name: 'test', slots, bodies, clock, env: process.env, graceMs: 300, drainMs },
    stop.signal,
  )
  return engine
}

type Opened = ReturnType<typeof open>

async function begin(engine: Opened, tasks: readonly TaskNode[]): Promise<string> {
  await engine.deploy({ pipeline: 'work', runsActiveMax: 1, tasks })
  return engine.trigger({ pipeline: 'work', partitionKey: '2026-11-22', kind: 'manual' })
}

async function until(
  engine: Opened,
  runId: string,
  isSo: (view: RunView) => boolean = (view) => isRunEnded(view.state),
) {
  for (let look = 0; look < 600; look += 1) {
    const view = await engine.inspect(runId)
    if (isSo(view)) return view
    await systemClock.sleep(50)
  }
  throw new TypeError(`the run is still ${(await engine.inspect(runId)).state}`)
}

const node = (id: string, kind: string, input: TaskNode['input'] = null, more: Partial<TaskNode> = {}) =>
  taskNode({ id, kind, input, retry: { delayMs: 50, delayMsMax: 50 }, ...more })

test('tasks run in processes of their own, and what one returns reaches those that wait for it', async () => {
  const engine = open()
  const runId = await begin(engine, [
    node('a', 'tell', { n: 1 }),
    node('b', 'tell'),
    node('c', 'tell', null, { after: ['a', 'b'] }),
  ])
  const { state, tasks } = await until(engine, runId)
  expect(state).toBe('success')
  const [a, b, c] = tasks.map(
    (one) => one.output as { pid: number; input: unknown; upstream: Record<string, { pid: number }> },
  )
  expect([a?.pid, b?.pid]).not.toContain(process.pid)
  expect(a?.pid).not.toBe(b?.pid)
  expect([c?.upstream['a']?.pid, c?.upstream['b']?.pid]).toEqual([a?.pid, b?.pid])
})

test('a process that dies while it waits for its next task fails none', async () => {
  const engine = open({ slots: 1 })
  const first = await until(engine, await begin(engine, [node('a', 'tell')]))
  const [pid = 0] = first.tasks.map(({ output }) => (output as { pid: number }).pid)
  process.kill(pid, 'SIGKILL')
  // Not before its parent has been told of it: a process that has only just ended may still be taken for a living one.
  await until(engine, first.runId, () => !existsSync(`/proc/${pid}`))
  const second = await engine.trigger({ pipeline: 'work', partitionKey: '2026-11-23', kind: 'manual' })
  expect((await until(engine, second)).state).toBe('success')
})

test('a process that was told to die is given nothing more, though it has not yet died', async () => {
  const options = { bodies, clock: systemClock, graceMs: 300, env: process.env, onLine: () => true }
  const child = new TaskProcess({ ...options, drained: () => Promise.resolve() })
  expect(child.isUsable).toBe(true)
  child.kill()
  expect(child.isUsable).toBe(false)
})

/** Kind and input of a task that fails, the code, and whether it is tried again. */
const failures = [
  ['typed', { rows: 'many' }, 'ORCHESTRATE_TASK_INPUT', 'permanent'],
  ['typed', { rows: -1 }, 'ORCHESTRATE_TASK_OUTPUT', 'permanent'],
  ['gone', null, 'ORCHESTRATE_TASK_KIND', 'permanent'],
  ['refuse', null, 'ORCHESTRATE_NO_ACCOUNTS', 'permanent'],
  ['exit', { code: 75 }, 'ORCHESTRATE_TASK_EXITED', 'transient'],
  ['exit', { code: 3 }, 'ORCHESTRATE_TASK_EXITED', 'permanent'],
  ['abort', null, 'ORCHESTRATE_TASK_EXITED', 'transient'],
] as const

test('what is wrong with a task, its input, its output or its process has a code, and is tried again where that may help', async () => {
  const engine = open()
  const runId = await begin(
    engine,
    failures.map(([kind, input], index) => node(`t${index}`, kind, input, { triesMax: 2 })),
  )
  const { state, tasks } = await until(engine, runId)
  expect(state).toBe('failed')
  const found = tasks.map(({ attempts }) => {
    const codes = new Set(attempts.map((one) => (one.error as { readonly code?: string } | null)?.code))
    return [[...codes].join(' '), attempts[0]?.errorClass, attempts.length]
  })
  expect(found).toEqual(failures.map((one) => [one[2], one[3], one[3] === 'transient' ? 2 : 1]))
})

test('a lease outlasts computing and a clock that is put forth and back an hour; a task over its time is stopped, deaf or not', async () => {
  let shiftMs = 0
  const clock: Clock = {
    nowMs: () => systemClock.nowMs() + shiftMs,
    sleep: (durationMs, signal) => systemClock.sleep(durationMs, signal),
  }
  const engine = open({ clock })
  const runId = await begin(engine, [
    node('computes', 'burn', { ms: leaseMs * 2 }),
    node('deaf', 'deaf', null, { timeoutMs: 2_500, triesMax: 2 }),
    node('waits', 'wait', { ms: leaseMs * 3 }),
  ])
  await until(engine, runId, (view) => view.tasks.every((one) => one.state === 'running'))
  for (const hours of [1, -1]) {
    shiftMs = hours * 3_600_000
    await systemClock.sleep(hours < 0 ? leaseMs * 1.5 : leaseMs / 4)
    // As another worker does, which would be given what is over.
    expect(await engine.queue.sweep()).toMatchObject({ lost: 0 })
  }
  const { state, tasks } = await until(engine, runId)
  // Each try of the deaf one has a new process.
  expect([state, tasks.map((one) => one.attempts.map((each) => each.errorClass ?? each.state))]).toEqual([
    'failed',
    [['success'], ['timeout', 'timeout'], ['success']],
  ])
  const lines = await readLog(warehouse, { runId, afterId: 0n, grep: 'SIGTERM', limit: 9 })
  expect(lines.length).toBeGreaterThanOrEqual(1)
})

test('cancelling a run stops what runs, and what a task has started itself', async () => {
  const engine = open()
  const file = join(mkdtempSync(join(tmpdir(), 'millrace-worker-')), 'pids')
  const runId = await begin(engine, [
    node('a', 'fork', { file }),
    node('b', 'wait', { ms: 600_000 }),
    node('c', 'noop', null, { after: ['a'] }),
  ])
  // The file is there before the number is in it.
  await until(engine, runId, () => existsSync(file) && Number(readFileSync(file, 'utf8')) > 0)
  const pid = Number(readFileSync(file, 'utf8'))
  expect(isAlive(pid)).toBe(true)
  await engine.cancel(runId)
  const { state, tasks } = await until(engine, runId)
  expect([state, tasks.map((one) => one.state)]).toEqual(['cancelled', ['cancelled', 'cancelled', 'cancelled']])
  for (let look = 0; look < 40 && isAlive(pid); look += 1) await systemClock.sleep(50)
  expect(isAlive(pid)).toBe(false)
})

/** A process that has ended but was not asked for by its parent yet counts as dead. */
function isAlive(pid: number): boolean {
  const stat = `/proc/${pid}/stat`
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, 'utf8'))
}

test('every line is stored, in order, and can be searched and paged', async () => {
  const engine = open()
  const runId = await begin(engine, [node('a', 'print', { lines: 20_000 })])
  await until(engine, runId)
  stop.abort()
  await working
  const lines = await readLog(warehouse, { runId, task: 'a', afterId: 0n, limit: 30_000 })
  expect(lines.filter((one) => one.message.startsWith('line ')).map((one) => one.message)).toEqual(
    Array.from({ length: 20_000 }, (_, index) => `line ${index}`),
  )
  expect(lines.some((one) => one.message === 'printed')).toBe(true)
  const found = await readLog(warehouse, { runId, afterId: 0n, grep: 'line 1999', limit: 500 })
  expect(found.map((one) => one.message)).toHaveLength(11)
  expect(
    await readLog(warehouse, { runId, afterId: BigInt(found[10]?.logId ?? 0), grep: 'line 1999', limit: 9 }),
  ).toEqual([])
})

test('a task that prints without end keeps its first lines and a note', async () => {
  const engine = open()
  const runId = await begin(engine, [node('a', 'print', { lines: 130_000 })])
  await until(engine, runId)
  stop.abort()
  await working
  const [row] = await warehouse.query(
    'select count(*)::int as lines, max(message) filter (where level = $1) as note from engine_log',
    ['warn'],
  )
  expect(row?.['lines']).toBe(100_001)
  expect(row?.['note']).toContain('cut')
})

test('a gigabyte is not kept, neither in one line nor in many, and the log says so; a line without an end is', async () => {
  const engine = open()
  const megabytes = process.env['MILLRACE_LONG'] === '1' ? 1_024 : 48
  const runId = await begin(engine, [
    node('line', 'flood', { megabytes, lineLength: 0 }),
    node('lines', 'flood', { megabytes, lineLength: 4_096 }),
    node('short', 'flood', { megabytes: 0, lineLength: 0 }),
  ])
  expect((await until(engine, runId)).state).toBe('success')
  stop.abort()
  await working
  const rows = await warehouse.query(
    `select task, count(*)::int as lines, sum(length(message))::int as characters,
       max(message) filter (where level = 'warn' and message like '%cut%') as note from engine_log
     where message not like 'ends: %' group by task order by task`,
  )
  const [line, lines] = rows
  // One line of what is kept of it; text without an end of line is part of it.
  expect([line?.['lines'], Number(line?.['characters']) <= 8_193]).toEqual([1, true])
  expect(Number(lines?.['characters'])).toBeLessThan(17 * 2 ** 20)
  expect(lines?.['note']).toContain('cut: a task keeps 100,000 lines and 16 MB')
  const short = await readLog(warehouse, { runId, task: 'short', afterId: 0n, limit: 9 })
  expect(short.map((one) => one.message)).toEqual(['no end of line', 'ends: success'])
}, 600_000)

/** A way to the database that can be closed and opened again. */
async function gateTo({ host, port }: Connection) {
  const open = new Set<Socket>()
  let isClosed = false
  const server = createServer((client) => {
    if (isClosed) {
      client.destroy()
      return
    }
    const real = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)
    for (const [from, to] of [
      [client, real],
      [real, client],
    ] as const) {
      open.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        open.delete(from)
        to.destroy()
      })
      from.pipe(to)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      isClosed = true
      for (const one of open) one.destroy()
    },
    open: () => (isClosed = false),
    [Symbol.asyncDispose]: async () => {
      for (const one of open) one.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

test('a database that goes away for a while is waited for: what was done meanwhile is told, and nothing is done twice', async () => {
  const awayMs = process.env['MILLRACE_LONG'] === '1' ? 60_000 : 1_500
  await using gate = await gateTo(warehouse.connection)
  const pool = await openPool(
    { ...warehouse.connection, host: '127.0.0.1', port: gate.port },
    {
      schema: 'millrace',
      connections: 4,
      statementTimeoutMs: 20_000,
      lockTimeoutMs: 10_000,
      place: (version) => version,
    },
  )
  await using over = warehouseOver(pool, () => Promise.resolve())
  const engine = open({ over })
  const file = join(mkdtempSync(join(tmpdir(), 'millrace-away-')), 'marks')
  const runId = await begin(engine, [
    node('a', 'mark', { file, ms: 400 }),
    node('b', 'mark', { file, ms: 50 }, { after: ['a'] }),
  ])
  await until(engine, runId, (view) => view.tasks[0]?.state === 'running')
  gate.close()
  await systemClock.sleep(awayMs)
  gate.open()
  const { state, tasks } = await until(engine, runId)
  stop.abort()
  await working
  working = undefined
  const marks = readFileSync(file, 'utf8').trim().split('\n')
  // Away longer than the lease, and nobody else there to notice: its worker may do it again, and succeeds once.
  const successes = tasks.map((one) => one.attempts.filter((each) => each.state === 'success').length)
  expect([state, successes, marks.length >= 2]).toEqual(['success', [1, 1], true])
  expect(marks.length).toBeLessThanOrEqual(awayMs < leaseMs ? 2 : 4)
}, 240_000)

test('a worker that is told to stop lets tasks end, and gives back those that do not in time', async () => {
  const engine = open({ drainMs: 4_000 })
  const runId = await begin(engine, [
    node('a', 'wait', { ms: 400 }),
    node('b', 'wait', { ms: 600_000 }, { triesMax: 1 }),
  ])
  await until(engine, runId, (view) => view.tasks.every((one) => one.state === 'running'))
  stop.abort()
  await working
  const { tasks } = await engine.inspect(runId)
  expect(tasks.map((one) => [one.state, one.tries])).toEqual([
    ['success', 1],
    ['ready', 0],
  ])
})

test('a worker does not take more than its slots', async () => {
  const engine = open({ slots: 2 })
  const runId = await begin(
    engine,
    Array.from({ length: 6 }, (_, index) => node(`t${index}`, 'wait', { ms: 150 })),
  )
  let most = 0
  await until(engine, runId, (view) => {
    most = Math.max(most, view.tasks.filter((one) => one.state === 'running').length)
    return isRunEnded(view.state)
  })
  expect(most).toBe(2)
})
