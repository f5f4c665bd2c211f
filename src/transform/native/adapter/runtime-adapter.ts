import { readFileSync } from 'node:fs'
import { MillraceError } from '../../../domain/errors.ts'
import { bind } from '../jinja/arguments.ts'
import { truth } from '../jinja/operators.ts'
import { repr, str } from '../jinja/text.ts'
import type { Value } from '../jinja/value.ts'
import { HostFunction, HostObject, PyDict, PyObject, PyTuple } from '../jinja/value.ts'
import { md5 } from '../context/base-names.ts'
import { columnsOf } from './columns.ts'
import { expandTypes, grantsOf, incrementalStrategies, missingColumns, strategyMacro } from './incremental-methods.ts'
import type { ColumnReader } from './incremental-methods.ts'
import { Table } from './table.ts'
import { relationArgument } from './adapter-method.ts'
import type { Method, RuntimeAdapterOptions } from './adapter-method.ts'
import { seedMethods } from './seed-methods.ts'
import { contractMethods } from './contract-methods.ts'
import { snapshotMethods } from './snapshot-methods.ts'
import { dispatchCall, isAdapterMethod, refuseMethod } from './parse-adapter.ts'
import type { AdapterMethod } from './parse-adapter.ts'
import { Relation, quoteName } from './relation.ts'
import type { RelationType } from './relation.ts'
import type { Answer } from './session.ts'

const DEPENDENTS = readFileSync(new URL('dependents_of_relation.sql', import.meta.url), 'utf8')

/** `adapter` while nodes run: dbt's methods over one connection and the cache of relations. */
export class RuntimeAdapter extends PyObject {
  readonly typeName = 'PostgresAdapter'
  readonly #options: RuntimeAdapterOptions
  constructor(options: RuntimeAdapterOptions) {
    super()
    this.#options = options
  }

  override attribute(name: string): Value | undefined {
    if (!isAdapterMethod(name)) return refuseMethod(name)
    return new HostFunction(name, (call) => methods[name](this.#options, call))
  }
}

async function found(options: RuntimeAdapterOptions, relation: Relation): Promise<Value> {
  const relations = await options.cache.relations(relation.schema ?? '')
  const type = relations.get(relation.identifier ?? '')
  return type === undefined ? null : relation.with({ type })
}

const getRelation: Method = (options, call) => {
  const {
    database = null,
    schema = '',
    identifier = '',
  } = bind(call, ['database', 'schema', 'identifier'], 'get_relation')
  return found(
    options,
    new Relation({
      database: database === null ? null : str(database),
      schema: str(schema),
      identifier: str(identifier),
    }),
  )
}

const listRelations: Method = async (options, call) => {
  const [first] = call.positional
  const schema =
    first instanceof Relation
      ? (first.schema ?? '')
      : str(bind(call, ['database', 'schema'], 'list_relations').schema ?? '')
  const relations = await options.cache.relations(schema)
  const database = first instanceof Relation ? first.database : first === undefined ? null : str(first)
  return [...relations].map(([identifier, type]) => new Relation({ database, schema, identifier, type }))
}

const dropRelation: Method = async (options, call) => {
  const given = relationArgument(call)
  const relation = given.type === null ? await found(options, given) : given
  if (!(relation instanceof Relation)) return ''
  // Views upon the relation go with it, in whatever schema: the cache must not go on believing in them.
  const dependents = await options.session.rows(DEPENDENTS, [relation.schema, relation.identifier])
  await options.macro('drop_relation').call({ positional: [relation], keyword: new Map() })
  await options.cache.dropped(relation.schema ?? '', relation.identifier ?? '')
  for (const [schema, identifier] of dependents) await options.cache.dropped(String(schema), String(identifier))
  return ''
}

const renameRelation: Method = async (options, call) => {
  const [from, to] = [relationArgument(call, 0), relationArgument(call, 1)]
  await options.macro('rename_relation').call({ positional: [from, to], keyword: new Map() })
  await options.cache.dropped(from.schema ?? '', from.identifier ?? '')
  await options.cache.added(to.schema ?? '', to.identifier ?? '', to.type ?? from.type ?? 'table')
  return ''
}

function readerOf(options: RuntimeAdapterOptions): ColumnReader {
  return {
    columns: (relation) =>
      columnsOf(options.session, relationArgument({ positional: [relation], keyword: new Map<string, Value>() })),
    macro: options.macro,
  }
}

const getColumns: Method = (options, call) => columnsOf(options.session, relationArgument(call))

class Response extends HostObject {
  readonly #answer: Answer
  constructor(answer: Answer) {
    super('AdapterResponse', [
      ['code', answer.code],
      ['rows_affected', answer.rowsAffected],
      ['_message', answer.message],
    ])
    this.#answer = answer
  }
  override text(): string {
    return this.#answer.message
  }
}

const execute: Method = async ({ session }, call) => {
  const { sql = '', auto_begin: begin = false } = bind(call, ['sql', 'auto_begin', 'fetch', 'limit'], 'execute')
  const answer = await session.execute(str(sql), truth(begin))
  return new PyTuple([new Response(answer), answer.table])
}

/** In dbt's words, which are those of its check of JSON. */
function indexRefused(why: string): MillraceError {
  return new MillraceError('TRANSFORM_RAISED', { message: `Could not parse index config: at path []: ${why}` })
}

function unexpected(unknown: readonly string[]): string {
  const names = unknown.map((name) => `'${name}'`).join(', ')
  return `Additional properties are not allowed (${names} ${unknown.length === 1 ? 'was' : 'were'} unexpected)`
}

/** An index of a model's configuration, with the name that dbt would give it: a hash that no earlier build had. */
const parseIndex: Method = (options, call) => {
  const raw = call.positional[0]
  if (!(raw instanceof PyDict)) throw indexRefused(`${repr(raw ?? null)} is not of type 'object'`)
  const unknown = raw
    .keys()
    .map((key) => str(key))
    .filter((key) => !['columns', 'unique', 'type'].includes(key))
  if (unknown.length > 0) throw indexRefused(unexpected(unknown))
  const [columns = [], unique = false, type = null] = [raw.get('columns'), raw.get('unique'), raw.get('type')]
  const render = new HostFunction('render', (rendering) =>
    md5([str(columns), str(rendering.positional[0] ?? ''), str(unique), str(type), options.unique()].join('_')),
  )
  return new HostObject('PostgresIndexConfig', [
    ['columns', columns],
    ['unique', truth(unique)],
    ['type', type],
    ['render', render],
  ])
}

const schemaExists: Method = async ({ session }, call) => {
  const schema = str(bind(call, ['database', 'schema'], 'check_schema_exists').schema ?? '')
  const rows = await session.rows('select 1 from pg_catalog.pg_namespace where nspname = $1', [schema])
  return rows.length > 0
}

const cacheAdded: Method = async ({ cache }, call) => {
  const relation = relationArgument(call)
  await cache.added(relation.schema ?? '', relation.identifier ?? '', relation.type ?? ('table' satisfies RelationType))
  return ''
}

const cacheDropped: Method = async ({ cache }, call) => {
  const relation = relationArgument(call)
  await cache.dropped(relation.schema ?? '', relation.identifier ?? '')
  return ''
}

const quoteMethod: Method = (_options, call) => quoteName(str(call.positional[0] ?? ''))

const methods: Readonly<Record<AdapterMethod, Method>> = {
  dispatch: (options, call) => dispatchCall(call, options.dispatch),
  quote: quoteMethod,
  quote_as_configured: quoteMethod,
  type: () => 'postgres',
  get_relation: getRelation,
  load_relation: (options, call) => found(options, relationArgument(call)),
  list_relations: listRelations,
  list_relations_without_caching: listRelations,
  check_schema_exists: schemaExists,
  create_schema: async (options, call) =>
    options.macro('create_schema').call({ positional: [relationArgument(call)], keyword: new Map() }),
  drop_relation: dropRelation,
  rename_relation: renameRelation,
  get_columns_in_relation: getColumns,
  execute,
  commit: async ({ session }) => {
    await session.commitAsked()
    return ''
  },
  cache_added: cacheAdded,
  cache_dropped: cacheDropped,
  verify_database: () => '',
  parse_index: parseIndex,
  already_exists: async (options, call) => {
    const [schema = '', name = ''] = call.positional
    const relations = await options.cache.relations(str(schema))
    return relations.has(str(name))
  },
  nice_connection_name: () => 'native',
  expand_target_column_types: (options, call) => expandTypes(readerOf(options), call),
  get_missing_columns: (options, call) => missingColumns(readerOf(options), call),
  valid_incremental_strategies: () => [...incrementalStrategies],
  get_incremental_strategy_macro: (options, call) => strategyMacro(call, options.lookup),
  standardize_grants_dict: (_options, call) => {
    const [table] = call.positional
    return table instanceof Table ? grantsOf(table) : new PyDict()
  },
  ...seedMethods,
  ...snapshotMethods,
  ...contractMethods,
  drop_schema: async (options, call) => {
    const relation = relationArgument(call)
    await options.macro('drop_schema').call({ positional: [relation], keyword: new Map() })
    options.cache.forget(relation.schema ?? '')
    return ''
  },
}
