import { bind } from '../jinja/arguments.ts'
import { indexOf } from '../jinja/number.ts'
import { equal, items, order, truth } from '../jinja/operators.ts'
import { str, repr } from '../jinja/text.ts'
import type { CallArguments, Value } from '../jinja/value.ts'
import { HostFunction, PyDict, PyObject, PySet, PyTuple, PythonError, presentOr } from '../jinja/value.ts'

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
    const shown = this.#values.slice(0, 5).map((value) => repr(value))
    return `<agate.Row: (${[...shown, ...(this.#values.length > 5 ? ['...'] : [])].join(', ')})>`
  }
}

class TableColumn extends MappedSequence {
  readonly #name: string
  readonly #cells: readonly Value[]
  constructor(name: string, values: readonly Value[]) {
    super([], values)
    this.#name = name
    this.#cells = values
  }
  override attribute(name: string): Value | undefined {
    if (name === 'name') return this.#name
    const present = (): Value[] => this.#cells.filter((cell) => cell !== null)
    const methods: Readonly<Record<string, () => Value>> = {
      values_distinct: () => new PyTuple([...new PySet(this.#cells).iterate()]),
      values_without_nulls: () => new PyTuple(present()),
      values_sorted: () => [
        ...present().sort((left, right) => order(left, right)),
        ...this.#cells.filter((cell) => cell === null),
      ],
      values_without_nulls_sorted: () => present().sort((left, right) => order(left, right)),
    }
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined
    return method === undefined ? super.attribute(name) : new HostFunction(name, () => method())
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
    if (name === 'print_table') return new HostFunction('print_table', () => null)
    const method = Object.hasOwn(tableMethods, name) ? tableMethods[name] : undefined
    return method === undefined ? undefined : new HostFunction(name, (call) => method(this, call))
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

function picked(table: Table, names: readonly string[]): Table {
  const places = names.map((name) => {
    const place = table.columnNames.indexOf(name)
    if (place < 0) throw new PythonError('KeyError', repr(name))
    return place
  })
  return new Table(
    names,
    table.rows.map((row) => places.map((place) => row[place] ?? null)),
  )
}

const namesOf = (value: Value | undefined): string[] =>
  typeof value === 'string' ? [value] : items(value ?? null).map((one) => str(one))

/** What agate does to whole tables, as far as templates have a use for it. */
const tableMethods: Readonly<Record<string, (table: Table, call: CallArguments) => Value>> = {
  select: (table, call) => picked(table, namesOf(call.positional[0] ?? call.keyword.get('key'))),
  exclude: (table, call) => {
    const away = new Set(namesOf(call.positional[0] ?? call.keyword.get('key')))
    return picked(
      table,
      table.columnNames.filter((name) => !away.has(name)),
    )
  },
  limit: (table, call) => {
    const [first = 0, second] = call.positional.map((bound) => indexOf(bound))
    return new Table(
      table.columnNames,
      second === undefined ? table.rows.slice(0, first) : table.rows.slice(first, second),
    )
  },
  order_by: (table, call) => {
    const { key = null, reverse = false } = bind(call, ['key', 'reverse'], 'order_by')
    const places = namesOf(key).map((name) => table.columnNames.indexOf(name))
    const sign = truth(reverse) ? -1 : 1
    const cells = (row: readonly Value[]): Value[] => places.map((place) => row[place] ?? null)
    return new Table(
      table.columnNames,
      [...table.rows].sort((left, right) => sign * nullsLast(cells(left), cells(right))),
    )
  },
  distinct: (table, call) => {
    const { key = null } = bind(call, ['key'], 'distinct')
    const places =
      key === null ? [...table.columnNames.keys()] : namesOf(key).map((name) => table.columnNames.indexOf(name))
    const seen = new PySet()
    const kept = table.rows.filter((row) => {
      const cells = new PyTuple(places.map((place) => row[place] ?? null))
      const isNew = !seen.has(cells)
      seen.add(cells)
      return isNew
    })
    return new Table(table.columnNames, kept)
  },
  rename: (table, call) => {
    const { column_names: names = null } = bind(call, ['column_names', 'row_names', 'slug_columns'], 'rename')
    if (names instanceof PyDict)
      return new Table(
        table.columnNames.map((name) => str(names.get(name) ?? name)),
        table.rows,
      )
    return new Table(namesOf(names), table.rows)
  },
}

/** agate sorts nothing behind everything. */
function nullsLast(left: readonly Value[], right: readonly Value[]): number {
  for (const [index, one] of left.entries()) {
    const other = right[index] ?? null
    if (one === null || other === null) {
      if (one !== other) return one === null ? 1 : -1
    } else if (!equal(one, other)) return order(one, other)
  }
  return 0
}
