import pg from 'pg'
import { fromHost } from '../jinja/json.ts'
import { callMacro } from '../jinja/template.ts'
import { str } from '../jinja/text.ts'
import type { Value } from '../jinja/value.ts'
import { HostObject } from '../jinja/value.ts'
import type { Clock } from '../../../domain/clock.ts'
import { MillraceError } from '../../../domain/errors.ts'
import type { NodeStatus } from '../../runner.ts'
import type { Database } from '../adapter/database.ts'
import { RuntimeAdapter } from '../adapter/runtime-adapter.ts'
import type { Session } from '../adapter/session.ts'
import { DBT_VERSION } from '../context/base-names.ts'
import type { NodeContext } from '../context/node-context.ts'
import type { Node } from '../parse/nodes.ts'
import { compileNode, hookRenderer, runContext } from './compile-node.ts'
import type { Project, RunContext } from './compile-node.ts'
import { StatementResults } from './statement-results.ts'
import type { StatementResult } from './statement-results.ts'

export interface Timing {
  readonly name: 'compile' | 'execute'
  readonly startedAtMs: number
  readonly completedAtMs: number
}

/** How a node ended, with what the artifacts say of it. */
export interface Outcome {
  readonly node: Node
  readonly status: NodeStatus
  readonly message: string | null
  readonly failures: number | null
  readonly timing: readonly Timing[]
  readonly executionSeconds: number
  readonly compiledCode: string | null
  /** What ran last for the node itself: the `create` of a model, the counting query of a test. */
  readonly executedSql: string | null
  readonly response: Readonly<Record<string, unknown>>
}

export interface NodeRunner {
  readonly project: Project
  readonly database: Database
  readonly clock: Clock
}

interface Running {
  compiledCode: string | null
  executedSql: string | null
  readonly timing: Timing[]
}

/** Compiles and runs one node. Every failure of the node is its outcome; only a programmer's error is thrown. */
export async function runNode(runner: NodeRunner, node: Node, onlyCompile: boolean): Promise<Outcome> {
  const startedAtMs = runner.clock.nowMs()
  const running: Running = { compiledCode: null, executedSql: null, timing: [] }
  try {
    const verdict = await withSession(runner, node, (session) =>
      compileAndRun(runner, node, session, running, onlyCompile),
    )
    return finished(runner, node, running, startedAtMs, verdict)
  } catch (error) {
    runner.database.cache.forget(node.schema)
    return finished(runner, node, running, startedAtMs, {
      status: 'error',
      message: failureText(error, node),
      failures: null,
      response: {},
    })
  }
}

/** Runs a hook of the project: its text, rendered, is one or more statements; blank text runs nothing. */
export async function runHook(
  runner: NodeRunner,
  node: Node,
  names: readonly (readonly [string, Value])[],
): Promise<Outcome> {
  const startedAtMs = runner.clock.nowMs()
  const running: Running = { compiledCode: null, executedSql: null, timing: [] }
  try {
    const verdict = await withSession(runner, node, async (session): Promise<Verdict> => {
      const { run } = nodeRun(runner, node, session, running, names)
      const sql = await timed(runner, running, 'compile', () => compileNode(runner.project, node, run))
      running.compiledCode = sql
      const answer =
        sql.trim() === '' ? null : await timed(runner, running, 'execute', () => session.execute(sql, true))
      await session.commit()
      return { status: 'success', message: answer?.message ?? 'OK', failures: null, response: {} }
    })
    return finished(runner, node, running, startedAtMs, verdict)
  } catch (error) {
    const failed = { status: 'error', message: failureText(error, node), failures: null, response: {} } as const
    return finished(runner, node, running, startedAtMs, failed)
  }
}

type Verdict = Pick<Outcome, 'status' | 'message' | 'failures' | 'response'>

function finished(runner: NodeRunner, node: Node, running: Running, startedAtMs: number, verdict: Verdict): Outcome {
  return { node, ...verdict, ...running, executionSeconds: (runner.clock.nowMs() - startedAtMs) / 1000 }
}

async function withSession<Result>(
  runner: NodeRunner,
  node: Node,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const { target } = runner.project.invocation
  const comment = {
    app: 'dbt',
    dbt_version: DBT_VERSION,
    profile_name: target.profileName,
    target_name: target.name,
    node_id: node.uniqueId,
  }
  const session = await runner.database.connect(JSON.stringify(comment).replaceAll('*/', '* /'))
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}

async function timed<Result>(
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
function nodeRun(
  runner: NodeRunner,
  node: Node,
  session: Session,
  running: Running,
  names: readonly (readonly [string, Value])[],
): { run: RunContext; results: StatementResults } {
  const results = new StatementResults()
  const { project } = runner
  const run: RunContext = runContext(project, node, [
    ...results.names(),
    ...nodeNames(() => run.context, node),
    ...names,
  ])
  const adapter = new RuntimeAdapter({
    session: recorded(session, running),
    cache: runner.database.cache,
    dispatch: (name, namespace) => run.context.dispatch(name, namespace),
    macro: (name) => run.context.bind(found(project, name)),
    lookup: (name) => run.context.lookup(name),
    unique: () => String(runner.clock.nowMs()),
  })
  run.context.set('adapter', adapter)
  return { run, results }
}

async function compileAndRun(
  runner: NodeRunner,
  node: Node,
  session: Session,
  running: Running,
  onlyCompile: boolean,
): Promise<Verdict> {
  const { project } = runner
  const { run, results } = nodeRun(runner, node, session, running, [])
  const sql = await timed(runner, running, 'compile', () => compileNode(project, node, run))
  running.compiledCode = node.resourceType === 'seed' ? null : sql
  if (running.compiledCode !== null) run.model.set('compiled_code', sql)
  if (onlyCompile || node.config['materialized'] === 'ephemeral')
    return { status: 'success', message: null, failures: null, response: {} }
  running.executedSql = null
  await timed(runner, running, 'execute', () => materialize(project, node, run.context, sql))
  await session.commit()
  return verdictOf(node, results.get('main'))
}

function found(project: Project, name: string) {
  const entry = project.macros.find(name)
  if (entry === undefined) throw new MillraceError('TRANSFORM_MACRO_MISSING', { macro: name })
  return entry
}

/** Keeps the last statement of the node, for target/run: the one named main is always the one that `statement` runs before the swap. */
function recorded(session: Session, running: Running): Session {
  return new Proxy(session, {
    get(target, property) {
      if (property !== 'execute') {
        const value: unknown = Reflect.get(target, property, target)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      }
      return (sql: string, autoBegin: boolean) => {
        if (running.compiledCode !== null && sql.includes(running.compiledCode)) running.executedSql = sql
        return target.execute(sql, autoBegin)
      }
    },
  })
}

async function materialize(project: Project, node: Node, context: NodeContext, sql: string): Promise<void> {
  const name = String(node.config['materialized'])
  const entry = project.macros.materialization(name)
  if (entry === undefined)
    throw new MillraceError('TRANSFORM_MATERIALIZATION_UNKNOWN', { materialization: name, file: node.originalFilePath })
  context.set('sql', sql)
  context.set('compiled_code', sql)
  await callMacro(context.bind(entry), [])
}

function verdictOf(node: Node, main: StatementResult | undefined): Verdict {
  const response = responseOf(main)
  if (node.resourceType !== 'test')
    return { status: 'success', message: main?.message ?? 'OK', failures: null, response }
  const [row] = main?.table.rows ?? []
  const [count = 0, warns = false, fails = false] = row ?? []
  const failures = Number(str(count))
  const severity = String(node.config['severity']).toUpperCase()
  const status: NodeStatus =
    fails === true && severity === 'ERROR'
      ? 'fail'
      : warns === true || (fails === true && severity === 'WARN')
        ? 'warn'
        : 'pass'
  return { status, message: status === 'pass' ? null : testMessage(node, failures, status), failures, response }
}

function testMessage(node: Node, failures: number, status: NodeStatus): string {
  const results = failures === 1 ? 'result' : 'results'
  return `Got ${failures} ${results}, configured to ${status} if ${String(node.config[status === 'fail' ? 'error_if' : 'warn_if'])}`
}

/** What dbt's driver says of a statement that counts no rows. */
const UNCOUNTED_ROWS = -1

function responseOf(main: StatementResult | undefined): Readonly<Record<string, unknown>> {
  if (main === undefined || !(main.response instanceof HostObject)) return {}
  const { response } = main
  const read = (name: string): unknown => response.attribute(name) ?? null
  const rows = read('rows_affected')
  return { _message: main.message, code: read('code'), rows_affected: rows ?? UNCOUNTED_ROWS }
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

/** What a macro raised is told as it was written; the rest in our own words. */
function raisedText(cause: Error): string {
  const raised =
    cause instanceof MillraceError && cause.code === 'TRANSFORM_RAISED' ? cause.facts['message'] : undefined
  return raised === undefined ? cause.message : String(raised)
}

/** dbt's wording: the kind of error, the node and its file, then what the database or the template said. */
function failureText(error: unknown, node: Node): string {
  return errorText(error, `${node.resourceType} ${node.name} (${node.originalFilePath})`)
}

export function errorText(error: unknown, where: string): string {
  const cause = error instanceof Error ? error : new Error(String(error))
  if (cause instanceof pg.DatabaseError) {
    const lines = [
      cause.message,
      cause.detail === undefined ? '' : `DETAIL: ${cause.detail}`,
      cause.hint === undefined ? '' : `HINT: ${cause.hint}`,
    ]
    return [`Database Error in ${where}`, ...lines.filter((line) => line !== '')].join('\n  ')
  }
  const kind = cause instanceof MillraceError ? 'Compilation Error' : 'Runtime Error'
  return `${kind} in ${where}\n  ${raisedText(cause).replaceAll('\n', '\n  ')}`
}
