import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'

export interface AirflowAddress {
  /** `http://127.0.0.1:8080`, without the path of the API. */
  readonly baseUrl: string
  /** A bearer token of Airflow's API, asked for anew by the caller when it is over. */
  readonly token: () => Promise<string>
  readonly fetch: typeof fetch
}

const dagRun = z.object({
  dag_run_id: z.string(),
  dag_id: z.string(),
  state: z.string(),
  conf: z.record(z.string(), z.unknown()).nullable(),
  queued_at: z.string().nullable(),
  start_date: z.string().nullable(),
  end_date: z.string().nullable(),
  dag_versions: z.array(z.object({ version_number: z.int() })).optional(),
})

const taskInstance = z.object({
  task_id: z.string(),
  state: z.string().nullable(),
  try_number: z.int(),
  max_tries: z.int(),
  hostname: z.string().nullable(),
  start_date: z.string().nullable(),
  end_date: z.string().nullable(),
})

export const shapes = {
  dag: z.object({ dag_id: z.string(), is_paused: z.boolean(), tags: z.array(z.object({ name: z.string() })) }),
  dagRun,
  dagRuns: z.object({ dag_runs: z.array(dagRun) }),
  tasks: z.object({ tasks: z.array(z.object({ task_id: z.string(), downstream_task_ids: z.array(z.string()) })) }),
  taskInstances: z.object({ task_instances: z.array(taskInstance) }),
  cleared: z.object({ task_instances: z.array(z.unknown()) }),
  anything: z.unknown(),
} as const

export type AirflowRun = z.infer<typeof dagRun>
export type AirflowTask = z.infer<typeof taskInstance>

/**
 * One question to Airflow's own API, its answer held against the shape. Null for 404. Throws ORCHESTRATE_AIRFLOW with the status and
 * what Airflow said; it is worth another try when Airflow was not there or broke.
 */
export async function ask<Answer>(
  { baseUrl, token, fetch }: AirflowAddress,
  { method = 'GET', path, body }: { readonly method?: string; readonly path: string; readonly body?: unknown },
  shape: z.ZodType<Answer>,
): Promise<Answer | null> {
  const answer = await fetch(`${baseUrl}/api/v2${path}`, {
    method,
    headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw new MillraceError('ORCHESTRATE_AIRFLOW', { path, said: (cause as Error).message }, { cause })
  })
  if (answer.status === 404) return null
  const text = await answer.text()
  if (!answer.ok)
    throw new MillraceError('ORCHESTRATE_AIRFLOW', { path, said: `${answer.status} ${text.slice(0, 300)}` })
  const parsed = shape.safeParse(text === '' ? {} : JSON.parse(text))
  if (!parsed.success) throw new MillraceError('ORCHESTRATE_AIRFLOW', { path, said: parsed.error.message })
  return parsed.data
}
