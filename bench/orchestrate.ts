import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isoInstant, systemClock, systemRandom } from '../src/domain/clock.ts'
import type { Day } from '../src/domain/day.ts'
import { addDays } from '../src/domain/day.ts'
import { embeddedEngine } from '../src/orchestrate/embedded-engine.ts'
import type { EmbeddedEngine } from '../src/orchestrate/embedded-engine.ts'
import type { ClaimedTask } from '../src/orchestrate/queue.ts'
import { taskNode } from '../src/orchestrate/graph.ts'
import { planTick } from '../src/orchestrate/planner.ts'
import { openLogWriter, readLog } from '../src/orchestrate/task-log.ts'
import { startEmbedded } from '../src/warehouse/embedded-server.ts'
import { openPool } from '../src/warehouse/postgres-pool.ts'
import { warehouseOver } from '../src/warehouse/postgres.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import type { Bench, Figures, Line } from './figures.ts'
import { benchAirflow, benchWorker, median, sixTasks, timed } from './six-tasks.ts'
import { benchUp } from './up.ts'

type Say = (line: string) => void

const workerMain = new URL('../src/orchestrate/worker-main.fixture.ts', import.meta.url).pathname

const worker = 'bench'

/** Works by calling functions, as a worker does: each end brings the next task. What the queue itself costs. */
async function emptyQueue(engine: EmbeddedEngine): Promise<void> {
  const carry = async ({ fence }: Pick<ClaimedTask, 'fence'>): Promise<void> => {
    const done = { kind: 'success', output: null } as const
    const { claimed } = await engine.queue.finishAndClaim(fence, done, { worker, count: 1 })
    await Promise.all(claimed.map(carry))
  }
  for (;;) {
    const tasks = await engine.queue.claim(worker, 8)
    if (tasks.length === 0) return
    await Promise.all(tasks.map(carry))
  }
}

/** The same warehouse, counting what it is asked: each waits for an answer. A transaction is two more. */
function counting(warehouse: Warehouse): { readonly warehouse: Warehouse; readonly asked: () => number } {
  let asked = 0
  const counted: Warehouse = {
    ...warehouse,
    connection: warehouse.connection,
    query: (sql, values) => {
      asked += 1
      return warehouse.query(sql, values)
    },
    transaction: (work) => {
      asked += 2
      return warehouse.transaction((session) =>
        work({
          query: (sql, values) => {
            asked += 1
            return session.query(sql, values)
          },
        }),
      )
    },
  }
  return { warehouse: counted, asked: () => asked }
}

/** CPU of the server and of all its sessions so far, in ms; null where there is no /proc. */
async function serverCpuMs(warehouse: Warehouse): Promise<number | null> {
  const [row] = await warehouse.query('select pg_backend_pid() as pid')
  const statOf = (pid: number | string) =>
    readFile(`/proc/${pid}/stat`, 'utf8')
      .then((text) =>
        text
          .slice(text.lastIndexOf(')') + 2)
          .split(' ')
          .map(Number),
      )
      .catch(() => undefined)
  const parent = (await statOf(Number(row?.['pid'])))?.[1]
  if (parent === undefined) return null
  let ticks = 0
  for (const name of (await readdir('/proc')).filter((one) => /^\d+$/.test(one))) {
    const stat = await statOf(name)
    if (stat && (stat[1] === parent || Number(name) === parent)) ticks += (stat[11] ?? 0) + (stat[12] ?? 0)
  }
  return ticks * 10
}

async function benchQueue(real: Warehouse): Promise<Readonly<Record<string, number>>> {
  const { warehouse, asked } = counting(real)
  const engine = embeddedEngine({ warehouse })
  await engine.deploy(sixTasks('queue'))
  const samples: number[] = []
  const before = { asked: asked(), cpu: process.cpuUsage(), serverMs: await serverCpuMs(real) }
  const rounds = 40
  for (let round = 0; round < rounds; round += 1)
    samples.push(
      await timed(async () => {
        await engine.trigger({ pipeline: 'queue', partitionKey: `queue ${round}`, kind: 'manual' })
        await emptyQueue(engine)
      }),
    )
  const own = process.cpuUsage(before.cpu)
  const serverMs = await serverCpuMs(real)
  return {
    engine_dag_ms: median(samples),
    engine_dag_round_trips: (asked() - before.asked) / rounds,
    engine_dag_cpu_ms: (own.user + own.system) / 1_000 / rounds,
    ...(serverMs !== null && { engine_dag_postgres_cpu_ms: (serverMs - (before.serverMs ?? 0)) / rounds }),
  }
}

async function benchBackfill(warehouse: Warehouse): Promise<Readonly<Record<string, number>>> {
  const engine = embeddedEngine({ warehouse })
  await engine.deploy(sixTasks('backfill', 'ads_api'))
  const backfillId = '00000000-0000-7000-8000-0000000000bf'
  await warehouse.query(
    `insert into engine_backfill (backfill_id, pipeline, since, until, reprocess, runs_active_max, state, created_at)
     values ($1, 'backfill', '2026-10-01', '2026-10-30', 'all', 3, 'running', now())`,
    [backfillId],
  )
  let runsMost = 0
  let slotsMost = 0
  const stop = new AbortController()
  const watch = async () => {
    for (; !stop.signal.aborted; await systemClock.sleep(5)) {
      const [row] = await warehouse.query(
        `select (select count(*)::int from engine_run where pipeline = 'backfill' and state = 'running') as runs,
           (select count(*)::int from engine_task where state = 'running' and pool = 'ads_api') as slots`,
      )
      runsMost = Math.max(runsMost, Number(row?.['runs']))
      slotsMost = Math.max(slotsMost, Number(row?.['slots']))
    }
  }
  const watching = watch()
  const backfillMs = await timed(async () => {
    for (let day = 0; day < 30; day += 1) {
      const partitionKey = addDays('2026-10-01' as Day, day)
      await engine.trigger({ pipeline: 'backfill', partitionKey, kind: 'backfill', backfillId, priority: -10 })
    }
    await emptyQueue(engine)
  })
  stop.abort()
  await watching
  return { backfill_30_days_ms: backfillMs, backfill_runs_max: runsMost, backfill_slots_max: slotsMost }
}

async function benchPlanner(warehouse: Warehouse): Promise<Readonly<Record<string, number>>> {
  await warehouse.query(
    `insert into ledger_pipeline (pipeline, cron, zone, start_day, catchup, deadline_ms)
     select 'planned ' || n, (n % 60) || ' 2 * * *', (array['Asia/Seoul', 'Europe/Berlin', 'America/Los_Angeles'])[1 + n % 3], '2026-11-01', 'none', 14400000
     from generate_series(1, 1000) n`,
  )
  const tick = (nowMs: number) =>
    timed(() =>
      planTick({ warehouse, random: systemRandom, nowMs, engineNow: () => isoInstant(nowMs), accounts: new Map() }),
    )
  const startMs = Date.UTC(2026, 10, 22, 12)
  await tick(startMs)
  const nextDay = await tick(startMs + 24 * 3_600_000)
  const idle: number[] = []
  for (let round = 1; round <= 9; round += 1) idle.push(await tick(startMs + 24 * 3_600_000 + round * 10_000))
  await warehouse.query('truncate ledger_day, ledger_account, ledger_pipeline')
  return { planner_tick_1000_ms: median(idle), planner_day_1000_ms: nextDay }
}

async function benchFailover(warehouse: Warehouse): Promise<Readonly<Record<string, number>>> {
  const leaseMs = 2_000
  const engine = embeddedEngine({ warehouse, leaseMs })
  await engine.deploy({
    pipeline: 'failover',
    runsActiveMax: 1,
    tasks: [taskNode({ id: 'wait', kind: 'wait', input: { ms: 3_000 } })],
  })
  const start = async (name: string) => {
    const argument = JSON.stringify({ connection: warehouse.connection, name, slots: 1, leaseMs })
    const child = spawn(process.execPath, [workerMain, argument], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    return child
  }
  const first = await start('first')
  const runId = await engine.trigger({ pipeline: 'failover', partitionKey: 'failover', kind: 'manual' })
  const attempts = async () => (await engine.inspect(runId)).tasks[0]?.attempts ?? []
  while ((await attempts()).length === 0) await systemClock.sleep(10)
  const second = await start('second')
  await systemClock.sleep(1_000)
  first.kill('SIGKILL')
  const failoverMs = await timed(async () => {
    while ((await attempts()).length < 2) await systemClock.sleep(10)
  })
  second.kill('SIGTERM')
  await once(second, 'exit')
  await engine.cancel(runId)
  return { failover_ms: failoverMs, failover_lease_ms: leaseMs }
}

async function benchLog(warehouse: Warehouse): Promise<Readonly<Record<string, number>>> {
  const runId = '00000000-0000-7000-8000-000000000106'
  const count = 50_000
  const line = { runId, task: 'print', attempt: 1, level: 'info', message: 'x'.repeat(80) } as const
  const writer = openLogWriter(warehouse, systemClock)
  const writeMs = await timed(async () => {
    for (let index = 0; index < count; index += 1)
      if (!writer.write({ ...line, atMs: 1_800_000_000_000 + index })) await writer.drained()
    await writer[Symbol.asyncDispose]()
  })
  const pages: number[] = []
  for (let page = 0; page < 20; page += 1)
    pages.push(
      await timed(() => readLog(warehouse, { runId, task: 'print', afterId: BigInt(page * 2_000), limit: 500 })),
    )
  return { log_lines_per_s: (count / writeMs) * 1_000, log_page_500_ms: median(pages) }
}

/** A year of runs with fifty tasks each, read as the grid shows them: day, task, state. */
async function benchGrid(warehouse: Warehouse): Promise<Readonly<Record<string, number>>> {
  const engine = embeddedEngine({ warehouse })
  const tasks = Array.from({ length: 50 }, (_, index) => taskNode({ id: `task ${index}`, kind: 'noop' }))
  const version = await engine.deploy({ pipeline: 'grid', runsActiveMax: 1, tasks })
  await warehouse.query(
    `insert into engine_run (run_id, pipeline, version, partition_key, kind, generation, state, queued_at)
     select gen_random_uuid(), 'grid', $1, (date '2025-11-22' + n)::text, 'scheduled', 1, 'success', now() from generate_series(0, 364) n`,
    [version],
  )
  await warehouse.query(
    `insert into engine_task (run_id, task, kind, after, trigger_rule, input, state, tries_max, retry, not_before, pool, timeout_ms)
     select r.run_id, 'task ' || n, 'noop', '{}', 'all_success', 'null', 'success', 1, '{}', now(), 'default', 1000
     from engine_run r, generate_series(0, 49) n where r.pipeline = 'grid'`,
  )
  await warehouse.query('analyze engine_task')
  const samples: number[] = []
  for (let round = 0; round < 9; round += 1)
    samples.push(
      await timed(() =>
        warehouse.query(
          `select r.partition_key, r.state, array_agg(t.task order by t.task) as tasks, array_agg(t.state order by t.task) as states
           from engine_run r join engine_task t using (run_id) where r.pipeline = 'grid'
           group by r.run_id order by r.partition_key`,
        ),
      ),
    )
  return { grid_365_by_50_query_ms: median(samples) }
}

function linesOf(figures: Figures): readonly Line[] {
  const ours = (name: string) => figures[name] ?? null
  return [
    { what: '6-task DAG, engine alone', ours: ours('engine_dag_ms'), unit: 'ms', bar: { atMost: 15 } },
    { what: '  round trips to Postgres', ours: ours('engine_dag_round_trips'), unit: '' },
    { what: '  CPU of the engine', ours: ours('engine_dag_cpu_ms'), unit: 'ms' },
    { what: '  CPU of Postgres', ours: ours('engine_dag_postgres_cpu_ms'), unit: 'ms' },
    { what: '6-task DAG, child processes, nothing compiled yet', ours: ours('dag_first_ms'), unit: 'ms' },
    { what: '6-task DAG, child processes, cold', ours: ours('dag_cold_ms'), unit: 'ms', bar: { atMost: 400 } },
    {
      what: '6-task DAG, child processes, warm',
      ours: ours('dag_warm_ms'),
      unit: 'ms',
      bar: { atMost: 60 },
      rival: { name: 'Airflow 3.3.2', value: ours('airflow_dag_ms') },
    },
    {
      what: '30-day backfill, 3 at once, pool 4',
      ours: ours('backfill_30_days_ms'),
      unit: 'ms',
      bar: { atMost: 1_500 },
    },
    { what: '  most runs at once', ours: ours('backfill_runs_max'), unit: '', bar: { atMost: 3 } },
    { what: '  most slots at once', ours: ours('backfill_slots_max'), unit: '', bar: { atMost: 4 } },
    { what: '1,000 pipelines, one planner tick', ours: ours('planner_tick_1000_ms'), unit: 'ms', bar: { atMost: 250 } },
    { what: '  the tick that plans their next day', ours: ours('planner_day_1000_ms'), unit: 'ms' },
    { what: 'failover after kill -9, lease 2 s', ours: ours('failover_ms'), unit: 'ms', bar: { atMost: 3_000 } },
    { what: 'log lines stored', ours: ours('log_lines_per_s'), unit: '/s', bar: { atLeast: 50_000 } },
    { what: 'a page of 500 lines', ours: ours('log_page_500_ms'), unit: 'ms', bar: { atMost: 10 } },
    {
      what: 'grid 365 days x 50 tasks, its query',
      ours: ours('grid_365_by_50_query_ms'),
      unit: 'ms',
      bar: { atMost: 100 },
    },
    { what: 'millrace up to ready', ours: ours('up_ready_s'), unit: 's', bar: { atMost: 3 } },
    { what: '  the first time, with initdb', ours: ours('up_first_ready_s'), unit: 's' },
    { what: 'idle: scheduler, worker, server', ours: ours('idle_cpu_percent'), unit: '% cpu', bar: { atMost: 2 } },
    { what: '  memory', ours: ours('idle_rss_mb'), unit: 'MB', bar: { atMost: 250 } },
  ]
}

/** The engine on a durable embedded Postgres of its own. */
export async function bench({ say }: { readonly long: boolean; readonly say: Say }): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const server = await startEmbedded({ dir: join(folder, 'pg') })
  const pool = await openPool(server.connection, {
    schema: 'millrace',
    connections: 8,
    statementTimeoutMs: 60_000,
    lockTimeoutMs: 30_000,
    place: (version) => `Postgres ${version}`,
  })
  const warehouse = warehouseOver(pool, () => server.stop())
  const figures: Record<string, number | null> = {}
  try {
    await warehouse.migrate()
    for (const [what, part] of Object.entries({
      queue: benchQueue,
      worker: benchWorker,
      airflow: benchAirflow,
      backfill: benchBackfill,
      planner: benchPlanner,
      failover: benchFailover,
      log: benchLog,
      grid: benchGrid,
      up: benchUp,
    })) {
      say(`${what} …`)
      Object.assign(figures, await part(warehouse))
    }
  } finally {
    await warehouse[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }
  return { figures, lines: linesOf(figures) }
}
