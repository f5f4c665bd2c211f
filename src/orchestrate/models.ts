import { MillraceError } from '../domain/errors.ts'
import type { NodeStatus, RunnerEvent, RunnerResult } from '../transform/runner.ts'
import type { DbtProject, Ports } from './ports.ts'
import type { Tally } from './tally.ts'

const broken: ReadonlySet<string> = new Set<NodeStatus>(['error', 'fail', 'partial success'])

/**
 * Builds the dbt project on what is published and runs its tests. Throws ORCHESTRATE_DBT_FAILED, naming the nodes, when dbt ends
 * with anything but 0; models built before the failure stay built, as dbt leaves them.
 */
export async function buildModels(
  ports: Ports,
  project: DbtProject,
  tally: Tally,
  signal: AbortSignal,
  onEvent: (event: RunnerEvent) => void,
): Promise<void> {
  const { connection } = ports.warehouse
  const result = await ports.runner.invoke(
    {
      command: 'build',
      projectDir: project.projectDir,
      profilesDir: project.profilesDir,
      select: [],
      exclude: [],
      vars: project.vars,
      threads: project.threads,
      fullRefresh: false,
      failFast: false,
      signal,
      env: {
        MILLRACE_DBT_HOST: connection.host,
        MILLRACE_DBT_PORT: String(connection.port),
        MILLRACE_DBT_USER: connection.user,
        MILLRACE_DBT_PASSWORD: connection.password ?? '',
        MILLRACE_DBT_DBNAME: connection.database,
        MILLRACE_DBT_RAW_SCHEMA: connection.schema,
      },
    },
    onEvent,
  )
  countNodes(tally, result)
  const problem = problemOf(result)
  if (problem) throw problem
}

/** What dbt ended with, by the nodes that went wrong and what the first of them says; undefined when all is well. */
export function problemOf(result: Pick<RunnerResult, 'exitCode' | 'nodes'>): MillraceError | undefined {
  if (result.exitCode === 0) return undefined
  const failing = result.nodes.filter((node) => broken.has(node.status))
  return new MillraceError('ORCHESTRATE_DBT_FAILED', {
    nodes: failing.map((node) => node.uniqueId).join(', ') || `exit code ${result.exitCode}`,
    detail: failing.map((node) => node.message ?? '').find(Boolean) ?? '',
  })
}

function countNodes(tally: Tally, result: RunnerResult): void {
  tally.models = result.nodes.filter((node) => node.resourceType === 'model' && node.status === 'success').length
  const tests = result.nodes.filter((node) => node.resourceType === 'test')
  tally.dbtTests = {
    pass: tests.filter((node) => node.status === 'pass').length,
    warn: tests.filter((node) => node.status === 'warn').length,
    fail: tests.filter((node) => broken.has(node.status)).length,
  }
}
