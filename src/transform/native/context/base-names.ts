import { createHash } from 'node:crypto'
import { MillraceError } from '../../../domain/errors.ts'
import { bind, hostFunction } from '../jinja/arguments.ts'
import { PyDateTime } from '../jinja/civil-time.ts'
import { datetimeModule, pytzModule } from '../jinja/datetime-module.ts'
import { ReturnSignal } from '../jinja/failure.ts'
import { itertoolsModule } from '../jinja/itertools-module.ts'
import { fromHost } from '../jinja/json.ts'
import { items, truth } from '../jinja/operators.ts'
import { regexModule } from '../jinja/regex-module.ts'
import { repr, str } from '../jinja/text.ts'
import { UTC } from '../jinja/time-zone.ts'
import type { CallArguments, Value } from '../jinja/value.ts'
import { HostFunction, HostObject, PyDict, PythonError, presentOr } from '../jinja/value.ts'
import { createColumn } from '../adapter/column.ts'
import { createRelation } from '../adapter/relation.ts'
import { envVar, varFunction } from '../project/configuration-context.ts'
import type { Environment } from '../project/configuration-context.ts'
import type { Target } from '../project/profile.ts'
import type { Mapping } from '../project/shape.ts'
import { contractFailed } from './contract-error.ts'
import { valueNames } from './value-names.ts'

export interface Invocation {
  readonly invocationId: string
  /** The root project's; a template's own package is `packageName`. */
  readonly projectName: string
  readonly packageName: string
  readonly command: string
  readonly fullRefresh: boolean
  readonly storeFailures: boolean
  /** Whether references read no rows. */
  readonly empty: boolean
  readonly useColors: boolean
  readonly target: Target
  /** What the templates of the package see. */
  readonly vars: Mapping
  /** Those of the command line alone. */
  readonly givenVars: Mapping
  readonly env: Environment
  /** When the invocation began; `run_started_at` and every `now()` of its templates. */
  readonly startedAtMs: number
  readonly log: (message: string, info: boolean) => void
  /** What `print` and `exceptions.warn` say. */
  readonly print: (message: string) => void
  readonly warn: (message: string) => void
}

/** The release of dbt whose behaviour this runner keeps to; templates ask for it. */
export const DBT_VERSION = '1.11.16'

/** The names of dbt's context that are the same for every node. */
export function baseNames(invocation: Invocation): Map<string, Value> {
  return new Map<string, Value>([
    ['return', new HostFunction('return', returnValue)],
    ['var', withHasVar(invocation.vars)],
    ['env_var', envVar(invocation.env)],
    ['log', logFunction(invocation)],
    ['print', hostFunction('print', ['msg'], ({ msg = '' }) => silent(() => invocation.print(str(msg))))],
    ['debug', new HostFunction('debug', () => '')],
    ...valueNames,
    ['local_md5', hostFunction('local_md5', ['value'], ({ value = '' }) => md5(str(value)))],
    ['diff_of_two_dicts', hostFunction('diff_of_two_dicts', ['dict_a', 'dict_b'], differenceOfDicts)],
    ['exceptions', exceptions(invocation)],
    ['api', api()],
    ['target', targetObject(invocation.target)],
    ['flags', flags(invocation)],
    ['run_started_at', PyDateTime.at(invocation.startedAtMs * 1000, UTC)],
    ['modules', modules(() => invocation.startedAtMs)],
    ['project_name', invocation.projectName],
    ['invocation_id', invocation.invocationId],
    ['dbt_version', DBT_VERSION],
    ['thread_id', 'Thread-1'],
  ])
}

/** The Python modules that dbt lets templates use. */
export function modules(nowMs: () => number): HostObject {
  return new HostObject('modules', [
    ['datetime', datetimeModule(nowMs)],
    ['pytz', pytzModule],
    ['re', regexModule],
    ['itertools', itertoolsModule],
  ])
}

export function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

function returnValue(call: CallArguments): never {
  throw new ReturnSignal(call.positional[0] ?? call.keyword.get('data') ?? null)
}

function withHasVar(vars: Mapping): Value {
  return new VarFunction(vars)
}

class VarFunction extends HostFunction {
  readonly #vars: Mapping
  constructor(vars: Mapping) {
    const plain = varFunction(vars)
    super('var', (call) => plain.call(call))
    this.#vars = vars
  }
  override attribute(name: string): Value | undefined {
    if (name !== 'has_var') return undefined
    return hostFunction('has_var', ['name'], ({ name: key = '' }) => Object.hasOwn(this.#vars, str(key)))
  }
}

function logFunction(invocation: Invocation): HostFunction {
  return hostFunction('log', ['msg', 'info'], ({ msg = '', info = false }) => logged(invocation, str(msg), truth(info)))
}

function silent(say: () => void): string {
  say()
  return ''
}

function logged(invocation: Invocation, message: string, info: boolean): string {
  invocation.log(message, info)
  return ''
}

function differenceOfDicts({
  dict_a: left = null,
  dict_b: right = null,
}: Partial<Record<'dict_a' | 'dict_b', Value>>): Value {
  if (!(left instanceof PyDict) || !(right instanceof PyDict))
    throw new PythonError('TypeError', 'diff_of_two_dicts needs two dicts')
  return new PyDict(
    left.entries().flatMap(([key, value]): [Value, Value][] => {
      const lost = missingItems(value, right, str(key).toLowerCase())
      return lost.length === 0 ? [] : [[key, lost]]
    }),
  )
}

/** Names compare without case, keys and values alike: that is how dbt compares grants. */
function missingItems(value: Value, right: PyDict, lowerKey: string): Value[] {
  const listed = (held: Value): readonly Value[] => (typeof held === 'string' ? [held] : items(held))
  const others = right.entries().find(([key]) => str(key).toLowerCase() === lowerKey)?.[1] ?? []
  const held = new Set(listed(others).map((item) => str(item).toLowerCase()))
  return listed(value).filter((item) => !held.has(str(item).toLowerCase()))
}

function exceptions(invocation: Invocation): HostObject {
  const raise = (name: string): readonly [string, Value] => [
    name,
    new HostFunction(name, (call) => {
      throw new MillraceError('TRANSFORM_RAISED', { message: str(call.positional[0] ?? '') })
    }),
  ]
  const warn = hostFunction('warn', ['msg'], ({ msg = '' }) => silent(() => invocation.warn(str(msg))))
  return new HostObject('exceptions', [
    ['warn', warn],
    ['raise_contract_error', hostFunction('raise_contract_error', ['yaml_columns', 'sql_columns'], contractFailed)],
    ['column_type_missing', hostFunction('column_type_missing', ['column_names'], typesMissing)],
    ...[
      'raise_compiler_error',
      'raise_database_error',
      'raise_not_implemented',
      'raise_fail_fast_error',
      'raise_parsing_error',
      'missing_config',
    ].map(raise),
    ['relation_wrong_type', hostFunction('relation_wrong_type', ['relation', 'expected_type', 'model'], wrongType)],
  ])
}

function typesMissing({ column_names: names = [] }: Partial<Record<'column_names', Value>>): never {
  throw new MillraceError('TRANSFORM_RAISED', {
    message: `Contracted models require data_type to be defined for each column. Please ensure that the column name and data_type are defined within the YAML configuration for the ${repr(names)} column(s).`,
  })
}

function wrongType({
  relation = null,
  expected_type: expected = null,
}: Partial<Record<'relation' | 'expected_type' | 'model', Value>>): never {
  throw new MillraceError('TRANSFORM_RAISED', { message: `${str(relation)} is not a ${str(expected)}` })
}

class RelationClass extends HostObject {
  override call(call: CallArguments): Value {
    return createRelation(call)
  }
}

class ColumnClass extends HostObject {
  override call(call: CallArguments): Value {
    return createColumn(call)
  }
}

function api(): HostObject {
  const types = {
    Table: 'table',
    View: 'view',
    CTE: 'cte',
    MaterializedView: 'materialized_view',
    External: 'external',
  }
  const translate = hostFunction('translate_type', ['dtype'], ({ dtype = '' }) =>
    str(dtype).toUpperCase() === 'STRING' ? 'TEXT' : dtype,
  )
  const numeric = hostFunction(
    'numeric_type',
    ['dtype', 'precision', 'scale'],
    ({ dtype = '', precision = null, scale = null }) =>
      precision === null || scale === null ? dtype : `${str(dtype)}(${str(precision)},${str(scale)})`,
  )
  const text = hostFunction('string_type', ['size'], ({ size = '' }) => `character varying(${str(size)})`)
  return new HostObject('api', [
    [
      'Relation',
      new RelationClass('PostgresRelation', [
        ...Object.entries(types),
        ['create', new HostFunction('create', createRelation)],
      ]),
    ],
    [
      'Column',
      new ColumnClass('Column', [
        ['translate_type', translate],
        ['numeric_type', numeric],
        ['string_type', text],
        ['create', hostFunction('create', ['name', 'label_or_dtype'], columnOf)],
      ]),
    ],
  ])
}

function columnOf({ name = '', label_or_dtype: dtype = '' }: Partial<Record<'name' | 'label_or_dtype', Value>>): Value {
  return createColumn({ positional: [name, dtype], keyword: new Map() })
}

/** `target`, without the password: no template needs it, and a compiled file would keep it. */
export function targetObject(target: Target): Value {
  return new PyDict([
    ['name', target.name],
    ['target_name', target.name],
    ['profile_name', target.profileName],
    ['type', 'postgres'],
    ['host', target.host],
    ['port', target.port],
    ['user', target.user],
    ['database', target.database],
    ['dbname', target.database],
    ['schema', target.schema],
    ['threads', target.threads],
  ])
}

function flags(invocation: Invocation): Value {
  return new HostObject('flags', [
    ['FULL_REFRESH', invocation.fullRefresh],
    ['WHICH', invocation.command],
    ['STORE_FAILURES', invocation.storeFailures],
    ['EMPTY', invocation.empty],
    ['PRINT', true],
  ])
}

/** The config object of a template: `config(...)` is the caller's affair, `config.get` and `config.require` read. */
export class ConfigObject extends HostFunction {
  readonly #capture: (call: CallArguments) => void
  readonly #read: (key: string) => unknown
  constructor(capture: (call: CallArguments) => void, read: (key: string) => unknown) {
    super('config', (call) => {
      capture(call)
      return ''
    })
    this.#capture = capture
    this.#read = read
  }
  override attribute(name: string): Value | undefined {
    if (name === 'get')
      return hostFunction('get', ['name', 'default', 'validator'], ({ name: key = '', default: fallback = null }) =>
        presentOr(this.#get(str(key)), () => fallback),
      )
    if (name === 'require') return new HostFunction('require', (call) => this.#require(call))
    if (name === 'persist_relation_docs') return new HostFunction(name, () => this.#persists('relation'))
    if (name === 'persist_column_docs') return new HostFunction(name, () => this.#persists('columns'))
    return name === 'set' ? hostFunction('set', ['name', 'value'], (given) => this.#set(given)) : undefined
  }
  #set({ name = '', value = null }: Partial<Record<'name' | 'value', Value>>): string {
    this.#capture({ positional: [], keyword: new Map([[str(name), value]]) })
    return ''
  }
  #persists(what: 'relation' | 'columns'): boolean {
    const chosen = this.#read('persist_docs')
    return typeof chosen === 'object' && chosen !== null && (chosen as Mapping)[what] === true
  }
  #get(key: string): Value | undefined {
    const value = this.#read(key)
    return value === undefined ? undefined : fromHost(value)
  }
  #require(call: CallArguments): Value {
    const key = str(bind(call, ['name', 'validator'], 'require').name ?? '')
    const value = this.#get(key)
    if (value === undefined || value === null)
      throw new MillraceError('TRANSFORM_RAISED', { message: `the configuration '${key}' is required` })
    return value
  }
}
