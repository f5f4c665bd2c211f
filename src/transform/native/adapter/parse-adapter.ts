import { bind } from '../jinja/arguments.ts'
import { str } from '../jinja/text.ts'
import type { CallArguments, Value } from '../jinja/value.ts'
import { HostFunction, PyObject, PyTuple } from '../jinja/value.ts'
import { MillraceError } from '../../../domain/errors.ts'
import { unsupportedFeature } from '../features.ts'
import { quoteName } from './relation.ts'
import { Table } from './table.ts'

export type Dispatch = (name: string, namespace: string | null) => Value

/** `adapter.dispatch(name, namespace)` for both adapters of a template. */
export function dispatchCall(call: CallArguments, dispatch: Dispatch): Value {
  const { macro_name: name = '', macro_namespace: namespace = null } = bind(
    call,
    ['macro_name', 'macro_namespace'],
    'dispatch',
  )
  return dispatch(str(name), namespace === null ? null : str(namespace))
}

/** Names that the native adapter answers; whatever else a template asks of it is refused. */
export const adapterMethods = [
  'dispatch',
  'quote',
  'quote_as_configured',
  'type',
  'get_relation',
  'load_relation',
  'list_relations',
  'list_relations_without_caching',
  'check_schema_exists',
  'create_schema',
  'drop_relation',
  'rename_relation',
  'get_columns_in_relation',
  'execute',
  'commit',
  'cache_added',
  'cache_dropped',
  'verify_database',
  'parse_index',
  'already_exists',
  'nice_connection_name',
  'expand_target_column_types',
  'get_missing_columns',
  'valid_incremental_strategies',
  'get_incremental_strategy_macro',
  'standardize_grants_dict',
  'convert_type',
  'quote_seed_column',
  'truncate_relation',
  'copy_seed_rows',
  'get_hard_deletes_behavior',
  'assert_valid_snapshot_target_given_strategy',
  'get_column_schema_from_query',
  'render_raw_columns_constraints',
  'render_raw_model_constraints',
  'drop_schema',
] as const
const LISTS: ReadonlySet<string> = new Set([
  'get_columns_in_relation',
  'get_missing_columns',
  'get_column_schema_from_query',
  'render_raw_columns_constraints',
  'render_raw_model_constraints',
])
export type AdapterMethod = (typeof adapterMethods)[number]

export function isAdapterMethod(name: string): name is AdapterMethod {
  return adapterMethods.some((method) => method === name)
}

/** Throws the coded error for an adapter method that templates may not call here. */
export function refuseMethod(name: string): never {
  throw new MillraceError('TRANSFORM_FEATURE_UNSUPPORTED', {
    feature: unsupportedFeature('adapter method', name) ?? `adapter.${name}`,
    construct: `adapter method ${name}`,
  })
}

/** The adapter while a project is parsed: it answers as if the database were empty. */
export class ParseAdapter extends PyObject {
  readonly typeName = 'ParseAdapter'
  readonly #dispatch: Dispatch
  constructor(dispatch: Dispatch) {
    super()
    this.#dispatch = dispatch
  }

  override attribute(name: string): Value | undefined {
    if (!isAdapterMethod(name)) return refuseMethod(name)
    return new HostFunction(name, (call) => this.#answer(name, call))
  }

  #answer(name: AdapterMethod, call: CallArguments): Value {
    if (name === 'dispatch') return dispatchCall(call, this.#dispatch)
    if (name === 'quote' || name === 'quote_as_configured') return quoteName(str(call.positional[0] ?? ''))
    if (name === 'type') return 'postgres'
    if (name === 'execute') return new PyTuple(['', new Table([], [])])
    if (name.startsWith('list_') || LISTS.has(name)) return []
    if (name === 'check_schema_exists' || name === 'already_exists') return false
    return name === 'get_relation' || name === 'load_relation' || name === 'parse_index' ? null : ''
  }
}
