import pg from 'pg'
import { str } from '../jinja/text.ts'
import type { Value } from '../jinja/value.ts'
import { HostObject, PyDict } from '../jinja/value.ts'
import { MillraceError } from '../../../domain/errors.ts'
import type { NodeStatus } from '../../runner.ts'
import type { Session } from '../adapter/session.ts'
import type { Table } from '../adapter/table.ts'
import type { Node } from '../parse/nodes.ts'
import { artifactPath } from './manifest-file.ts'
import type { BatchResults } from './batches.ts'
import { compileNode } from './compile-node.ts'
import { databaseErrorLines } from './database-error.ts'
import { templateErrorLines } from './template-error.ts'
import { materialize, nodeRun, timed, withSession } from './node-session.ts'
import type { NodeRunner, Running, Timing } from './node-session.ts'
import type { StatementResult } from './statement-results.ts'

/** How a node ended, with what the artifacts say of it. */
export interface Outcome {
  readonly node: Node
  readonly status: NodeStatus
  readonly message: string | null
  readonly failures: number | null
  readonly timing: readonly Timing[]
  readonly executionSeconds: number
  readonly compiledCode: string | null
  /** The node by whose path its SQL is written, where that is another one. */
  readonly written?: Node
  /** What was compiled beside it, by its path below target/compiled. */
  readonly beside?: ReadonlyMap<string, string>
  /** Null for what is never compiled at all, such as an exposure. */
  readonly compiled?: boolean | null
  /** What ran last for the node itself: the `create` of a model, the counting query of a test. */
  readonly executedSql: string | null
  readonly response: Readonly<Record<string, unknown>>
  /** Of a microbatch model alone. */
  readonly batchResults?: BatchResults
  /** The thread that ran it, as dbt names threads. */
  readonly thread?: string
  /** What `show` asked the database instead of the node's own SQL, and the rows that it answered. */
  readonly shownSql?: string
  readonly shown?: Table
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
      message: failureText(error, node, writtenTo(runner, node, running)),
      failures: null,
      response: {},
    })
  }
}

/** dbt's word for what stands in the graph and is not run. */
export function nothingDone(runner: NodeRunner, node: Node): Outcome {
  const nowMs = runner.clock.nowMs()
  const timing = (['compile', 'execute'] as const).map((name) => ({ name, startedAtMs: nowMs, completedAtMs: nowMs }))
  const running: Running = { compiledCode: null, executedSql: null, timing }
  const verdict: Verdict = { status: 'no-op', message: 'NO-OP', failures: 0, response: {} }
  return { ...finished(runner, node, running, nowMs, verdict), compiled: null }
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
    return { ...finished(runner, node, running, startedAtMs, verdict), thread: 'main' }
  } catch (error) {
    // What the database says of a hook is told as it is.
    const message = error instanceof pg.DatabaseError ? databaseErrorLines(error).join('\n') : failureText(error, node)
    const failed = { status: 'error', message, failures: 1, response: {} } as const
    return { ...finished(runner, node, running, startedAtMs, failed), thread: 'main' }
  }
}

export type Verdict = Pick<Outcome, 'status' | 'message' | 'failures' | 'response'>

export function finished(
  runner: NodeRunner,
  node: Node,
  running: Running,
  startedAtMs: number,
  verdict: Verdict,
): Outcome {
  return { node, ...verdict, ...running, executionSeconds: (runner.clock.nowMs() - startedAtMs) / 1000 }
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
  running.beside = run.beside
  if (running.compiledCode !== null) run.model.set('compiled_code', sql)
  if (onlyCompile || node.config['materialized'] === 'ephemeral')
    return { status: 'success', message: null, failures: null, response: {} }
  // What the materialization did not commit is taken back when the connection is given back, as dbt does.
  const returned = await timed(runner, running, 'execute', () => materialize(project, node, run.context, sql))
  if (node.resourceType !== 'test') checkMaterialized(node, returned, results.get('main'))
  return verdictOf(node, results.get('main'), project.journal.isError('LogTestResult'))
}

/** What dbt asks of a materialization: that it answers with its relations and has run its main statement. */
function checkMaterialized(node: Node, returned: Value, main: StatementResult | undefined): void {
  const name = String(node.config['materialized'])
  const refuse = (message: string, kind: string): never => {
    throw new MillraceError('TRANSFORM_RAISED', { message, kind })
  }
  if (typeof returned === 'string')
    refuse(
      `The materialization ("${name}") did not explicitly return a list of relations to add to the cache.`,
      'Compilation',
    )
  const relations = returned instanceof PyDict ? returned.get('relations') : undefined
  if (relations === undefined)
    refuse(
      `Invalid return value from materialization, expected a dict with key "relations", got: ${str(returned)}`,
      'Compilation',
    )
  if (!Array.isArray(relations))
    refuse(
      `Invalid return value from materialization, "relations" not a list, got: ${str(relations ?? null)}`,
      'Compilation',
    )
  if (main === undefined) refuse('main is not being called during running model', 'Runtime')
}

function verdictOf(node: Node, main: StatementResult | undefined, warningsFail: boolean): Verdict {
  const response = responseOf(main)
  if (node.resourceType !== 'test')
    return { status: 'success', message: main?.message ?? 'OK', failures: null, response }
  const [row] = main?.table.rows ?? []
  const [count = 0, warns = false, fails = false] = row ?? []
  const failures = Number(str(count))
  const severity = String(node.config['severity']).toUpperCase()
  const isBad = fails === true && severity === 'ERROR'
  if (!isBad && warns !== true && !(fails === true && severity === 'WARN'))
    return { status: 'pass', message: null, failures, response }
  const status: NodeStatus = isBad || warningsFail ? 'fail' : 'warn'
  const condition = String(node.config[isBad ? 'error_if' : 'warn_if'])
  const results = failures === 1 ? 'result' : 'results'
  return { status, message: `Got ${failures} ${results}, configured to ${status} if ${condition}`, failures, response }
}

/** What dbt's driver says of a statement that counts no rows. */
const UNCOUNTED_ROWS = -1

export function responseOf(main: StatementResult | undefined): Readonly<Record<string, unknown>> {
  if (main === undefined || !(main.response instanceof HostObject)) return {}
  const { response } = main
  const read = (name: string): unknown => response.attribute(name) ?? null
  const rows = read('rows_affected')
  return { _message: main.message, code: read('code'), rows_affected: rows ?? UNCOUNTED_ROWS }
}

/** dbt's wording: the kind of error, the node and its file, then what the database or the template said. */
/** Where the main statement of a node was written before it failed, as dbt names it. */
export function writtenTo(runner: NodeRunner, node: Node, { executedSql }: Running): string | null {
  return executedSql === null ? null : [runner.project.targetPath, 'run', artifactPath(node)].join('/')
}

export function failureText(error: unknown, node: Node, writtenTo: string | null = null): string {
  return errorText(error, `${node.resourceType} ${node.name} (${node.originalFilePath})`, writtenTo)
}

/** `where` is null for what stands in no file: dbt then names the kind alone. */
export function errorText(error: unknown, where: string | null, writtenTo: string | null = null): string {
  const cause = error instanceof Error ? error : new Error(String(error))
  const inside = where === null ? '' : ` in ${where}`
  if (cause instanceof pg.DatabaseError) {
    const lines = [...databaseErrorLines(cause), ...(writtenTo === null ? [] : [`compiled code at ${writtenTo}`])]
    return [`Database Error${inside}`, ...lines].join('\n  ')
  }
  const { kind, lines } = templateErrorLines(cause, where)
  return [`${kind} Error${inside}`, ...lines].join('\n  ')
}
