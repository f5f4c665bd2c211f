import type { Graph, TaskNode } from './graph.ts'
import { hashOf } from './graph.ts'
import { airflowConstants, airflowImports, dagIdOf } from './airflow-export.ts'
import { literal, python } from './airflow-python.ts'

/**
 * Pure: any graph as one Python file for Airflow 3.3, a task for each of its nodes and no schedule: runs are made by who asks for them,
 * with their interval among the parameters. The same bytes for the same graph.
 */
export function airflowGraph(graph: Graph, version: string): string {
  const spec = `sha256:${hashOf(graph)}`
  const parts = [
    '# Written by Millrace for one graph. Do not edit: deploy the graph again.',
    airflowImports('process'),
    airflowConstants({ id: graph.pipeline, zone: 'UTC', spec }),
    python('process'),
    head(graph, version),
  ]
  const variables = new Map(graph.tasks.map((task, index) => [task.id, `task_${index}`]))
  const named = (id: string): string => variables.get(id) ?? ''
  const calls = graph.tasks.map((task) => `    ${named(task.id)} = ${call(task)}`)
  const edges = graph.tasks.flatMap((task) => task.after.map((before) => `    ${named(before)} >> ${named(task.id)}`))
  return `${parts.join('\n\n')}\n${[...calls, ...edges].join('\n')}\n`
}

function head({ pipeline, runsActiveMax }: Graph, version: string): string {
  return `with DAG(
    dag_id=${literal(dagIdOf({ id: pipeline }))},
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz=ZONE),
    catchup=False,
    max_active_runs=${runsActiveMax},
    is_paused_upon_creation=False,
    tags=["millrace", ${literal(`version:${version}`)}],
    params={
        "interval_start": Param(None, type=["null", "string"]),
        "interval_end": Param(None, type=["null", "string"]),
    },
) as dag:`
}

/** The trigger rules and the retries have the same names and the same meaning on both sides; delays there are whole seconds at the least. */
function call({ id, when, pool, slots, priority, triesMax, retry, timeoutMs }: TaskNode): string {
  const seconds = (ms: number): string => `timedelta(seconds=${Math.max(1, ms / 1_000)})`
  const given = [
    literal(id),
    `task_id=${literal(taskIdOf(id))}`,
    `trigger_rule=${literal(when)}`,
    ...(pool === 'default' ? [] : [`pool=${literal(pool)}`]),
    `pool_slots=${slots}`,
    `priority_weight=${Math.max(1, priority + 1)}`,
    `retries=${triesMax - 1}`,
    `retry_delay=${seconds(retry.delayMs)}`,
    `max_retry_delay=${seconds(retry.delayMsMax)}`,
    'retry_exponential_backoff=True',
    `execution_timeout=${seconds(timeoutMs)}`,
  ]
  return `millrace_task(${given.join(', ')})`
}

/** Airflow's names have letters, digits, dashes, dots and underscores; the others are written as their numbers. */
export function taskIdOf(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9_-]/g, (letter) => `.${letter.codePointAt(0)?.toString(16) ?? ''}.`)
}

export function taskOf(taskId: string): string {
  return taskId.replaceAll(/\.([0-9a-f]+)\./g, (_, number: string) => String.fromCodePoint(Number.parseInt(number, 16)))
}
