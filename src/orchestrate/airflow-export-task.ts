import { literal } from './airflow-python.ts'
import { taskNode } from './graph.ts'
import type { Pipeline, TaskSpec } from './pipeline.ts'

/** The pool that keeps platforms from being asked by too many tasks at once; Airflow has to be told of it once. */
export const platformPool = 'ads_api'

interface Call {
  readonly step: string
  readonly retries: number
  readonly retryDelayMs: number
  /** `account` is the argument of the function that it stands in. */
  readonly ofAccount: boolean
  readonly pool?: string
  readonly triggerRule?: string
  readonly outlet?: string
}

const outlets: Partial<Record<TaskSpec['kind'], string>> = {
  load: 'millrace://warehouse/daily_campaign_metrics',
  dbt: 'millrace://warehouse/campaign_performance_summary',
}

/** How the file writes a step down. */
export function stepCall(step: TaskSpec): string {
  const outlet = outlets[step.kind]
  return call({
    step: step.id,
    retries: step.retries,
    retryDelayMs: step.retryDelayMs,
    ofAccount: step.each === 'account',
    ...(step.kind === 'extract' && { pool: platformPool }),
    ...(step.when === 'ended' && { triggerRule: 'all_done' }),
    ...(outlet !== undefined && { outlet }),
  })
}

/** Who lists the accounts asks the platforms, and is as patient as who extracts from them. */
export function listCall({ tasks }: Pipeline): string {
  const { retries, retryDelayMs } = tasks.find(({ kind }) => kind === 'extract') ?? { retries: 0, retryDelayMs: 0 }
  return call({ step: 'list_accounts', retries, retryDelayMs, ofAccount: false, pool: platformPool })
}

/** The delays of our own engine: doubling from the first, at most twelve times it. */
function call({ step, retries, retryDelayMs, ofAccount, pool, triggerRule, outlet }: Call): string {
  const { timeoutMs } = taskNode({ id: step, kind: step })
  const given = [
    literal(step),
    ...(ofAccount ? ['account'] : []),
    `task_id=${literal(step)}`,
    ...(pool === undefined ? [] : [`pool=${literal(pool)}`]),
    ...(triggerRule === undefined ? [] : [`trigger_rule=${literal(triggerRule)}`]),
    `retries=${retries}`,
    ...(retries > 0 ? [`retry_delay=${seconds(retryDelayMs)}`, `max_retry_delay=${seconds(12 * retryDelayMs)}`] : []),
    `execution_timeout=${seconds(timeoutMs)}`,
    ...(outlet === undefined ? [] : [`outlets=[Asset(${literal(outlet)})]`]),
  ]
  return `millrace_task(${given.join(', ')})`
}

const seconds = (ms: number): string => `timedelta(seconds=${ms / 1_000})`
