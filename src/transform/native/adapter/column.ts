import { bind, hostFunction } from '../jinja/arguments.ts'
import { repr, str } from '../jinja/text.ts'
import type { CallArguments, Value } from '../jinja/value.ts'
import { HostFunction, PyObject } from '../jinja/value.ts'
import { quoteName } from './relation.ts'

export interface ColumnParts {
  readonly name: string
  readonly dtype: string
  readonly characterSize: number | null
  readonly numericPrecision: number | null
  readonly numericScale: number | null
}

const STRINGS = new Set(['text', 'character varying', 'character', 'varchar'])
const NUMERICS = new Set(['numeric', 'decimal'])
const INTEGERS = new Set([
  'smallint',
  'integer',
  'bigint',
  'smallserial',
  'serial',
  'bigserial',
  'int2',
  'int4',
  'int8',
  'serial2',
  'serial4',
  'serial8',
])
const FLOATS = new Set(['real', 'float4', 'float', 'double precision', 'float8', 'double'])

/** dbt's Column: name and type of one column of a relation. */
export class Column extends PyObject {
  readonly typeName = 'Column'
  readonly #parts: ColumnParts
  constructor(parts: ColumnParts) {
    super()
    this.#parts = parts
  }

  get #is(): Readonly<Record<'string' | 'numeric' | 'integer' | 'float', boolean>> {
    const type = this.#parts.dtype.toLowerCase()
    return {
      string: STRINGS.has(type),
      numeric: NUMERICS.has(type),
      integer: INTEGERS.has(type),
      float: FLOATS.has(type),
    }
  }

  /** Whether this column may be widened to hold the other's values: both are text, the other one longer. */
  canExpandTo(other: Value): boolean {
    return other instanceof Column && this.#is.string && other.#is.string && other.#stringSize() > this.#stringSize()
  }

  get name(): string {
    return this.#parts.name
  }

  /** The text type that holds this column's values. */
  get stringType(): string {
    return `character varying(${this.#stringSize()})`
  }

  #dataType(): string {
    const { dtype, numericPrecision, numericScale } = this.#parts
    if (this.#is.string) return dtype.toLowerCase() === 'text' ? 'text' : `character varying(${this.#stringSize()})`
    if (!this.#is.numeric || numericPrecision === null || numericScale === null) return dtype
    return `${dtype}(${numericPrecision},${numericScale})`
  }

  #stringSize(): number {
    return this.#parts.dtype === 'text' || this.#parts.characterSize === null ? 256 : this.#parts.characterSize
  }

  override attribute(name: string): Value | undefined {
    const { name: column, dtype, characterSize, numericPrecision, numericScale } = this.#parts
    const values: Readonly<Record<string, () => Value>> = {
      name: () => column,
      column: () => column,
      dtype: () => dtype,
      quoted: () => quoteName(column),
      data_type: () => this.#dataType(),
      char_size: () => characterSize,
      numeric_precision: () => numericPrecision,
      numeric_scale: () => numericScale,
    }
    if (Object.hasOwn(values, name)) return values[name]?.()
    const answers: Readonly<Record<string, () => Value>> = {
      is_string: () => this.#is.string,
      is_numeric: () => this.#is.numeric,
      is_integer: () => this.#is.integer,
      is_float: () => this.#is.float,
      is_number: () => this.#is.numeric || this.#is.integer || this.#is.float,
      string_size: () => this.#stringSize(),
    }
    if (name === 'can_expand_to')
      return hostFunction('can_expand_to', ['other_column'], ({ other_column: other = null }) =>
        this.canExpandTo(other),
      )
    if (name === 'literal')
      return new HostFunction(name, (call) => `${str(call.positional[0] ?? null)}::${this.#dataType()}`)
    return Object.hasOwn(answers, name) ? new HostFunction(name, () => answers[name]?.() ?? null) : undefined
  }

  override equals(other: Value): boolean {
    return other instanceof Column && other.text() === this.text()
  }

  override repr(): string {
    const { name, dtype, characterSize, numericPrecision, numericScale } = this.#parts
    const shown = (size: number | null): string => (size === null ? 'None' : String(size))
    return `PostgresColumn(column=${repr(name)}, dtype=${repr(dtype)}, char_size=${shown(characterSize)}, numeric_precision=${shown(numericPrecision)}, numeric_scale=${shown(numericScale)})`
  }

  override text(): string {
    return this.repr()
  }
}

/** `api.Column(column, dtype, …)`. */
export function createColumn(call: CallArguments): Column {
  const {
    column = '',
    dtype = '',
    char_size: size = null,
    numeric_precision: precision = null,
    numeric_scale: scale = null,
  } = bind(call, ['column', 'dtype', 'char_size', 'numeric_precision', 'numeric_scale'], 'Column')
  const number = (value: Value): number | null => (value === null ? null : Number(str(value)))
  return new Column({
    name: str(column),
    dtype: str(dtype),
    characterSize: number(size),
    numericPrecision: number(precision),
    numericScale: number(scale),
  })
}
