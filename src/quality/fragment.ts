import assert from 'node:assert/strict'
import type { SqlValue } from '../warehouse/warehouse.ts'

/** A name that will stand in SQL: always quoted, so that no name can end its own statement. */
export interface Identifier {
  readonly kind: 'identifier'
  readonly name: string
}

/**
 * A piece of SQL whose values travel as parameters and whose names travel quoted. The text between them comes from this
 * program's own template literals and from nowhere else: that is what makes a check's predicate safe to compile.
 */
export interface Fragment {
  readonly kind: 'fragment'
  readonly texts: readonly string[]
  readonly holes: readonly (Fragment | Identifier | Parameter)[]
}

interface Parameter {
  readonly kind: 'parameter'
  readonly value: SqlValue
}

export interface Statement {
  readonly text: string
  readonly values: readonly SqlValue[]
}

type Hole = Fragment | Identifier | SqlValue

/** Names a column or an alias. */
export function identifier(name: string): Identifier {
  return { kind: 'identifier', name }
}

/**
 * Postgres's quoting of a name: doubled quotes inside quotes. A NUL byte cannot be in a name at all, and a longer name than
 * 63 bytes would be cut by the server and could then be another column's.
 */
export function quoted(name: string): string {
  assert(name !== '' && !name.includes('\0'), 'an SQL name is neither empty nor holds a NUL byte')
  assert(Buffer.byteLength(name) <= 63, `the SQL name ${name.slice(0, 80)} is longer than 63 bytes`)
  return `"${name.replaceAll('"', '""')}"`
}

/** Template tag: fragments and identifiers are woven in, everything else becomes a parameter. */
export function sql(strings: TemplateStringsArray, ...holes: readonly Hole[]): Fragment {
  return { kind: 'fragment', texts: strings, holes: holes.map(asHole) }
}

/** Text that is SQL already: a table's quoted name as the warehouse hands it out. Never for anything a person typed. */
export function trusted(text: string): Fragment {
  return { kind: 'fragment', texts: [text], holes: [] }
}

/** The fragments with a separator between them; nothing for none. */
export function joined(fragments: readonly Fragment[], separator: ', ' | ' and ' | ' or '): Fragment {
  const texts = ['', ...fragments.slice(1).map((): string => separator), '']
  return fragments.length === 0 ? trusted('') : { kind: 'fragment', texts, holes: fragments }
}

/** The statement with `$1…$n` in the order of its values; the same fragment always renders to the same text. */
export function rendered(fragment: Fragment): Statement {
  const values: SqlValue[] = []
  const text = textOf(fragment, values)
  return { text, values }
}

function asHole(hole: Hole): Fragment | Identifier | Parameter {
  const woven = typeof hole === 'object' && hole !== null && 'kind' in hole
  return woven ? hole : { kind: 'parameter', value: hole }
}

function textOf(hole: Fragment | Identifier | Parameter, values: SqlValue[]): string {
  if (hole.kind === 'identifier') return quoted(hole.name)
  if (hole.kind === 'parameter') return `$${values.push(hole.value)}`
  return hole.texts.map((text, index) => text + holeText(hole.holes[index], values)).join('')
}

function holeText(hole: Fragment | Identifier | Parameter | undefined, values: SqlValue[]): string {
  return hole === undefined ? '' : textOf(hole, values)
}
