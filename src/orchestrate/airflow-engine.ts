import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Random } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import type { AirflowAddress, AirflowRun, AirflowTask } from './airflow-client.ts'
import { ask, shapes } from './airflow-client.ts'
import { dagIdOf } from './airflow-export.ts'
import { airflowGraph, taskIdOf, taskOf } from './airflow-graph.ts'
import type { AttemptView, Engine, RunKind, RunRow, TaskView, TriggerRequest } from './engine.ts'
import { checkGraph, hashOf } from './graph.ts'
import { uuid } from './identity.ts'
import type { EngineRunState, TaskState } from './run-state.ts'

export interface AirflowEngineOptions extends AirflowAddress {
  /** Where Airflow's Dag processor looks for files. */
  readonly dagsFolder: string
  readonly clock: Clock
  readonly random: Random
  /** How long Airflow may take to read a file that was written; 120 s when left out. */
  readonly parseMsMax?: number | undefined
}

const pollMs = 500

/**
 * An Airflow that is there already as the engine: graphs are files in its folder of Dags, everything else goes by its API. Which of the
 * port's promises it has no word for (`partial`, cancelled runs, pinned graphs) is said in docs/guide/airflow.md and waived in the
 * contract with its reason.
 */
export function airflowEngine(options: AirflowEngineOptions): Engine {
  const at = options
  const runOf = async (runId: string): Promise<AirflowRun> => {
    const { dag, run } = splitRunId(runId)
    const found = dag === '' ? null : await ask(at, { path: `/dags/${dag}/dagRuns/${run}` }, shapes.dagRun)
    if (!found) throw new MillraceError('ORCHESTRATE_RUN_UNKNOWN', { run: runId })
    return found
  }
  return {
    async deploy(graph) {
      checkGraph(graph)
      const version = hashOf(graph).slice(0, 16)
      await mkdir(at.dagsFolder, { recursive: true })
      const file = join(at.dagsFolder, `${dagIdOf({ id: graph.pipeline })}.py`)
      // Renamed into place, so that no half of a file is ever read.
      await writeFile(`${file}.tmp`, airflowGraph(graph, version))
      await rename(`${file}.tmp`, file)
      await untilParsed(at, graph.pipeline, version)
      return version
    },
    trigger: (request) => trigger(at, request),
    async inspect(runId) {
      const run = await runOf(runId)
      return { ...rowOf(run), tasks: await tasksOf(at, run) }
    },
    async runs({ pipeline, limit }) {
      const dag = pipeline === undefined ? '~' : dagIdOf({ id: pipeline })
      const found = await ask(at, { path: `/dags/${dag}/dagRuns?limit=${limit}&order_by=-run_after` }, shapes.dagRuns)
      return (found?.dag_runs ?? []).map(rowOf)
    },
    async cancel(runId) {
      const { dag_id: dag, dag_run_id: run, state } = await runOf(runId)
      if (!isOver(state))
        await ask(
          at,
          { method: 'PATCH', path: `/dags/${dag}/dagRuns/${run}`, body: { state: 'failed' } },
          shapes.anything,
        )
    },
    async clear({ runId, tasks, downstream }) {
      const run = await runOf(runId)
      if (!isOver(run.state)) throw new MillraceError('ORCHESTRATE_RUN_BUSY', { run: runId, task: 'the run' })
      const body = {
        dry_run: false,
        dag_run_id: run.dag_run_id,
        only_failed: false,
        reset_dag_runs: true,
        include_downstream: downstream,
        ...(tasks.length > 0 && { task_ids: tasks.map(taskIdOf) }),
      }
      const path = `/dags/${run.dag_id}/clearTaskInstances`
      return (await ask(at, { method: 'POST', path, body }, shapes.cleared))?.task_instances.length ?? 0
    },
    async pause(pipeline, paused) {
      const body = { is_paused: paused }
      const done = await ask(at, { method: 'PATCH', path: `/dags/${dagIdOf({ id: pipeline })}`, body }, shapes.dag)
      if (!done) throw new MillraceError('ORCHESTRATE_PIPELINE_UNKNOWN', { pipeline })
    },
  }
}

async function untilParsed(at: AirflowEngineOptions, pipeline: string, version: string): Promise<void> {
  const { clock, parseMsMax = 120_000 } = at
  const endMs = clock.nowMs() + parseMsMax
  for (;;) {
    const dag = await ask(at, { path: `/dags/${dagIdOf({ id: pipeline })}` }, shapes.dag)
    if (dag?.tags.some(({ name }) => name === `version:${version}`)) return
    if (clock.nowMs() > endMs)
      throw new MillraceError('ORCHESTRATE_AIRFLOW', {
        path: at.dagsFolder,
        said: `it has not read ${pipeline} in time`,
      })
    await clock.sleep(pollMs)
  }
}

async function trigger(at: AirflowEngineOptions, request: TriggerRequest): Promise<string> {
  const { pipeline, partitionKey, kind, conf = {} } = request
  const dag = dagIdOf({ id: pipeline })
  const live = await ask(at, { path: `/dags/${dag}/dagRuns?state=queued&state=running&limit=100` }, shapes.dagRuns)
  if (!live) throw new MillraceError('ORCHESTRATE_PIPELINE_UNKNOWN', { pipeline })
  const same = live.dag_runs.find((one) => one.conf?.['partition_key'] === partitionKey)
  if (same) throw new MillraceError('ORCHESTRATE_RUN_LIVE', { pipeline, partition: partitionKey, run: runIdOf(same) })
  const interval = { interval_start: `${partitionKey}T00:00:00+00:00`, interval_end: `${partitionKey}T23:59:59+00:00` }
  const body = {
    dag_run_id: `millrace_${kind}__${uuid(at.clock.nowMs(), at.random)}`,
    logical_date: null,
    conf: { ...conf, ...interval, partition_key: partitionKey, kind },
  }
  const run = await ask(at, { method: 'POST', path: `/dags/${dag}/dagRuns`, body }, shapes.dagRun)
  if (!run) throw new MillraceError('ORCHESTRATE_PIPELINE_UNKNOWN', { pipeline })
  return runIdOf(run)
}

/** A run of Airflow's has a name within its Dag only. */
const runIdOf = ({ dag_id: dag, dag_run_id: run }: AirflowRun): string => `${dag}/${run}`

function splitRunId(runId: string): { readonly dag: string; readonly run: string } {
  const at = runId.indexOf('/')
  return { dag: runId.slice(0, Math.max(0, at)), run: runId.slice(at + 1) }
}

const isOver = (state: string): boolean => state === 'success' || state === 'failed'

const instant = (text: string | null): Date | null => (text === null ? null : new Date(text))

function textOf({ conf }: AirflowRun, name: string): string | undefined {
  const value = conf?.[name]
  return typeof value === 'string' ? value : undefined
}

function rowOf(run: AirflowRun): RunRow {
  return {
    runId: runIdOf(run),
    pipeline: run.dag_id.replace(/^millrace__/, ''),
    version: String(run.dag_versions?.at(-1)?.version_number ?? ''),
    partitionKey: textOf(run, 'partition_key') ?? '',
    kind: (textOf(run, 'kind') ?? 'external') as RunKind,
    state: run.state as EngineRunState,
    queuedAt: instant(run.queued_at ?? run.start_date) ?? new Date(0),
    startedAt: instant(run.start_date),
    endedAt: instant(run.end_date),
  }
}

/** Airflow's words for a task that has not ended are many; what has no word of its own here waits. */
const taskStates: Readonly<Record<string, TaskState>> = {
  success: 'success',
  failed: 'failed',
  upstream_failed: 'upstream_failed',
  skipped: 'skipped',
  removed: 'cancelled',
  running: 'running',
  queued: 'ready',
  scheduled: 'ready',
  up_for_retry: 'ready',
  up_for_reschedule: 'ready',
}

async function tasksOf(at: AirflowEngineOptions, run: AirflowRun): Promise<readonly TaskView[]> {
  const base = `/dags/${run.dag_id}/dagRuns/${run.dag_run_id}/taskInstances`
  const now = (await ask(at, { path: `${base}?limit=1000` }, shapes.taskInstances))?.task_instances ?? []
  const graph = (await ask(at, { path: `/dags/${run.dag_id}/tasks` }, shapes.tasks))?.tasks ?? []
  const views: TaskView[] = []
  for (const one of now) {
    const tries = await ask(at, { path: `${base}/${one.task_id}/tries` }, shapes.taskInstances)
    const after = graph
      .filter((task) => task.downstream_task_ids.includes(one.task_id))
      .map((task) => taskOf(task.task_id))
    views.push(viewOf(one, tries?.task_instances ?? [], after))
  }
  return views.toSorted((a, b) => (a.task < b.task ? -1 : 1))
}

function viewOf(one: AirflowTask, tries: readonly AirflowTask[], after: readonly string[]): TaskView {
  const attempts = tries
    .filter((each) => each.start_date !== null)
    .toSorted((a, b) => a.try_number - b.try_number)
    .map((each, index, all): AttemptView => attemptOf(each, index === all.length - 1))
  return {
    task: taskOf(one.task_id),
    kind: 'external',
    account: null,
    state: taskStates[one.state ?? ''] ?? 'waiting',
    after,
    tries: one.try_number,
    triesMax: one.max_tries + 1,
    output: null,
    error: null,
    startedAt: instant(one.start_date),
    endedAt: instant(one.end_date),
    notBefore: instant(one.start_date) ?? new Date(0),
    attempts,
  }
}

/** Airflow says of an earlier try that it failed; that it was followed by another makes it a retry. */
function attemptOf(one: AirflowTask, isLast: boolean): AttemptView {
  const { state } = one
  const ended = state === 'success' || state === 'skipped' ? state : state === 'running' ? 'running' : 'failed'
  return {
    attempt: one.try_number,
    state: ended === 'failed' && (!isLast || state === 'up_for_retry') ? 'retry' : ended,
    worker: one.hostname ?? '',
    errorClass: null,
    error: null,
    exitCode: null,
    startedAt: one.start_date ?? '',
    endedAt: one.end_date,
    retryAt: null,
  }
}
