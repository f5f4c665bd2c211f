import { fromHost } from '../jinja/json.ts'
import type { Value } from '../jinja/value.ts'
import { HostObject, PyTuple } from '../jinja/value.ts'
import type { Node } from '../parse/nodes.ts'
import { nodeContent } from './manifest-file.ts'
import { runHook } from './run-node.ts'
import type { NodeRunner } from './node-session.ts'
import type { Outcome } from './run-node.ts'

export type HookTag = 'on-run-start' | 'on-run-end'

/** Its place among the hooks of its package. */
function placeOf(node: Node): number {
  return Number(node.name.split('-').at(-1))
}

/**
 * Runs the hooks of a project and its packages one after the other: the first of each package, then the second, the root project's before
 * a package's, as dbt orders them. The first that fails ends them. At the end a template sees what was built.
 */
export async function runHooks(runner: NodeRunner, tag: HookTag, built: readonly Outcome[]): Promise<Outcome[]> {
  const { manifest, invocation } = runner.project
  const isOwn = (node: Node): number => Number(node.packageName === invocation.projectName)
  const ordered = [...manifest.nodes.values()]
    .filter((node) => node.resourceType === 'operation' && node.tags.includes(tag))
    .sort((left, right) => placeOf(left) - placeOf(right) || isOwn(right) - isOwn(left))
  const names = tag === 'on-run-end' ? endNames(runner, built) : []
  const outcomes: Outcome[] = []
  for (const [index, node] of ordered.entries()) {
    const outcome = await runHook(runner, node, names)
    const failed = outcome.status === 'error'
    outcomes.push(failed ? outcome : { ...outcome, message: `${node.packageName}.${tag}.${index} passed`, failures: 0 })
    if (failed) break
  }
  return outcomes
}

/** `schemas`, `database_schemas` and `results`: what the hooks at the end are told. */
function endNames({ project, clock }: NodeRunner, built: readonly Outcome[]): [string, Value][] {
  const done = built.filter(
    ({ node, status }) => node.relationName !== null && ['success', 'pass', 'warn'].includes(status),
  )
  const schemas = [...new Set(done.map(({ node }) => node.schema))].sort()
  const { database } = project.invocation.target
  const results = built.map(
    (outcome) =>
      new HostObject('RunResult', [
        ['node', fromHost(nodeContent(outcome.node, outcome.compiledCode ?? undefined, { nowMs: clock.nowMs() }))],
        ['status', outcome.status],
        ['message', outcome.message],
        ['failures', outcome.failures],
        ['execution_time', outcome.executionSeconds],
        ['thread_id', 'Thread-1'],
        ['timing', fromHost(outcome.timing.map(({ name }) => ({ name })))],
        ['adapter_response', fromHost(outcome.response)],
      ]),
  )
  return [
    ['schemas', schemas],
    ['database_schemas', schemas.map((schema) => new PyTuple([database, schema]))],
    ['results', results],
  ]
}
