import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { seededRandom, systemClock } from '../domain/clock.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { embeddedEngine } from './embedded-engine.ts'
import { taskNode } from './graph.ts'
import { isRunEnded } from './run-state.ts'
import type { WorkerMainOptions } from './worker-main.fixture.ts'

const long = process.env['MILLRACE_LONG'] === '1'
const cycles = long ? 120 : 10
const leaseMs = 900
const poolSlots = 2
const runsActiveMax = 2
const mainFile = fileURLToPath(new URL('worker-main.fixture.ts', import.meta.url))

async function startWorker(warehouse: Warehouse, name: string): Promise<ChildProcess> {
  const options: WorkerMainOptions = { connection: warehouse.connection, name, slots: 3, leaseMs }
  const child = spawn(process.execPath, [mainFile, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}

async function killed(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

/** Stopped beyond its lease, then let go on: what it holds belongs to others by then. */
async function frozen(child: ChildProcess): Promise<void> {
  child.kill('SIGSTOP')
  await systemClock.sleep(leaseMs * 2)
  child.kill('SIGCONT')
}

const chain = (file: string) =>
  ['a', 'b', 'c', 'd', 'e', 'f'].map((id, index, all) =>
    taskNode({
      id,
      kind: 'mark',
      input: { file, ms: 60 },
      pool: 'ads_api',
      after: index < 2 ? [] : [all[index - 2] ?? 'a'],
    }),
  )

/** What must hold at every moment: what the slots of the pool and the budget of the pipeline allow. */
async function overLimits(warehouse: Warehouse): Promise<readonly string[]> {
  const [row] = await warehouse.query(
    `select (select count(*)::int from engine_task where state = 'running') as tasks,
       (select count(*)::int from engine_run where state in ('running', 'cancelling')) as runs`,
  )
  return [
    ...(Number(row?.['tasks']) > poolSlots ? [`${String(row?.['tasks'])} tasks in a pool of ${poolSlots}`] : []),
    ...(Number(row?.['runs']) > runsActiveMax ? [`${String(row?.['runs'])} active runs`] : []),
  ]
}

test(
  `${cycles} times a worker is killed or frozen: no task is lost, none succeeds twice, no pool is above its slots`,
  async () => {
    await using warehouse = await openTestWarehouse()
    await warehouse.query('update engine_pool set slots = $1 where pool = $2', [poolSlots, 'ads_api'])
    const engine = embeddedEngine({ warehouse, leaseMs })
    const file = join(mkdtempSync(join(tmpdir(), 'millrace-kill-')), 'marks')
    await engine.deploy({ pipeline: 'ads', runsActiveMax, tasks: chain(file) })
    const random = seededRandom(20261123)
    const faults: string[] = []
    let made = 0
    const refill = async () => {
      const open = (await engine.runs({ pipeline: 'ads', limit: 500 })).filter((one) => !isRunEnded(one.state))
      for (let more = 4 - open.length; more > 0; more -= 1)
        await engine.trigger({
          pipeline: 'ads',
          partitionKey: `run ${String((made += 1)).padStart(4, '0')}`,
          kind: 'manual',
        })
    }
    const watching = new AbortController()
    const watch = async () => {
      for (; !watching.signal.aborted; await systemClock.sleep(20)) faults.push(...(await overLimits(warehouse)))
    }
    const watched = watch()
    const workers = [await startWorker(warehouse, 'w0'), await startWorker(warehouse, 'w1')]
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      await refill()
      await systemClock.sleep(200 + random() * 500)
      const at = random() < 0.5 ? 0 : 1
      const victim = workers[at]
      if (!victim) continue
      if (random() < 0.3) {
        await frozen(victim)
        continue
      }
      await killed(victim)
      workers[at] = await startWorker(warehouse, `w${at}.${cycle}`)
    }
    for (let look = 0; look < 600; look += 1) {
      const runs = await engine.runs({ pipeline: 'ads', limit: 500 })
      if (runs.every((one) => isRunEnded(one.state))) break
      await systemClock.sleep(100)
    }
    watching.abort()
    await watched
    await Promise.all(workers.map(killed))
    expect(faults).toEqual([])
    const rows = await warehouse.query(
      `select t.state, array_agg(a.state || ' ' || a.worker || coalesce(': ' || a.error::text, '') order by a.attempt) as attempts, count(*) filter (where a.state = 'success')::int as successes, count(*) filter (where a.state = 'lost')::int as lost,
       count(*) filter (where a.state = 'running')::int as open
     from engine_task t join engine_attempt a using (run_id, task) group by t.run_id, t.task, t.state`,
    )
    // Three workers in a row that died over one task are held against the task; anything else must have come through exactly once.
    const wrong = rows.filter((row) => {
      const isThrough = row['state'] === 'success' && row['successes'] === 1
      const isPoisoned = row['state'] === 'failed' && row['lost'] === 3 && row['successes'] === 0
      return row['open'] !== 0 || !(isThrough || isPoisoned)
    })
    expect(wrong).toEqual([])
    expect(rows.some((row) => Number(row['lost']) > 0)).toBe(true)
    const done = new Set(
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.replace(/ \d+$/, '')),
    )
    expect(done.size).toBeGreaterThanOrEqual(rows.filter((row) => row['state'] === 'success').length)
    const left = (await engine.runs({ pipeline: 'ads', limit: 500 })).filter((one) => !isRunEnded(one.state))
    expect(left).toEqual([])
  },
  long ? 900_000 : 120_000,
)
