import { PyDate, PyDateTime } from '../jinja/civil-time.ts'
import { fromHost, toJson } from '../jinja/json.ts'
import { Macro } from '../jinja/macro.ts'
import { callMacro } from '../jinja/template.ts'
import { str } from '../jinja/text.ts'
import type { Value } from '../jinja/value.ts'
import { normalInteger } from '../jinja/number.ts'
import { PyDecimal, PyDict, PyFloat, PyObject } from '../jinja/value.ts'
import { MillraceError } from '../../../domain/errors.ts'
import type { RunnerRequest } from '../../runner.ts'
import { printTable } from '../adapter/print-table.ts'
import type { SeedKind, SeedTable } from '../adapter/seed-table.ts'
import { Table } from '../adapter/table.ts'
import type { Node } from '../parse/nodes.ts'
import { compileNode } from './compile-node.ts'
import { INLINE_NAME } from './inline-node.ts'
import type { Journal } from './journal.ts'
import { nodeRun, timed, withSession } from './node-session.ts'
import type { NodeRunner, Running } from './node-session.ts'
import { failureText, finished, runNode } from './run-node.ts'
import type { Outcome, Verdict } from './run-node.ts'
import { seedOf } from './seed-file.ts'

/** Rows that `show` asks for when nothing is said. */
const LIMIT = 5

/** `show` of one node: its SQL with a limit, and the rows that the database answers. A seed is loaded, as dbt does. */
export async function showNode(runner: NodeRunner, node: Node, request: RunnerRequest): Promise<Outcome> {
  if (node.resourceType === 'seed') {
    const outcome = await runNode(runner, node, false)
    return { ...outcome, shown: seedTable(seedOf(node)) }
  }
  const startedAtMs = runner.clock.nowMs()
  const running: Running = { compiledCode: null, executedSql: null, timing: [] }
  const limit = request.limit ?? LIMIT
  let shown: { readonly shownSql: string; readonly shown: Table } | undefined
  try {
    const verdict = await withSession(runner, node, async (session): Promise<Verdict> => {
      const { run } = nodeRun(runner, node, session, running, [])
      const sql = await timed(runner, running, 'compile', () => compileNode(runner.project, node, run))
      running.compiledCode = sql
      const macro = run.context.lookup('get_show_sql')
      const header = fromHost(node.config['sql_header'] ?? null)
      if (!(macro instanceof Macro)) throw new MillraceError('TRANSFORM_MACRO_MISSING', { macro: 'get_show_sql' })
      const shownSql = str(await callMacro(macro, [sql, header, limit < 0 ? null : limit]))
      const answer = await timed(runner, running, 'execute', () => session.execute(shownSql, false))
      shown = { shownSql, shown: answer.table }
      const response = { _message: answer.message, code: answer.code, rows_affected: answer.rowsAffected ?? -1 }
      return { status: 'success', message: null, failures: null, response }
    })
    return { ...finished(runner, node, running, startedAtMs, verdict), ...shown }
  } catch (error) {
    const message = failureText(error, node)
    return finished(runner, node, running, startedAtMs, { status: 'error', message, failures: null, response: {} })
  }
}

/** A seed's rows by the types of its columns. */
function seedTable({ columnNames, texts, kinds }: SeedTable): Table {
  const rows = texts.map((row) => row.map((text, at) => (text === null ? null : seedValue(text, kinds[at] ?? 'text'))))
  return new Table(columnNames, rows)
}

function seedValue(text: string, kind: SeedKind): Value {
  if (kind === 'integer') return normalInteger(BigInt(text))
  if (kind === 'number') return new PyDecimal(text)
  if (kind === 'boolean') return text.toLowerCase() === 'true'
  if (kind === 'date' && FULL_DAY.test(text)) return PyDate.fromText(text)
  return kind === 'datetime' && FULL_INSTANT.test(text) ? PyDateTime.fromText(text) : text
}

const FULL_DAY = /^\d{4}-\d{2}-\d{2}$/
const FULL_INSTANT = /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?$/

/**
 * What `show` and `compile` print at their end: the node that the first selector names, or what stands in its place. dbt looks for the
 * node's name within the selector's text, so that `+orders` shows orders.
 */
export function sayPreviews(journal: Journal, request: RunnerRequest, outcomes: readonly Outcome[]): void {
  const [first = ''] = request.select
  const isInline = request.inline !== undefined
  const matched = outcomes.filter(({ node }) =>
    isInline ? node.name === INLINE_NAME : first !== '' && first.includes(node.name),
  )
  for (const outcome of matched) {
    const { node, shown, compiledCode } = outcome
    const name = node.version === null ? node.name : `${node.name}.v${node.version}`
    const written = {
      node_name: name,
      is_inline: isInline,
      output_format: request.preview ?? 'text',
      quiet: request.quiet ?? false,
    }
    if (request.command === 'show') {
      const table = shown ?? new Table([], [])
      journal.output(['ShowNode', 'Q041'], showText(name, table, request), {
        ...written,
        preview: previewOf(table, request),
        unique_id: node.uniqueId,
      })
    } else {
      const compiled = compiledCode ?? ''
      journal.output(['CompiledNode', 'Q042'], compiledText(node.name, compiled, request), {
        ...written,
        node_name: node.name,
        compiled,
        unique_id: node.uniqueId,
      })
    }
  }
}

function previewOf(table: Table, { preview }: RunnerRequest): string {
  return preview === 'json' ? toJson(rowsOf(table)) : `${printTable(table, { rowsMax: null })}\n`
}

function rowsOf(table: Table): Value {
  const row = (cells: readonly Value[]): Value =>
    new PyDict(table.columnNames.map((name, at): [Value, Value] => [name, jsonValue(cells[at] ?? null)]))
  return table.rows.map(row)
}

/** As dbt's tables write themselves: a number that is no integer is a float, a moment its ISO text. */
function jsonValue(value: Value): Value {
  if (value instanceof PyDecimal) return new PyFloat(Number(str(value)))
  if (value instanceof PyDateTime) return str(value).replace(' ', 'T')
  return value instanceof PyObject && !(value instanceof PyFloat) ? str(value) : value
}

function showText(name: string, table: Table, request: RunnerRequest): string {
  if (request.preview === 'json') return titledJson(name, 'show', rowsOf(table), request)
  const preview = previewOf(table, request)
  if (request.quiet === true) return preview
  return request.inline === undefined ? `Previewing node '${name}':\n${preview}` : `Previewing inline node:\n${preview}`
}

function compiledText(name: string, compiled: string, request: RunnerRequest): string {
  if (request.preview === 'json') return titledJson(name, 'compiled', compiled, request)
  if (request.quiet === true) return compiled
  return request.inline === undefined
    ? `Compiled node '${name}' is:\n${compiled}`
    : `Compiled inline node is:\n${compiled}`
}

function titledJson(name: string, key: string, content: Value, { inline }: RunnerRequest): string {
  const title: [Value, Value][] = inline === undefined ? [['node', name]] : []
  return toJson(new PyDict([...title, [key, content]]), { indent: 2 })
}
