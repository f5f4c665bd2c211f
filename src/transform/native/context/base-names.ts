import { createHash } from 'node:crypto'
import { MillraceError } from '../../../domain/errors.ts'
import { hostFunction } from '../jinja/arguments.ts'
import { PyDateTime } from '../jinja/civil-time.ts'
import { datetimeModule, pytzModule } from '../jinja/datetime-module.ts'
import { ReturnSignal } from '../jinja/failure.ts'
import { itertoolsModule } from '../jinja/itertools-module.ts'
import { fromHost } from '../jinja/json.ts'
import { items, truth } from '../jinja/operators.ts'
import { regexModule } from '../jinja/regex-module.ts'
import { str } from '../jinja/text.ts'
import { UTC } from '../jinja/time-zone.ts'
import type { Awaitable, CallArguments, Value } from '../jinja/value.ts'
import { HostDict, HostFunction, HostObject, PyDict, PyObject, PythonError } from '../jinja/value.ts'
import { createColumn } from '../adapter/column.ts'
import { createRelation } from '../adapter/relation.ts'
import { envVar, varFunction } from '../project/configuration-context.ts'
import type { Environment } from '../project/configuration-context.ts'
import type { Target } from '../project/profile.ts'
import type { Mapping } from '../project/shape.ts'
import { exceptionNames } from './exception-names.ts'
import { validation } from './validation.ts'
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
  readonly failFast: boolean
  readonly target: Target
  /** What the templates of the package see. */
  readonly vars: Mapping
  /** Those of the command line alone. */
  readonly givenVars: Mapping
  readonly env: Environment
  /** The command line as `invocation_args_dict` and run_results.json have it. */
  readonly args: Mapping
  /** When the invocation began; `run_started_at` and every `now()` of its templates. */
  readonly startedAtMs: number
  readonly log: (message: string, info: boolean) => void
  /** The ids of what was selected; empty until the selection is made. */
  readonly selected: string[]
  /** What `print` and `exceptions.warn` say. */
  readonly print: (message: string) => void
  readonly warn: (message: string) => void
}

/** The release of dbt whose behaviour this runner keeps to; templates ask for it. */
export const DBT_VERSION = '1.11.16'

/** The names of dbt's context that are the same for every node. */
export function baseNames(invocation: Invocation): Map<string, Value> {
  const held = shared.get(invocation) ?? sharedNames(invocation)
  shared.set(invocation, held)
  return new Map<string, Value>([
    ...held,
    // A template may change these: they are every node's own.
    ['target', targetObject(invocation.target)],
    ['env', targetObject(invocation.target)],
    ['dbt_metadata_envs', metadataEnvironment(invocation.env)],
    ['selected_resources', [...invocation.selected]],
    ['invocation_args_dict', fromHost(invocation.args)],
  ])
}

/** Made once an invocation: a project has thousands of nodes. */
const shared = new WeakMap<Invocation, readonly (readonly [string, Value])[]>()

function sharedNames(invocation: Invocation): readonly (readonly [string, Value])[] {
  return [
    ['return', new HostFunction('return', returnValue)],
    ['var', withHasVar(invocation.vars)],
    ['env_var', envVar(invocation.env)],
    ['log', logFunction(invocation)],
    ['print', hostFunction('print', ['msg'], ({ msg = '' }) => silent(() => invocation.print(str(msg))))],
    ['debug', new HostFunction('debug', () => '')],
    ['try_or_compiler_error', new HostFunction('try_or_compiler_error', tryOrCompilerError)],
    ['sql', null],
    ['compiled_code', null],
    ['defer_relation', null],
    ...valueNames,
    ['local_md5', hostFunction('local_md5', ['value'], ({ value = '' }) => md5(str(value)))],
    ['diff_of_two_dicts', hostFunction('diff_of_two_dicts', ['dict_a', 'dict_b'], differenceOfDicts)],
    ['exceptions', exceptionNames(invocation.warn)],
    ['api', api()],
    ['column', columnClass()],
    ['sql_now', 'now()'],
    ['validation', validation],
    ['adapter_macro', hostFunction('adapter_macro', ['name'], adapterMacro)],
    ['context_macro_stack', new HostObject('MacroStack', [['depth', 0]])],
    ['flags', flags(invocation)],
    ['run_started_at', PyDateTime.at(invocation.startedAtMs * 1000, UTC)],
    ['modules', modules(() => invocation.startedAtMs)],
    ['project_name', invocation.projectName],
    ['invocation_id', invocation.invocationId],
    ['dbt_version', DBT_VERSION],
    ['thread_id', 'Thread-1'],
  ]
}

const METADATA_PREFIX = 'DBT_ENV_CUSTOM_ENV_'

/** The variables that a scheduler hands to dbt for its artifacts, without their prefix. */
function metadataEnvironment(env: Environment): PyDict {
  const own = Object.entries(env).filter(([name, value]) => name.startsWith(METADATA_PREFIX) && value !== undefined)
  return new PyDict(own.map(([name, value]) => [name.slice(METADATA_PREFIX.length), value ?? null]))
}

/** The Python modules that dbt lets templates use. */
export function modules(nowMs: () => number): HostDict {
  return new HostDict([
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

/** `try_or_compiler_error(message, function, …)`: whatever goes wrong in the function is said with the message. */
function tryOrCompilerError(call: CallArguments): Awaitable<Value> {
  const [message = '', callee = null, ...positional] = call.positional
  const failed = (error: unknown): never => {
    if (error instanceof ReturnSignal) throw error
    throw new MillraceError('TRANSFORM_RAISED', { message: str(message) }, { cause: error })
  }
  try {
    if (!(callee instanceof PyObject) || callee.call === undefined)
      throw new PythonError('TypeError', 'the second argument is no function')
    const result = callee.call({ positional, keyword: call.keyword })
    return result instanceof Promise ? result.catch(failed) : result
  } catch (error) {
    return failed(error)
  }
}

/** `var` of a package's templates; while they are parsed a missing variable is none. */
export function withHasVar(vars: Mapping, isParsing = false): Value {
  return new VarFunction(vars, isParsing)
}

class VarFunction extends HostFunction {
  readonly #vars: Mapping
  constructor(vars: Mapping, isParsing: boolean) {
    const plain = varFunction(vars, isParsing)
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

/** `column` and `api.Column`. */
function columnClass(): Value {
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
  return new ColumnClass('Column', [
    ['translate_type', translate],
    ['numeric_type', numeric],
    ['string_type', text],
    ['create', hostFunction('create', ['name', 'label_or_dtype'], columnOf)],
  ])
}

/** dbt knows the name and refuses every call of it. */
function adapterMacro({ name = '' }: Partial<Record<'name', Value>>): never {
  throw new MillraceError('TRANSFORM_RAISED', {
    message: `The "adapter_macro" macro has been deprecated. Instead, use the \`adapter.dispatch\` method to find a macro and call the result.  For more information, see: https://docs.getdbt.com/reference/dbt-jinja-functions/dispatch) adapter_macro was called for: ${str(name)}`,
  })
}

function api(): HostDict {
  const types = {
    Table: 'table',
    View: 'view',
    CTE: 'cte',
    MaterializedView: 'materialized_view',
    External: 'external',
  }
  return new HostDict([
    [
      'Relation',
      new RelationClass('PostgresRelation', [
        ...Object.entries(types),
        ['create', new HostFunction('create', createRelation)],
      ]),
    ],
    ['Column', columnClass()],
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
    ['connect_timeout', target.connectTimeoutSeconds],
    ['role', target.role],
    ['search_path', target.searchPath],
    ['keepalives_idle', 0],
    ['sslmode', target.ssl],
    ['sslcert', null],
    ['sslkey', null],
    ['sslrootcert', null],
    ['application_name', 'dbt'],
    ['retries', 1],
    ['autocommit', false],
  ])
}

function flags(invocation: Invocation): Value {
  return new HostObject('flags', [
    ...Object.entries(invocation.args).map(([name, value]): [string, Value] => [name.toUpperCase(), fromHost(value)]),
    ['FULL_REFRESH', invocation.fullRefresh],
    ['WHICH', invocation.command],
    ['STORE_FAILURES', invocation.storeFailures],
    ['EMPTY', invocation.empty],
    ['PRINT', true],
    ['WARN_ERROR', null],
    ['FAIL_FAST', invocation.failFast],
    ['VERSION_CHECK', true],
    ['USE_COLORS', invocation.useColors],
    ['DEBUG', false],
    ['QUIET', false],
    ['INTROSPECT', true],
    ['PARTIAL_PARSE', true],
    ['WRITE_JSON', true],
    ['INDIRECT_SELECTION', 'eager'],
    ['STATIC_PARSER', true],
    ['PRINTER_WIDTH', 80],
    ['CACHE_SELECTED_ONLY', false],
    ['LOG_FORMAT', 'default'],
    ['LOG_PATH', 'logs'],
    ['LOG_CACHE_EVENTS', false],
    ['USE_EXPERIMENTAL_PARSER', false],
    ['NO_PRINT', null],
    ['SEND_ANONYMOUS_USAGE_STATS', false],
  ])
}
