import { fromHost } from '../jinja/json.ts'
import type { Value } from '../jinja/value.ts'
import { HostObject, PyTuple } from '../jinja/value.ts'
import type { Node } from '../parse/nodes.ts'
import { nodeContent } from './manifest-file.ts'
import type { Journal } from './journal.ts'
import { sayHookFinished, sayHookStarted } from './journal-nodes.ts'
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
 * a package's, as dbt orders them. After one that fails the others are skipped. At the end a template sees what was built.
 */
export async function runHooks(
  runner: NodeRunner,
  tag: HookTag,
  built: readonly Outcome[],
  journal: Journal,
): Promise<Outcome[]> {
  const { manifest, invocation } = runner.project
  const isOwn = (node: Node): number => Number(node.packageName === invocation.projectName)
  const ordered = [...manifest.nodes.values()]
    .filter((node) => node.resourceType === 'operation' && node.tags.includes(tag))
    .sort((left, right) => placeOf(left) - placeOf(right) || isOwn(right) - isOwn(left))
  const names = tag === 'on-run-end' ? endNames(runner, built) : []
  if (tag === 'on-run-end' && ordered.length > 0) journal.blank()
  const outcomes: Outcome[] = []
  for (const [at, node] of ordered.entries()) {
    const statement = `${node.packageName}.${tag}.${at}`
    const place = { index: at + 1, total: ordered.length, startedAt: journal.instant() }
    const isSkipped = outcomes.some(({ status }) => status === 'error')
    if (!isSkipped) sayHookStarted(journal, node, statement, place)
    const outcome = isSkipped ? skippedHook(node, statement) : told(await runHook(runner, node, names), statement)
    sayHookFinished(journal, outcome, statement, place)
    outcomes.push(outcome)
  }
  if (tag === 'on-run-start' && ordered.length > 0) journal.blank()
  return outcomes
}

function told(outcome: Outcome, statement: string): Outcome {
  if (outcome.status === 'error')
    return { ...outcome, message: `${statement} failed, error:\n ${outcome.message ?? ''}` }
  return { ...outcome, message: `${statement} passed`, failures: 0 }
}

function skippedHook(node: Node, statement: string): Outcome {
  return {
    node,
    status: 'skipped',
    message: `${statement} skipped`,
    failures: 1,
    timing: [],
    executionSeconds: 0,
    compiledCode: null,
    executedSql: null,
    response: {},
    thread: 'main',
  }
}

/** `schemas`, `database_schemas` and `results`: what the hooks at the end are told. */
function endNames({ project, clock }: NodeRunner, built: readonly Outcome[]): [string, Value][] {
  const done = built.filter(
    ({ node, status }) => node.relationName !== null && ['success', 'pass', 'warn'].includes(status),
  )
  const schemas = [...new Set(done.map(({ node }) => node.schema))].sort()
  const { database } = project.invocation.target
  const results = built
    .filter(({ node }) => node.config['materialized'] !== 'ephemeral')
    .map(
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
