import { MillraceError } from '../domain/errors.ts'
import type { Platform } from '../domain/platform.ts'
import { specHash } from './ad-graph.ts'
import { listCall, platformPool, stepCall } from './airflow-export-task.ts'
import { literal, python } from './airflow-python.ts'
import { parseCron } from './cron-parse.ts'
import type { Pipeline, TaskSpec } from './pipeline.ts'

export interface AirflowOptions {
  /** `process`: in Airflow's own worker, which has `millrace`; `pod`: one pod of Kubernetes a task. */
  readonly runner: 'process' | 'pod'
  /** Slots of the pool of everything that asks a platform. */
  readonly poolSlots: number
}

/**
 * Pure: the pipeline as one Python file for Airflow 3.3, the same bytes for the same pipeline. Accounts are known only when it runs,
 * so each platform's tasks are a mapped task group: an account that fails stops its own tasks and no other's.
 * Throws ORCHESTRATE_EXPORT_SCHEDULE for a schedule that does not fire once on every day: a run there is about one day.
 */
export function airflowDag(pipeline: Pipeline, options: AirflowOptions): string {
  requireDaily(pipeline)
  const parts = [
    header(options),
    airflowImports(
      options.runner,
      ['Asset', 'task_group'],
      'from airflow.timetables.interval import CronDataIntervalTimetable',
    ),
    airflowConstants({ id: pipeline.id, zone: pipeline.schedule.zone, spec: specHash(pipeline) }),
    python(options.runner),
    python('fan-out'),
    graph(pipeline),
  ]
  return `${parts.join('\n\n')}\n`
}

/** Airflow's own name for the pipeline; ours are told apart from what is there already. */
export const dagIdOf = (pipeline: Pick<Pipeline, 'id'>): string => `millrace__${pipeline.id}`

function requireDaily({ schedule }: Pipeline): void {
  const { minutes, hours, daysOfMonth, months, daysOfWeek } = parseCron(schedule.cron)
  const isEveryDay = daysOfMonth.length === 31 && months.length === 12 && daysOfWeek.length === 7
  if (!isEveryDay || minutes.length !== 1 || hours.length !== 1)
    throw new MillraceError('ORCHESTRATE_EXPORT_SCHEDULE', { cron: schedule.cron })
}

function header({ runner, poolSlots }: AirflowOptions): string {
  return `# Written by: millrace export airflow --runner ${runner}
# Do not edit: change the pipeline and export it again. The same pipeline gives the same file.
# For Airflow 3.3. Airflow owns schedule, retries, pools and order; millrace does the work and keeps the record of it.
# Once, on Airflow's side (a task of a pool that does not exist is never started):
#   airflow pools set ${platformPool} ${poolSlots} "tasks that ask an ad platform"
${runner === 'process' ? processNeeds : podNeeds}
# docs/guide/airflow.md tells what each exit code means and where this differs from \`millrace up\`.`
}

const processNeeds = `# Workers need the executable: MILLRACE_BIN (default: millrace) and MILLRACE_PROJECT (default: the current folder).`
const podNeeds = `# Pods need an image: MILLRACE_POD_IMAGE, MILLRACE_POD_NAMESPACE, MILLRACE_POD_SERVICE_ACCOUNT; Airflow needs
# apache-airflow-providers-cncf-kubernetes.`

export function airflowImports(
  runner: AirflowOptions['runner'],
  names: readonly string[] = [],
  ...more: readonly string[]
): string {
  const isProcess = runner === 'process'
  const standard = isProcess
    ? ['json', 'logging', 'os', 'shlex', 'signal', 'subprocess', 'threading'].map((name) => `import ${name}`)
    : ['import os']
  return [
    'from __future__ import annotations',
    '',
    ...standard,
    'from datetime import timedelta',
    '',
    'import pendulum',
    ...(isProcess ? [] : ['from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator']),
    `from airflow.sdk import ${['DAG', 'BaseOperator', 'Param', ...names].toSorted().join(', ')}`,
    isProcess
      ? 'from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException'
      : 'from airflow.sdk.exceptions import AirflowFailException',
    ...more,
  ].join('\n')
}

/** A manual run without a logical date has no interval at all: there, the plain name is an error that would use up every try. */
const boundary = (name: string): string =>
  `{{ params.interval_${name} or (data_interval_${name}.isoformat() if data_interval_${name} is defined and data_interval_${name} else '') }}`

export function airflowConstants(of: { readonly id: string; readonly zone: string; readonly spec: string }): string {
  return `PIPELINE = ${literal(of.id)}
ZONE = ${literal(of.zone)}
# The pipeline that this file was written from: \`millrace task run\` refuses another.
SPEC = ${literal(of.spec)}
INTERVAL_START = ${literal(boundary('start'))}
INTERVAL_END = ${literal(boundary('end'))}
NO_INTERVAL = "this run has no data interval: trigger it with a logical date, or give interval_start and interval_end"

# Exit codes: 0 done, 99 nothing to do, usage 2, config 3, quality gate 5 and auth 7 fail at once, all others are tried again.
SKIPPED = 99
PERMANENT = {2, 3, 5, 7}
KILL_AFTER_S = 20`
}

function graph(pipeline: Pipeline): string {
  const platforms = [...new Set(pipeline.tasks.flatMap(({ platform }) => (platform === null ? [] : [platform])))]
  const ofRun = pipeline.tasks.filter(({ each }) => each === 'run')
  const body = [
    `list_accounts = ${listCall(pipeline)}`,
    `reach_accounts = Reached(task_id="reach_accounts", listed=list_accounts.output)`,
    ...platforms.flatMap((platform) => ['', ...group(pipeline, platform)]),
    '',
    ...ofRun.map((step) => `${step.id} = ${stepCall(step)}`),
    `complete = Complete(task_id="complete", trigger_rule="one_failed", retries=0)`,
    '',
    ...ofRun.map((step) => `[${upstreamOfRun(pipeline, step, platforms).join(', ')}] >> ${step.id}`),
    `[reach_accounts, ${[...platforms.map((one) => `each_${one}`), ...ofRun.map((one) => one.id)].join(', ')}] >> complete`,
  ]
  return `${dagHead(pipeline)}\n${body.map((line) => (line === '' ? '' : `    ${line}`)).join('\n')}`
}

function dagHead(pipeline: Pipeline): string {
  const { cron, zone } = pipeline.schedule
  const [year, month, dayOfMonth] = pipeline.startDate.split('-').map(Number)
  return `with DAG(
    dag_id=${literal(dagIdOf(pipeline))},
    description=${literal(pipeline.description)},
    # Named in full: since Airflow 3 a bare cron makes intervals of no length. The day of a run is the local day of its interval's start.
    schedule=CronDataIntervalTimetable(${literal(cron)}, timezone=${literal(zone)}),
    start_date=pendulum.datetime(${year}, ${month}, ${dayOfMonth}, tz=ZONE),
    catchup=${pipeline.catchup === 'all' ? 'True' : 'False'},
    max_active_runs=${pipeline.runsActiveMax},
    tags=[${[...pipeline.tags, 'millrace'].map(literal).join(', ')}],
    default_args={"owner": ${literal(pipeline.owner)}, "depends_on_past": False, "retry_exponential_backoff": True},
    # For a run that is triggered without a logical date.
    params={
        "interval_start": Param(None, type=["null", "string"], format="date-time", description="start of the data interval"),
        "interval_end": Param(None, type=["null", "string"], format="date-time", description="end of the data interval"),
    },
    doc_md="Exported from a Millrace pipeline; clear a task here to have it done again.",
) as dag:`
}

/** A platform's tasks, once for each of its accounts. */
function group(pipeline: Pipeline, platform: Platform): readonly string[] {
  const steps = pipeline.tasks.filter(
    (step) => step.each === 'account' && (step.platform === null || step.platform === platform),
  )
  const ids = new Set(steps.map((step) => step.id))
  const edges = steps.flatMap((step) =>
    step.after.filter((before) => ids.has(before)).map((before) => `    ${before} >> ${step.id}`),
  )
  return [
    `@task_group(group_id=${literal(platform)})`,
    `def of_${platform}(account):`,
    ...steps.map((step) => `    ${step.id} = ${stepCall(step)}`),
    ...edges,
    '',
    `accounts_${platform} = AccountsOf(task_id=${literal(`accounts_${platform}`)}, platform=${literal(platform)}, listed=list_accounts.output)`,
    `each_${platform} = of_${platform}.expand(account=accounts_${platform}.output)`,
  ]
}

/** A step of the whole run waits for every account's tasks, or for other steps of the run. */
function upstreamOfRun(pipeline: Pipeline, step: TaskSpec, platforms: readonly Platform[]): readonly string[] {
  const waits = pipeline.tasks.filter(({ id }) => step.after.includes(id))
  const groups = waits.some(({ each }) => each === 'account') ? platforms.map((one) => `each_${one}`) : []
  return [...groups, ...waits.filter(({ each }) => each === 'run').map(({ id }) => id)]
}
