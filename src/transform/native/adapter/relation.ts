import { bind } from '../jinja/arguments.ts'
import { str } from '../jinja/text.ts'
import type { CallArguments, Value } from '../jinja/value.ts'
import { HostFunction, PyDict, PyObject, presentOr } from '../jinja/value.ts'
import { truth } from '../jinja/operators.ts'

export type RelationType = 'table' | 'view' | 'materialized_view' | 'cte' | 'external'
type Part = 'database' | 'schema' | 'identifier'
const PARTS: readonly Part[] = ['database', 'schema', 'identifier']
const ALL: Readonly<Record<Part, boolean>> = { database: true, schema: true, identifier: true }

export interface RelationParts {
  readonly database: string | null
  readonly schema: string | null
  readonly identifier: string | null
  readonly type?: RelationType | null
  readonly quoted?: Readonly<Record<Part, boolean>>
  readonly included?: Readonly<Record<Part, boolean>>
  /** Rows that a reference reads at most; null or absent reads all. */
  readonly limit?: number | null
  /** The condition by which a reference reads the rows of one batch; null or absent reads all. */
  readonly within?: string | null
}

/** Quotes a name as Postgres does; the one place where this room puts a name into SQL. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** dbt's Relation: a table or view by name, printed quoted. A changed one is a new one. */
export class Relation extends PyObject {
  readonly typeName = 'PostgresRelation'
  override readonly isMapping = true
  readonly database: string | null
  readonly schema: string | null
  readonly identifier: string | null
  readonly type: RelationType | null
  readonly #quoted: Readonly<Record<Part, boolean>>
  readonly #included: Readonly<Record<Part, boolean>>
  readonly #limit: number | null
  readonly #within: string | null

  constructor(parts: RelationParts) {
    super()
    this.database = parts.database
    this.schema = parts.schema
    this.identifier = parts.identifier
    this.type = parts.type ?? null
    this.#quoted = parts.quoted ?? ALL
    this.#included = parts.included ?? ALL
    this.#limit = parts.limit ?? null
    this.#within = parts.within ?? null
  }

  with(changes: Partial<RelationParts>): Relation {
    const { database, schema, identifier, type } = this
    return new Relation({
      database,
      schema,
      identifier,
      type,
      quoted: this.#quoted,
      included: this.#included,
      limit: this.#limit,
      within: this.#within,
      ...changes,
    })
  }

  render(): string {
    if (this.type === 'cte') return this.identifier ?? ''
    return PARTS.filter((part) => this.#included[part] && this[part] !== null)
      .map((part) => (this.#quoted[part] ? quoteName(this[part] ?? '') : (this[part] ?? '')))
      .join('.')
  }

  override text(): string {
    const rendered = this.#limited()
    if (this.#within === null) return rendered
    return `(select * from ${rendered} where ${this.#within}) _dbt_et_filter_subq_${this.identifier ?? ''}`
  }

  #limited(): string {
    const rendered = this.render()
    if (this.#limit === null) return rendered
    const rows = this.#limit === 0 ? 'where false limit 0' : `limit ${this.#limit}`
    return `(select * from ${rendered} ${rows}) _dbt_limit_subq_${this.identifier ?? ''}`
  }

  override repr(): string {
    return `<PostgresRelation ${this.render()}>`
  }

  override truth(): boolean {
    return true
  }

  override equals(other: Value): boolean {
    return other instanceof Relation && other.render() === this.render() && other.type === this.type
  }

  override attribute(name: string): Value | undefined {
    if (Object.hasOwn(properties, name)) return properties[name]?.(this)
    if (!Object.hasOwn(methods, name)) return undefined
    return new HostFunction(name, (call) => methods[name]?.(this, call) ?? null)
  }

  override item(key: Value): Value | undefined {
    return typeof key === 'string' ? this.attribute(key) : undefined
  }

  choose(which: 'quoted' | 'included', call: CallArguments): Relation {
    const bound = bind(call, PARTS, which)
    const base = which === 'quoted' ? this.#quoted : this.#included
    const changed = Object.fromEntries(
      PARTS.map((part) => [part, bound[part] === undefined ? base[part] : truth(bound[part])]),
    ) as Record<Part, boolean>
    return this.with({ [which]: changed })
  }
}

const properties: Readonly<Record<string, (relation: Relation) => Value>> = {
  database: (relation) => relation.database,
  schema: (relation) => relation.schema,
  identifier: (relation) => relation.identifier,
  name: (relation) => relation.identifier,
  table: (relation) => relation.identifier,
  type: (relation) => relation.type,
  is_table: (relation) => relation.type === 'table',
  is_view: (relation) => relation.type === 'view',
  is_cte: (relation) => relation.type === 'cte',
  is_materialized_view: (relation) => relation.type === 'materialized_view',
  is_pointer: () => false,
  can_be_renamed: (relation) => relation.type === 'table' || relation.type === 'view',
  can_be_replaced: (relation) => relation.type === 'table' || relation.type === 'view',
  dbt_created: () => false,
  quote_character: () => '"',
  renameable_relations: () => ['table', 'view'],
  path: (relation) => relation,
  Table: () => 'table',
  View: () => 'view',
  CTE: () => 'cte',
  MaterializedView: () => 'materialized_view',
}

const methods: Readonly<Record<string, (relation: Relation, call: CallArguments) => Value>> = {
  render: (relation) => relation.render(),
  include: (relation, call) => relation.choose('included', call),
  quote: (relation, call) => relation.choose('quoted', call),
  without_identifier: (relation) => relation.with({ included: { database: true, schema: true, identifier: false } }),
  incorporate,
  replace_path: (relation, call) => relation.with(pathChanges([...call.keyword])),
  get: (relation, call) =>
    call.positional[0] === 'metadata'
      ? new PyDict([['type', 'PostgresRelation']])
      : presentOr(relation.attribute(str(call.positional[0] ?? null)), () => call.positional[1] ?? null),
  quoted: (_relation, call) => quoteName(str(call.positional[0] ?? null)),
  relation_max_name_length: () => 63,
  create: (_relation, call) => createRelation(call),
  information_schema: informationSchema,
  matches,
}

/** Whether the names given are those of the relation; Postgres folds no case once a name is quoted. */
function matches(relation: Relation, call: CallArguments): boolean {
  const given = bind(call, PARTS, 'matches')
  return PARTS.every((part) => given[part] === undefined || given[part] === null || given[part] === relation[part])
}

function informationSchema(relation: Relation, call: CallArguments): Relation {
  const view = call.positional[0] ?? call.keyword.get('view_name') ?? null
  return new Relation({
    database: relation.database,
    schema: 'INFORMATION_SCHEMA',
    identifier: view === null ? null : str(view),
    quoted: { database: true, schema: false, identifier: false },
  })
}

function pathChanges(entries: readonly (readonly [Value, Value])[]): Partial<RelationParts> {
  const known = entries.filter(([key]) => PARTS.some((part) => part === key))
  return Object.fromEntries(known.map(([key, value]) => [str(key), value === null ? null : str(value)]))
}

function incorporate(relation: Relation, call: CallArguments): Relation {
  const path = call.keyword.get('path')
  const type = call.keyword.get('type')
  const changes = path instanceof PyDict ? pathChanges(path.entries()) : {}
  return relation.with(
    type === undefined ? changes : { ...changes, type: type === null ? null : (str(type) as RelationType) },
  )
}

/** `api.Relation.create(database=, schema=, identifier=, type=)`. */
export function createRelation(call: CallArguments): Relation {
  const {
    database = null,
    schema = null,
    identifier = null,
    type = null,
  } = bind(call, ['database', 'schema', 'identifier', 'type', 'quote_policy', 'include_policy'], 'create')
  const text = (value: Value): string | null => (value === null ? null : str(value))
  return new Relation({
    database: text(database),
    schema: text(schema),
    identifier: text(identifier),
    type: type === null ? null : (str(type) as RelationType),
  })
}
