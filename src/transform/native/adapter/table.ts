import { str, repr } from '../jinja/text.ts'
import type { Value } from '../jinja/value.ts'
import { HostFunction, PyDict, PyObject, PyTuple, presentOr } from '../jinja/value.ts'

/** A list of named things, reached by number or name, as agate's mapped sequences are. */
class MappedSequence extends PyObject {
  readonly typeName = 'MappedSequence'
  readonly #names: readonly string[]
  readonly #values: readonly Value[]
  constructor(names: readonly string[], values: readonly Value[]) {
    super()
    this.#names = names
    this.#values = values
  }
  override item(key: Value): Value | undefined {
    if (typeof key === 'number') return this.#values.at(key)
    const index = typeof key === 'string' ? this.#names.indexOf(key) : -1
    return index < 0 ? undefined : this.#values[index]
  }
  override iterate(): Iterable<Value> {
    return this.#values
  }
  override size(): number {
    return this.#values.length
  }
  override attribute(name: string): Value | undefined {
    const methods: Readonly<Record<string, () => Value>> = {
      keys: () => new PyTuple(this.#names),
      values: () => new PyTuple(this.#values),
      items: () => this.#names.map((key, index) => new PyTuple([key, this.#values[index] ?? null])),
      dict: () => new PyDict(this.#names.map((key, index): [Value, Value] => [key, this.#values[index] ?? null])),
    }
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined
    if (method !== undefined) return new HostFunction(name, () => method())
    if (name === 'get')
      return new HostFunction('get', (call) =>
        presentOr(this.item(call.positional[0] ?? null), () => call.positional[1] ?? null),
      )
    return this.item(name)
  }
  override text(): string {
    return `<agate.Row: (${this.#values.map((value) => repr(value)).join(', ')})>`
  }
}

class TableColumn extends MappedSequence {
  readonly #name: string
  constructor(name: string, values: readonly Value[]) {
    super([], values)
    this.#name = name
  }
  override attribute(name: string): Value | undefined {
    return name === 'name' ? this.#name : super.attribute(name)
  }
}

/** The answer of a query as templates see it: dbt hands out agate tables, and this is the part of them that SQL projects use. */
export class Table extends PyObject {
  readonly typeName = 'Table'
  readonly columnNames: readonly string[]
  readonly rows: readonly (readonly Value[])[]
  constructor(columnNames: readonly string[], rows: readonly (readonly Value[])[]) {
    super()
    this.columnNames = columnNames
    this.rows = rows
  }
  override truth(): boolean {
    return true
  }
  override size(): number {
    return this.rows.length
  }
  override iterate(): Iterable<Value> {
    return this.#rowObjects()
  }
  override item(key: Value): Value | undefined {
    return typeof key === 'number' ? this.#rowObjects().at(key) : undefined
  }
  #rowObjects(): Value[] {
    return this.rows.map((row) => new MappedSequence(this.columnNames, row))
  }
  override attribute(name: string): Value | undefined {
    if (name === 'rows') return new MappedSequence([], this.#rowObjects())
    if (name === 'column_names') return new PyTuple(this.columnNames)
    if (name === 'columns')
      return new MappedSequence(
        this.columnNames,
        this.columnNames.map((column, index) => this.#column(column, index)),
      )
    return name === 'print_table' ? new HostFunction('print_table', () => null) : undefined
  }
  #column(column: string, index: number): Value {
    return new TableColumn(
      column,
      this.rows.map((row) => row[index] ?? null),
    )
  }
  override text(): string {
    return `<agate.Table: ${this.columnNames.map((column) => str(column)).join(', ')}>`
  }
}
