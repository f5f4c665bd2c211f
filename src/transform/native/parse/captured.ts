import { MillraceError } from '../../../domain/errors.ts'
import { createHash } from 'node:crypto'
import { bind } from '../jinja/arguments.ts'
import { PyDateTime } from '../jinja/civil-time.ts'
import { fromHost, toHost } from '../jinja/json.ts'
import { str } from '../jinja/text.ts'
import type { Template } from '../jinja/template.ts'
import type { ExtraNames } from '../jinja/template.ts'
import type { CallArguments, Value } from '../jinja/value.ts'
import { HostFunction, PyDict, PyFloat, PyObject, Undefined } from '../jinja/value.ts'
import { baseNames, withHasVar } from '../context/base-names.ts'
import { ParseConfig } from '../context/config-object.ts'
import { metricOf } from '../context/metric-reference.ts'
import type { Invocation } from '../context/base-names.ts'
import { NodeContext } from '../context/node-context.ts'
import { ParseAdapter } from '../adapter/parse-adapter.ts'
import type { Relation } from '../adapter/relation.ts'
import { plainCalls } from './plain-template.ts'
import type { MacroRegistry } from './macro-registry.ts'
import { mergeConfig, overlaid } from './config.ts'
import type { NodeConfig, NodeVersion, Reference } from './nodes.ts'

/** What a node's templates said while they were rendered without a database. */
export interface Captured {
  readonly refs: readonly Reference[]
  readonly sources: readonly (readonly [string, string])[]
  /** Metrics by package, where one is named, and name. */
  readonly metrics: readonly (readonly [string | null, string])[]
  readonly config: NodeConfig
  /** The configuration as the file writes it, hooks and tags not yet in lists. */
  readonly written: NodeConfig
  readonly macros: readonly string[]
}

export interface CaptureOptions {
  readonly invocation: Invocation
  readonly packageName: string
  readonly macros: MacroRegistry
  readonly template: Template
  readonly self: Relation
  /** Configuration known before the file is rendered: what `config.get` answers. */
  readonly knownConfig: NodeConfig
  readonly extra?: (context: NodeContext) => ExtraNames
}

/** Renders a node with `execute` false, as dbt does to learn its references and configuration. */
export function capture(options: CaptureOptions): Captured {
  return withoutRendering(options) ?? rendered(options)
}

/** A plain template says what it refers to without being rendered, where `ref` and its kin are dbt's own. */
function withoutRendering({ template, macros, packageName, extra }: CaptureOptions): Captured | undefined {
  const isOwn = (name: string): boolean => macros.find(name, packageName) !== undefined
  if (extra !== undefined || ['ref', 'source', 'config'].some(isOwn)) return undefined
  const calls = plainCalls(template.statements)
  if (calls === undefined) return undefined
  const of = (name: string): CallArguments[] => calls.filter((one) => one.name === name).map(({ call }) => call)
  const configs = of('config').map(configCall)
  return {
    refs: of('ref').map(referenceOf),
    sources: distinct(of('source').map(sourceOf), (pair) => pair.join('.')),
    config: configs.reduce<NodeConfig>(mergeConfig, {}),
    written: configs.reduce<NodeConfig>(overlaid, {}),
    metrics: [],
    macros: [],
  }
}

function rendered(options: CaptureOptions): Captured {
  const refs: Reference[] = []
  const sources: (readonly [string, string])[] = []
  const metrics: (readonly [string | null, string])[] = []
  let config: NodeConfig = {}
  let written: NodeConfig = {}
  const configure = (call: CallArguments): void => {
    const given = configCall(call)
    config = mergeConfig(config, given)
    written = overlaid(written, given)
  }
  const context: NodeContext = new NodeContext({
    macros: options.macros,
    mode: 'sync',
    permissive: true,
    packageName: options.packageName,
    names: [
      ...baseNames(options.invocation),
      ['var', withHasVar(options.invocation.vars, true)],
      ['execute', false],
      ['this', options.self],
      ['model', parsedModel(options)],
      ['graph', emptyGraph()],
      ['load_agate_table', new HostFunction('load_agate_table', () => null)],
      ['ref', new HostFunction('ref', (call) => captureRef(call, refs, options.self))],
      ['source', new HostFunction('source', (call) => captureSource(call, sources, options.self))],
      ['metric', new HostFunction('metric', (call) => captureMetric(call, metrics))],
      ['config', new ParseConfig(configure)],
      ['adapter', new ParseAdapter((name, namespace) => context.dispatch(name, namespace))],
      ['store_result', new HostFunction('store_result', () => '')],
      ['load_result', new HostFunction('load_result', () => null)],
      ['database', options.self.database],
      ['schema', options.self.schema],
    ],
  })
  options.template.renderNow(context, options.extra?.(context) ?? {})
  return {
    refs,
    sources,
    metrics,
    config,
    written,
    macros: [...context.calledMacros],
  }
}

/** What is known of a node before its file has been read through. */
function parsedModel({ self, knownConfig, packageName, template }: CaptureOptions): PyDict {
  const [, ...path] = template.file.split('/')
  const name = self.identifier ?? ''
  return new PyDict([
    ['name', name],
    ['unique_id', `model.${packageName ?? ''}.${name}`],
    ['path', path.join('/')],
    ['original_file_path', template.file],
    ['fqn', [packageName ?? '', ...path.slice(0, -1), name]],
    ['database', self.database],
    ['schema', self.schema],
    ['raw_code', template.source],
    ['language', 'sql'],
    ['checksum', fromHost({ name: 'sha256', checksum: createHash('sha256').update(template.source).digest('hex') })],
    ['refs', []],
    ['sources', []],
    ['metrics', []],
    ['depends_on', fromHost({ macros: [], nodes: [] })],
    ['docs', fromHost({ show: true })],
    ['contract', fromHost({ enforced: false, alias_types: true })],
    ['unrendered_config', fromHost(knownConfig)],
    ['access', 'protected'],
    ['constraints', []],
    ['alias', self.identifier],
    ['resource_type', 'model'],
    ['package_name', packageName],
    ['config', fromHost(knownConfig)],
    ['tags', fromHost(knownConfig['tags'] ?? [])],
    ['meta', fromHost(knownConfig['meta'] ?? {})],
    ['columns', new PyDict()],
    ['description', ''],
  ])
}

/** The graph while it is being read: every kind is there and has nothing in it yet. */
function emptyGraph(): PyDict {
  return new PyDict(
    ['nodes', 'sources', 'exposures', 'metrics', 'groups'].map((kind): [Value, Value] => [kind, new PyDict()]),
  )
}

function distinct<Item>(list: readonly Item[], key: (item: Item) => string): Item[] {
  return [...new Map(list.map((item) => [key(item), item])).values()]
}

/** The arguments of ref: a name, or a package and a name. */
export function referenceOf(call: CallArguments): Reference {
  const version = versionOf(call.keyword.get('version') ?? call.keyword.get('v') ?? null)
  const [first, second] = call.positional.map((argument) => str(argument))
  if (first === undefined || call.positional.length > 2)
    throw new MillraceError('TRANSFORM_RAISED', {
      message: `ref() takes at most two arguments (${call.positional.length} given)`,
    })
  return second === undefined ? { name: first, package: null, version } : { name: second, package: first, version }
}

function versionOf(value: Value): NodeVersion | null {
  if (value === null || typeof value === 'number' || typeof value === 'string') return value
  return value instanceof PyFloat ? value.value : str(value)
}

export function sourceOf(call: CallArguments): readonly [string, string] {
  const { source_name: source, table_name: table } = bind(call, ['source_name', 'table_name'], 'source')
  if (source === undefined || table === undefined)
    throw new MillraceError('TRANSFORM_RAISED', {
      message: `source() takes exactly two arguments (${call.positional.length} given)`,
    })
  return [str(source), str(table)]
}

function captureRef(call: CallArguments, refs: Reference[], self: Relation): Value {
  const reference = referenceOf(call)
  refs.push(reference)
  return self.with({ identifier: reference.name })
}

function captureSource(call: CallArguments, sources: (readonly [string, string])[], self: Relation): Value {
  const pair = sourceOf(call)
  sources.push(pair)
  return self.with({ identifier: pair[1] })
}

function captureMetric(call: CallArguments, metrics: (readonly [string | null, string])[]): Value {
  const pair = metricOf(call)
  metrics.push(pair)
  return new MetricName(pair[1])
}

/** A metric while the project is parsed: its name, of which nothing more is known. */
class MetricName extends PyObject {
  readonly typeName = 'MetricReference'
  readonly #name: string
  constructor(name: string) {
    super()
    this.#name = name
  }
  override attribute(name: string): Value {
    return new Undefined(`'MetricReference' has no attribute '${name}'`, true)
  }
  override text(): string {
    return this.#name
  }
}

/** A moment is kept as JSON has it. */
function configured(value: Value): unknown {
  return value instanceof PyDateTime ? value.text().replace(' ', 'T') : toHost(value)
}

/** `config(a=1)` or `config({'a': 1})`; dbt takes neither both nor nothing. */
function configCall(call: CallArguments): NodeConfig {
  const [given, ...more] = call.positional
  const isOne = given === undefined ? call.keyword.size > 0 : call.keyword.size === 0 && more.length === 0
  if (!isOne || (given !== undefined && !(given instanceof PyDict)))
    throw new MillraceError('TRANSFORM_RAISED', { message: 'Invalid inline model config' })
  const fromDict = (given?.entries() ?? []).map(([key, value]): [string, Value] => [str(key), value])
  return Object.fromEntries([...fromDict, ...call.keyword].map(([key, value]) => [key, configured(value)]))
}
