import pg from 'pg'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { MillraceError } from '../../../domain/errors.ts'
import { Relation } from '../adapter/relation.ts'
import { Table } from '../adapter/table.ts'
import type { Session } from '../adapter/session.ts'
import { baseNames } from '../context/base-names.ts'
import { toHost } from '../jinja/json.ts'
import { Template, callMacro } from '../jinja/template.ts'
import { str } from '../jinja/text.ts'
import type { CallArguments, Value } from '../jinja/value.ts'
import { HostFunction } from '../jinja/value.ts'
import { referenceOf, sourceOf } from '../parse/captured.ts'
import { namedIn } from '../parse/described.ts'
import type { DescribedEntry, Node, Source, UnitFixture, UnitTest } from '../parse/nodes.ts'
import { refersTo } from '../parse/references.ts'
import { cteRelation, cteText, invocationOf, withExpressions } from './compile-node.ts'
import type { StandIns } from './compile-node.ts'
import { materialize, nodeRun, timed, withSession } from './node-session.ts'
import type { NodeRunner, Running } from './node-session.ts'
import { errorText, failureText, finished, responseOf, writtenTo } from './run-node.ts'
import type { Outcome, Verdict } from './run-node.ts'
import { artifactPath } from './manifest-file.ts'
import { unitNode } from './runnable.ts'
import { tableDifference } from './table-difference.ts'

/** What an input stands for, with the name that its rows have in the statement. */
interface Input {
  readonly fixture: UnitFixture
  readonly original: Node | Source
  readonly name: string
}

/** Runs a unit test: the tested model's SQL over given rows, held against the rows that are expected. `node` is the test as a runnable one. */
export async function runUnitTest(runner: NodeRunner, node: Node, onlyCompile: boolean): Promise<Outcome> {
  const startedAtMs = runner.clock.nowMs()
  const running: Running = { compiledCode: null, executedSql: null, timing: [] }
  const entry = runner.project.manifest.described.get(node.uniqueId)
  const tested = runner.project.manifest.nodes.get(node.dependsOnNodes[0] ?? '')
  if (entry?.unit === undefined || tested === undefined) throw new Error(`${node.uniqueId} is a unit test of a model`)
  const test = new UnitTestRun(runner, { entry, unit: entry.unit, tested }, running)
  try {
    const verdict = await withSession(runner, node, (session) => test.run(session, onlyCompile))
    return {
      ...finished(runner, node, running, startedAtMs, verdict),
      compiled: true,
      written: test.node,
      beside: test.files,
    }
  } catch (error) {
    runner.database.cache.forget(tested.schema)
    const message =
      error instanceof FixtureFailure ? error.message : failureText(error, node, writtenTo(runner, test.node, running))
    const failed = finished(runner, node, running, startedAtMs, {
      status: 'error',
      message,
      failures: null,
      response: {},
    })
    return { ...failed, compiledCode: null, compiled: null, written: test.node, beside: test.files }
  }
}

/** A failure that is told as the fixture's own. */
class FixtureFailure extends Error {}

interface Tested {
  readonly entry: DescribedEntry
  readonly unit: UnitTest
  readonly tested: Node
}

class UnitTestRun {
  readonly node: Node
  readonly #runner: NodeRunner
  readonly #test: Tested
  readonly #running: Running
  /** What was compiled, as it is kept below target/compiled. */
  readonly files = new Map<string, string>()
  /** The inputs that the model turned out to read, in that order. */
  readonly #read = new Map<string, Input>()

  constructor(runner: NodeRunner, test: Tested, running: Running) {
    this.#runner = runner
    this.#test = test
    this.#running = running
    const { format, rows } = test.unit.expect
    const expected =
      format === 'sql' ? { expected_rows: [], expected_sql: rows } : { expected_rows: rows, expected_sql: null }
    this.node = unitNode(test.entry, test.tested, expected)
  }

  async run(session: Session, onlyCompile: boolean): Promise<Verdict> {
    const { entry } = this.#test
    const sql = await timed(this.#runner, this.#running, 'compile', () => this.#compiled(session))
    this.#running.compiledCode = sql
    this.files.set(artifactPath(this.node), sql)
    if (onlyCompile) return { status: 'success', message: null, failures: null, response: {} }
    const { run, results } = nodeRun(this.#runner, this.node, session, this.#running, [])
    try {
      await timed(this.#runner, this.#running, 'execute', () =>
        materialize(this.#runner.project, this.node, run.context, sql),
      )
    } catch (error) {
      throw new FixtureFailure(executionText(error, entry))
    }
    const main = results.get('main')
    const difference =
      main === undefined ? null : tableDifference(rowsOf(main.table, 'expected'), rowsOf(main.table, 'actual'))
    const isSame = difference === null
    return {
      status: isSame ? 'pass' : 'fail',
      message: isSame ? null : differenceText(difference, this.#runner.project.invocation.useColors),
      failures: isSame ? 0 : 1,
      response: responseOf(main),
    }
  }

  async #compiled(session: Session): Promise<string> {
    const inputs = this.#inputs()
    const self = inputs.find(({ fixture }) => fixture.input.trim() === 'this')
    // What is given for the model itself stands first in the statement, whether the model reads it or not.
    if (self !== undefined) this.#taken(self)
    const { run } = nodeRun(this.#runner, this.node, session, this.#running, [], this.#standIns(inputs, self))
    const sql = await this.#test.tested.template.render(run.context)
    const expressions: string[] = []
    for (const input of this.#read.values()) {
      const text = await this.#fixtureSql(session, input)
      this.files.set(join(input.original.packageName, this.node.originalFilePath, `${input.original.name}.sql`), text)
      expressions.push(cteText(input.name, text))
    }
    return withExpressions(sql, expressions)
  }

  #inputs(): readonly Input[] {
    const { entry, unit, tested } = this.#test
    const { nodes, sources } = this.#runner.project.manifest
    return unit.given.map((fixture): Input => {
      if (fixture.input.trim() === 'this') return { fixture, original: tested, name: tested.alias }
      const { ref, source } = namedIn(fixture.input)
      const node = ref === undefined ? undefined : [...nodes.values()].find((one) => refersTo(ref, one))
      if (node !== undefined) return { fixture, original: node, name: node.alias }
      const table = [...sources.values()].find((one) => one.sourceName === source?.[0] && one.name === source[1])
      if (table !== undefined) return { fixture, original: table, name: `${table.sourceName}__${table.name}` }
      throw new MillraceError('TRANSFORM_RAISED', {
        message: `Unit test '${entry.name}' had an input (${fixture.input}) which was not found in the manifest.`,
      })
    })
  }

  #standIns(inputs: readonly Input[], self: Input | undefined): StandIns {
    const { overrides } = this.#test.unit
    const invocation = invocationOf(this.#runner.project, this.node.packageName)
    const said = baseNames({
      ...invocation,
      vars: { ...invocation.vars, ...(overrides === null ? {} : (toHost(overrides.vars) as object)) },
      env: { ...invocation.env, ...(overrides === null ? {} : (toHost(overrides.envVars) as Record<string, string>)) },
    })
    return {
      overrides: new Map(overrides?.macros.entries().map(([name, value]): [string, Value] => [str(name), value])),
      names: [
        ...['var', 'env_var'].map((name): [string, Value] => [name, said.get(name) ?? null]),
        ['ref', new HostFunction('ref', (call) => this.#ref(call, inputs))],
        ['source', new HostFunction('source', (call) => this.#source(call, inputs))],
        ['this', self === undefined ? null : cteRelation(self.name)],
      ],
    }
  }

  #taken(input: Input): Relation {
    this.#read.set(input.name, input)
    return cteRelation(input.name)
  }

  #ref(call: CallArguments, inputs: readonly Input[]): Value {
    const reference = referenceOf(call)
    const found = inputs.find(({ original }) => original.resourceType !== 'source' && refersTo(reference, original))
    return this.#taken(found ?? this.#missing('node', reference.name))
  }

  #source(call: CallArguments, inputs: readonly Input[]): Value {
    const [source, table] = sourceOf(call)
    const found = inputs.find(
      ({ original }) => original.resourceType === 'source' && original.sourceName === source && original.name === table,
    )
    return this.#taken(found ?? this.#missing('source', `${source}.${table}`))
  }

  #missing(kind: string, name: string): never {
    const { uniqueId, originalFilePath } = this.#test.entry
    throw new MillraceError('TRANSFORM_RAISED', {
      message: `Unit_Test '${uniqueId}' (${originalFilePath}) depends on a ${kind} named '${name}' which was not found`,
    })
  }

  /** The query of an input's rows, in the context of a model that is named like what it stands for. */
  async #fixtureSql(session: Session, { fixture, original }: Input): Promise<string> {
    const { entry } = this.#test
    const alias = original.resourceType === 'source' ? original.identifier : original.alias
    const node: Node = {
      ...unitNode(entry, this.#test.tested, { materialized: 'ephemeral' }),
      resourceType: 'model',
      name: original.name,
      alias,
      database: original.database,
      schema: original.schema,
      packageName: original.packageName,
    }
    const { run } = nodeRun(this.#runner, node, session, this.#running, [])
    const relation = new Relation({ database: original.database, schema: original.schema, identifier: alias })
    run.context.set('this', relation)
    try {
      if (fixture.format === 'sql')
        return await Template.parse(str(fixture.rows), entry.originalFilePath).render(run.context)
      const entryOfMacro = this.#runner.project.macros.find('get_fixture_sql')
      if (entryOfMacro === undefined) throw new MillraceError('TRANSFORM_MACRO_MISSING', { macro: 'get_fixture_sql' })
      return str(await callMacro(run.context.bind(entryOfMacro), [fixture.rows, null]))
    } catch (error) {
      throw new FixtureFailure(errorText(error, `model ${original.name} (${entry.originalFilePath})`))
    }
  }
}

/** dbt keeps the colours of the terminal in its artifacts unless it is told not to use any. */
function differenceText(difference: string, useColors: boolean): string {
  const text = `\n\n\u001B[32mactual\u001B[0m differs from \u001B[31mexpected\u001B[0m:\n\n${difference}\n`
  return useColors ? text : stripVTControlCharacters(text)
}

function executionText(error: unknown, { name, originalFilePath }: DescribedEntry): string {
  // dbt names the test again with what a template says, not with what the database says.
  const where = error instanceof pg.DatabaseError ? null : `unit_test ${name} (${originalFilePath})`
  const inner = errorText(error, where).split('\n')
  return [
    `Runtime Error in unit_test ${name} (${originalFilePath})`,
    `  An error occurred during execution of unit test '${name}'. There may be an error in the unit test definition: check the data types.`,
    `   ${inner[0] ?? ''}`,
    ...inner.slice(1).map((line) => `  ${line}`),
  ].join('\n')
}

const MARK = 'actual_or_expected'

/** The rows of one side, without the column that tells the sides apart. */
function rowsOf({ columnNames, rows }: Table, side: 'actual' | 'expected'): Table {
  const names = columnNames.map((name) => name.toLowerCase())
  const at = names.indexOf(MARK)
  const without = <Item>(list: readonly Item[]): Item[] => list.filter((_one, index) => index !== at)
  return new Table(
    without(names),
    rows.filter((row) => row[at] === side).map((row) => without(row)),
  )
}
