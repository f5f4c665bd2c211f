import { readFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { parse as parseCsv } from 'csv-parse/sync'
import { PyDict } from '../jinja/value.ts'
import type { Value } from '../jinja/value.ts'
import { str } from '../jinja/text.ts'
import { namedIn } from './described.ts'
import { filesOf } from './files.ts'
import type { Node, UnitFixture } from './nodes.ts'
import type { NodeMaker } from './node-maker.ts'

export interface FixtureOptions {
  readonly maker: Pick<NodeMaker, 'project'>
  readonly nodes: readonly Node[]
  /** The unit test and the schema file that hold the fixture. */
  readonly name: string
  readonly file: string
  readonly fail: (message: string) => never
}

const formats = ['dict', 'csv', 'sql'] as const

/** The rows of one input or of what is expected: from the schema file, a fixture file, or the seed that the input is. */
export function unitFixture(raw: PyDict, kind: 'input' | 'expected', options: FixtureOptions): UnitFixture {
  const word = str(raw.get('format') ?? 'dict').toLowerCase()
  const format =
    formats.find((known) => known === word) ?? options.fail(`Unit test ${options.name} has the unknown format ${word}`)
  const given = raw.get('rows') ?? null
  const named = raw.get('fixture') ?? null
  const fixture = named === null ? null : str(named)
  const input = str(raw.get('input') ?? '')
  const rows = rowsOf({ format, given, fixture, input }, kind, options)
  return { input, format, rows: Array.isArray(rows) ? wholeRowFirst(rows) : rows, fixture }
}

interface Given {
  readonly format: (typeof formats)[number]
  readonly given: Value
  readonly fixture: string | null
  readonly input: string
}

function rowsOf({ format, given, fixture, input }: Given, kind: string, options: FixtureOptions): Value {
  const mismatch = (expected: string): never =>
    options.fail(
      `Unit test ${options.name} has ${kind} rows${expected === '' ? '' : ' or fixtures'} which do not match format ${format}${expected}`,
    )
  if (format === 'dict') {
    const rows = given === null && fixture === null ? seedRows(input, options) : given
    return Array.isArray(rows) ? rows : mismatch('')
  }
  if (typeof given !== 'string' && fixture === null) return mismatch('.  Expected string.')
  const text = fixture === null ? str(given) : fixtureText(fixture, options)
  return format === 'sql' ? text : csvRows(text, null)
}

/** A row without nulls comes first, where databases read the types of columns from it. */
function wholeRowFirst(rows: readonly Value[]): Value[] {
  const at = rows.findIndex((row) => row instanceof PyDict && row.values().every((value) => value !== null))
  const [first] = rows
  const whole = rows[at]
  if (first === undefined || whole === undefined) return [...rows]
  return rows.map((row, index) => (index === 0 ? whole : index === at ? first : row))
}

/** Rows of CSV: every value is text, an empty one is what `empty` says. */
function csvRows(text: string, empty: Value): Value[] {
  const records = parseCsv(text, { columns: false, relax_column_count: true, skip_empty_lines: true })
  const [header = [], ...lines] = records
  return lines.map(
    (line) =>
      new PyDict(
        header.map((name, index): [Value, Value] => [
          name,
          line[index] === undefined ? null : line[index] === '' ? empty : line[index],
        ]),
      ),
  )
}

function fixtureText(name: string, { maker, file, fail }: FixtureOptions): string {
  const { project } = maker
  const folders = project.testPaths.map((path) => join(path, 'fixtures'))
  const found = filesOf(project, folders, ['.csv', '.sql']).find(({ path }) => basename(path, extname(path)) === name)
  if (found === undefined) return fail(`File not found for fixture '${name}' in unit tests in ${file}`)
  return found.file.endsWith('.sql') ? found.text.trim() : found.text
}

function seedRows(input: string, { maker, nodes, fail }: FixtureOptions): Value {
  const { ref } = namedIn(input)
  const { project } = maker
  const packageName = ref?.package ?? project.name
  const seed = nodes.find(
    (node) => node.resourceType === 'seed' && node.name === ref?.name && node.packageName === packageName,
  )
  if (seed === undefined)
    return fail(
      `Unable to find seed '${packageName}.${ref?.name ?? input}' for unit tests in directories: ${project.seedPaths.join(', ')}`,
    )
  return csvRows(readFileSync(join(seed.rootFolder, seed.originalFilePath), 'utf8'), '')
}
