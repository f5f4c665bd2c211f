import type { Day, DayRange } from '../domain/day.ts'
import { daysOf } from '../domain/day.ts'
import type { SqlRow, Warehouse } from '../warehouse/warehouse.ts'
import type { Engine } from './engine.ts'
import type { Graph, Json } from './graph.ts'
import { isRunEnded } from './run-state.ts'
import type { EngineRunState } from './run-state.ts'
import { downstreamOf } from './embedded-engine.ts'

export interface ClearAsk {
  readonly pipeline: string
  readonly range: DayRange
  /** Tasks by their names, or steps, which are all their accounts' tasks; empty: every task. */
  readonly tasks: readonly string[]
  readonly downstream: boolean
}

export interface ClearedRun {
  readonly runId: string
  readonly day: Day
  readonly state: EngineRunState
  readonly version: string
  readonly tasks: readonly string[]
  readonly conf: { readonly [key: string]: Json }
}

/** What clearing a range would do, day by day, before anything is done. */
export interface ClearPlan {
  readonly runs: readonly ClearedRun[]
  /** Days whose newest run is under way: it is left to its end. */
  readonly busy: readonly Day[]
  /** Days of which there is no run, or none with such a task. */
  readonly without: readonly Day[]
  /** Tasks of the present graph that none of the runs has, and those that it has no more. */
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

interface RunTasks extends SqlRow {
  readonly runId: string
  readonly day: Day
  readonly state: EngineRunState
  readonly version: string
  readonly conf: { readonly [key: string]: Json }
  readonly tasks: readonly { readonly task: string; readonly after: readonly string[] }[]
}

/** The newest run of each day of the range, and which of its tasks would be done again. Changes nothing. */
export async function planClear(warehouse: Pick<Warehouse, 'query'>, ask: ClearAsk): Promise<ClearPlan> {
  const rows = await newestRuns(warehouse, ask)
  const runs: ClearedRun[] = []
  for (const { tasks, ...run } of rows) {
    const wanted = chosen(tasks, ask)
    if (isRunEnded(run.state) && wanted.length > 0) runs.push({ ...run, tasks: wanted })
  }
  const busy = rows.filter((one) => !isRunEnded(one.state)).map((one) => one.day)
  const planned = new Set([...runs.map((one) => one.day), ...busy])
  const now = await presentTasks(warehouse, ask.pipeline)
  const then = new Set(rows.flatMap((one) => one.tasks.map(({ task }) => task)))
  return {
    runs,
    busy,
    without: daysOf(ask.range).filter((day) => !planned.has(day)),
    added: runs.length === 0 ? [] : [...now].filter((task) => !then.has(task)).toSorted(),
    removed: [...then].filter((task) => !now.has(task)).toSorted(),
  }
}

function chosen(tasks: RunTasks['tasks'], { tasks: named, downstream }: ClearAsk): readonly string[] {
  const isNamed = (task: string) => named.some((name) => task === name || task.startsWith(`${name}:`))
  const first = named.length === 0 ? tasks : tasks.filter(({ task }) => isNamed(task))
  return [
    ...downstreamOf(
      tasks,
      first.map(({ task }) => task),
      downstream,
    ),
  ].toSorted()
}

function newestRuns(warehouse: Pick<Warehouse, 'query'>, { pipeline, range }: ClearAsk): Promise<readonly RunTasks[]> {
  return warehouse.query<RunTasks>(
    `select r.run_id as "runId", r.partition_key as day, r.state, r.version, r.conf,
       (select jsonb_agg(jsonb_build_object('task', t.task, 'after', t.after) order by t.task) from engine_task t
        where t.run_id = r.run_id) as tasks
     from (
       select distinct on (partition_key) * from engine_run
       where pipeline = $1 and partition_key between $2 and $3 and partition_key ~ '^\\d{4}-\\d\\d-\\d\\d$'
       order by partition_key, generation desc) r
     where exists (select 1 from engine_task t where t.run_id = r.run_id)
     order by r.partition_key`,
    [pipeline, range.since, range.until],
  )
}

async function presentTasks(warehouse: Pick<Warehouse, 'query'>, pipeline: string): Promise<ReadonlySet<string>> {
  const [row] = await warehouse.query<SqlRow & { readonly graph: Graph }>(
    `select v.graph from engine_pipeline p join engine_version v on v.pipeline = p.pipeline and v.version = p.version
     where p.pipeline = $1`,
    [pipeline],
  )
  return new Set((row?.graph.tasks ?? []).map((one) => one.id))
}

/** Has the planned tasks done again under the graphs that their runs were made from. Returns how many. */
export async function clearRuns(engine: Pick<Engine, 'clear'>, { runs }: ClearPlan): Promise<number> {
  let cleared = 0
  for (const { runId, tasks } of runs) cleared += await engine.clear({ runId, tasks, downstream: false })
  return cleared
}

/** Makes a new run of each planned day from the present graph, about the same days of the same accounts. Returns how many. */
export async function runAnew(engine: Pick<Engine, 'trigger'>, pipeline: string, { runs }: ClearPlan): Promise<number> {
  for (const { day, conf } of runs) await engine.trigger({ pipeline, partitionKey: day, kind: 'manual', conf })
  return runs.length
}
