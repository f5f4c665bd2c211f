import pg from 'pg'
import { Database } from '../adapter/database.ts'
import { fromHost } from '../jinja/json.ts'
import type { Value } from '../jinja/value.ts'
import { callMacro } from '../jinja/template.ts'
import { MillraceError } from '../../../domain/errors.ts'
import type { RunnerRequest, RunnerResult } from '../../runner.ts'
import type { MacroEntry, Node } from '../parse/nodes.ts'
import { writeManifest, writeRunResults, writerOf } from './artifacts.ts'
import { databaseErrorLines } from './database-error.ts'
import { resultOf } from './execute.ts'
import { freeContext } from './free-context.ts'
import type { Timing } from './node-session.ts'
import type { Machine, Prepared } from './prepare.ts'
import { queryComment } from './query-comment.ts'
import { errorText } from './run-node.ts'
import type { Outcome } from './run-node.ts'
import { bareNode } from './runnable.ts'

/**
 * `run-operation`: calls a macro of the project, or `package.macro`, with arguments by name. What the macro did not commit is taken back; a
 * macro that fails makes the exit code 1. Throws TRANSFORM_MACRO_MISSING.
 */
export async function operate(prepared: Prepared, request: RunnerRequest, machine: Machine): Promise<RunnerResult> {
  const { macro = '', args = {} } = request.operation ?? {}
  const [packageName, name] = macro.includes('.') ? macro.split('.', 2) : [undefined, macro]
  const entry = prepared.macros.find(name ?? '', packageName)
  if (entry === undefined) throw new MillraceError('TRANSFORM_MACRO_MISSING', { macro })
  const startedAtMs = machine.clock.nowMs()
  const failure = await call(prepared, entry, args, packageName)
  const completedAtMs = machine.clock.nowMs()
  if (failure !== null) {
    const text = `Encountered an error while running operation: ${failure}`
    prepared.journal.say('error', ['RunningOperationCaughtError', 'Q001'], text, { exc: failure })
  }
  const timing = (['compile', 'execute'] as const).map((step): Timing => ({ name: step, startedAtMs, completedAtMs }))
  const outcome = outcomeOf(entry, failure, timing)
  const writes = request.writeJson !== false
  const files = writerOf(prepared, machine)
  return {
    exitCode: failure === null ? 0 : 1,
    nodes: [resultOf(outcome)],
    manifestPath: writes ? writeManifest(files, prepared.manifest, []) : null,
    runResultsPath: writes ? writeRunResults(files, request, [outcome], (completedAtMs - startedAtMs) / 1000) : null,
  }
}

function outcomeOf(entry: MacroEntry, failure: string | null, timing: readonly Timing[]): Outcome {
  const node: Node = { ...bareNode(entry), resourceType: 'operation' }
  return {
    node,
    status: failure === null ? 'success' : 'error',
    message: null,
    failures: failure === null ? 0 : 1,
    timing,
    executionSeconds: ((timing.at(-1)?.completedAtMs ?? 0) - (timing[0]?.startedAtMs ?? 0)) / 1000,
    compiledCode: null,
    executedSql: null,
    response: {},
    thread: 'MainThread',
  }
}

/** What went wrong, or null. */
async function call(
  prepared: Prepared,
  entry: MacroEntry,
  args: Readonly<Record<string, unknown>>,
  packageName: string | undefined,
): Promise<string | null> {
  const database = new Database(prepared.invocation.target, 1, prepared.journal.statements())
  try {
    const name = `macro_${entry.name}`
    const session = await database.connect(name, await queryComment(prepared, name, null))
    try {
      const { context } = freeContext(prepared, database, session, packageName)
      const keyword = new Map(Object.entries(args).map(([key, value]): [string, Value] => [key, fromHost(value)]))
      await callMacro(context.bind(entry), [], keyword)
      return null
    } finally {
      await session.close()
    }
  } catch (error) {
    if (error instanceof pg.DatabaseError) return ['Database Error', ...databaseErrorLines(error)].join('\n  ')
    return errorText(error, `macro ${entry.name} (${entry.path})`)
  } finally {
    await database.close()
  }
}
