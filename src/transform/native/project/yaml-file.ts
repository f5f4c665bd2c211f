import { readFileSync } from 'node:fs'
import { LineCounter, isAlias, isMap, isNode, isScalar, isSeq, parseDocument, visit } from 'yaml'
import type { Document, Tags } from 'yaml'
import { MillraceError, isMillraceError } from '../../../domain/errors.ts'
import { PyDate, PyDateTime } from '../jinja/civil-time.ts'
import { fromHost } from '../jinja/json.ts'
import { str } from '../jinja/text.ts'
import type { Value } from '../jinja/value.ts'
import { PyDict, PyFloat, PythonError } from '../jinja/value.ts'

/** More nodes than a file has; aliases of aliases can make any number of them. */
const NODES_MAX = 5_000_000

export interface Position {
  readonly line: number
  readonly column: number
}

/** A YAML file of dbt's: read by YAML 1.1 as dbt's own parser does (`yes` is true), with the place of every key. */
export class YamlFile {
  readonly file: string
  readonly value: unknown
  readonly #document: Document
  readonly #lines: LineCounter
  #read = 0

  private constructor(file: string, document: Document, lines: LineCounter) {
    this.file = file
    this.#document = document
    this.#lines = lines
    this.value = withoutDates(document.toJS())
  }

  /** Throws TRANSFORM_YAML_SYNTAX with file, line and column. `file` is the name that messages show. */
  static parse(text: string, file: string): YamlFile {
    const lines = new LineCounter()
    const document = parseDocument(text, {
      version: '1.1',
      lineCounter: lines,
      merge: true,
      prettyErrors: false,
      // dbt takes the last of two equal keys.
      uniqueKeys: false,
      customTags: (tags) => tags.map(withoutLetters),
    })
    // A tag that nobody knows is a warning to the reader and an error to Python's.
    const [error] = [...document.errors, ...document.warnings.filter(({ code }) => code === 'TAG_RESOLVE_FAILED')]
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0])
      throw new MillraceError(
        'TRANSFORM_YAML_SYNTAX',
        { file, line, column: col, message: error.message },
        { cause: error },
      )
    }
    return new YamlFile(file, document, lines)
  }

  static read(path: string, file: string): YamlFile {
    return YamlFile.parse(readFileSync(path, 'utf8'), file)
  }

  /** Where the value of a path of keys and indexes begins; the top of the file when there is none. */
  position(path: readonly (string | number)[]): Position {
    const node = path.length === 0 ? this.#document.contents : this.#keyNode(path)
    const range = isNode(node) ? node.range : undefined
    if (range === null || range === undefined) return { line: 1, column: 1 }
    const { line, col } = this.#lines.linePos(range[0])
    return { line, column: col }
  }

  /** Where a text stands: the first scalar that holds it. */
  placeOf(text: string): Position | undefined {
    let found: Position | undefined
    visit(this.#document, {
      Scalar: (_key, node) => {
        if (node.value !== text || !node.range) return undefined
        const { line, col } = this.#lines.linePos(node.range[0])
        found = { line, column: col }
        return visit.BREAK
      },
    })
    return found
  }

  /** A value as Python reads it, which tells 1.0 from 1: what goes into SQL. */
  exactAt(path: readonly (string | number)[]): Value {
    return this.#exact(this.#document.getIn(path, true))
  }

  /** The whole document as Python's safe_load gives it: dates are dates. */
  get exact(): Value {
    return this.#exact(this.#document.contents, civil)
  }

  /** The same as plain mappings and lists, whose leaves are Python's values: 1.0 is a float, an id of 20 digits is exact. */
  leavesAt(path: readonly (string | number)[]): unknown {
    return leaves(path.length === 0 ? this.exact : this.#exact(this.#document.getIn(path, true), civil))
  }

  #exact(node: unknown, date: (moment: Date) => Value = dateText): Value {
    this.#read += 1
    if (this.#read > NODES_MAX) throw new PythonError('ValueError', 'the aliases of the document unfold without end')
    if (isAlias(node)) return this.#exact(node.resolve(this.#document), date)
    if (isMap(node))
      return new PyDict(
        node.items.map(({ key, value }): [Value, Value] => [this.#exact(key, date), this.#exact(value, date)]),
      )
    if (isSeq(node)) return node.items.map((item) => this.#exact(item, date))
    if (!isScalar(node)) return null
    const { value, source } = node
    if (value instanceof Date) return date(value)
    if (typeof value === 'number' && !Number.isSafeInteger(value) && /^[-+]?\d+$/.test(source ?? ''))
      return BigInt(source ?? 0)
    if (typeof value === 'number' && /[.eE]/.test(source ?? '') && !/^[-+]?0x/i.test(source ?? ''))
      return new PyFloat(value)
    return fromHost(value)
  }

  #keyNode(path: readonly (string | number)[]): unknown {
    const parent = path.length === 1 ? this.#document.contents : this.#document.getIn(path.slice(0, -1), true)
    const last = path.at(-1)
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isNode(item.key) && String(item.key) === String(last))
      if (pair !== undefined) return pair.key
    }
    return this.#document.getIn(path, true)
  }
}

/** dbt's own parser leaves the letters y and n alone, which YAML 1.1 would read as true and false. */
function withoutLetters(tag: Tags[number]): Tags[number] {
  // Python's reader takes 1e3 for text: a float has a point, and the sign of its exponent.
  if (
    typeof tag === 'object' &&
    tag.tag === 'tag:yaml.org,2002:float' &&
    tag.format === 'EXP' &&
    'test' in tag &&
    tag.test !== undefined
  )
    return { ...tag, test: /^[-+]?\d[\d_]*\.[\d_]*[eE][-+]\d+$/ }
  if (typeof tag !== 'object' || tag.tag !== 'tag:yaml.org,2002:bool' || !('test' in tag) || tag.test === undefined)
    return tag
  return {
    ...tag,
    test: tag.test.test('yes') ? /^(?:[Yy]es|YES|[Tt]rue|TRUE|[Oo]n|ON)$/ : /^(?:[Nn]o|NO|[Ff]alse|FALSE|[Oo]ff|OFF)$/,
  }
}

/** YAML 1.1 reads 2024-01-01 as a date; as text it is what SQL needs and what dbt's `var` prints. */
function withoutDates(value: unknown): unknown {
  if (value instanceof Date) return dateText(value)
  if (Array.isArray(value)) return value.map((item) => withoutDates(item))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutDates(item)]))
  }
  return value
}

function leaves(value: Value): unknown {
  if (Array.isArray(value)) return value.map(leaves)
  if (!(value instanceof PyDict)) return value
  return Object.fromEntries(value.entries().map(([key, item]) => [str(key), leaves(item)]))
}

/** Python's safe_load; ValueError for what is no YAML. */
export function parseYaml(text: string): Value {
  try {
    return YamlFile.parse(text, 'fromyaml').exact
  } catch (error) {
    if (isMillraceError(error, 'TRANSFORM_YAML_SYNTAX')) throw new PythonError('ValueError', error.message)
    throw error
  }
}

function civil(moment: Date): Value {
  const text = dateText(moment)
  return text.length === 10 ? PyDate.fromText(text) : PyDateTime.fromText(text)
}

function dateText(date: Date): string {
  const iso = date.toISOString()
  return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : iso.slice(0, 19).replace('T', ' ')
}
