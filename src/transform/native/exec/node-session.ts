import type { Clock } from '../../../domain/clock.ts'
import { MillraceError } from '../../../domain/errors.ts'
import type { Database } from '../adapter/database.ts'
import { RuntimeAdapter } from '../adapter/runtime-adapter.ts'
import type { Session } from '../adapter/session.ts'
import type { NodeContext } from '../context/node-context.ts'
import { hostFunction } from '../jinja/arguments.ts'
import { fromHost } from '../jinja/json.ts'
import { callMacro } from '../jinja/template.ts'
import { str } from '../jinja/text.ts'
import type { Value } from '../jinja/value.ts'
import type { Node } from '../parse/nodes.ts'
import { hookRenderer, runContext } from './compile-node.ts'
import type { Project, RunContext, StandIns } from './compile-node.ts'
import { queryComment } from './query-comment.ts'
import { StatementResults } from './statement-results.ts'

export interface Timing {
  readonly name: 'compile' | 'execute'
  readonly startedAtMs: number
  readonly completedAtMs: number
}

export interface NodeRunner {
  readonly project: Project
  readonly database: Database
  readonly clock: Clock
}

/** What is known of a node while it runs. */
export interface Running {
  compiledCode: string | null
  executedSql: string | null
  /** What was compiled along with it, by its path below target/compiled. */
  beside?: ReadonlyMap<string, string>
  readonly timing: Timing[]
}

/** Gives work a connection whose statements name the node; what the work did not commit is taken back. */
export async function withSession<Result>(
  runner: NodeRunner,
  node: Node,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const comment = await queryComment(runner.project, node.uniqueId, node)
  const session = await runner.database.connect(node.uniqueId, comment)
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}

export async function timed<Result>(
  runner: NodeRunner,
  running: Running,
  name: Timing['name'],
  work: () => Promise<Result>,
): Promise<Result> {
  const startedAtMs = runner.clock.nowMs()
  try {
    return await work()
  } finally {
    running.timing.push({ name, startedAtMs, completedAtMs: runner.clock.nowMs() })
  }
}

/** The context of a node with the adapter over its connection. */
export function nodeRun(
  runner: NodeRunner,
  node: Node,
  session: Session,
  running: Running,
  names: readonly (readonly [string, Value])[],
  standIns?: StandIns,
): { run: RunContext; results: StatementResults } {
  const results = new StatementResults()
  const { project } = runner
  const run: RunContext = runContext(
    project,
    node,
    [...results.names(), ['write', writer(running)], ...nodeNames(() => run.context, node), ...names],
    standIns,
  )
  const adapter = new RuntimeAdapter({
    session,
    cache: runner.database.cache,
    dispatch: (name, namespace) => run.context.dispatch(name, namespace),
    macro: (name) => run.context.bind(found(project, name)),
    lookup: (name) => run.context.lookup(name),
    unique: () => String(runner.clock.nowMs()),
  })
  run.context.set('adapter', adapter)
  return { run, results }
}

function found(project: Project, name: string) {
  const entry = project.macros.find(name)
  if (entry === undefined) throw new MillraceError('TRANSFORM_MACRO_MISSING', { macro: name })
  return entry
}

/** `write`: what `statement` calls with the node's main statement, which target/run keeps. */
function writer(running: Running): Value {
  return hostFunction('write', ['payload'], ({ payload = '' }) => {
    running.executedSql = str(payload)
    return ''
  })
}

/** Calls the node's materialization with its compiled SQL. Throws TRANSFORM_MATERIALIZATION_UNKNOWN. */
export async function materialize(project: Project, node: Node, context: NodeContext, sql: string): Promise<Value> {
  const name = String(node.config['materialized'])
  const entry = project.macros.materialization(name)
  if (entry === undefined)
    throw new MillraceError('TRANSFORM_MATERIALIZATION_UNKNOWN', { materialization: name, file: node.originalFilePath })
  context.set('sql', sql)
  context.set('compiled_code', sql)
  return callMacro(context.bind(entry), [])
}

/** The names by which a materialization sees its node. */
function nodeNames(context: () => NodeContext, node: Node): [string, Value][] {
  return [
    ['render_hook', hookRenderer(context, node.originalFilePath)],
    ['pre_hooks', fromHost(node.config['pre-hook'] ?? [])],
    ['post_hooks', fromHost(node.config['post-hook'] ?? [])],
    ['sql', null],
    ['compiled_code', null],
    ['column_name', node.genericTest?.columnName ?? null],
  ]
}
