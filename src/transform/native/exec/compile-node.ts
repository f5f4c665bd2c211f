import { fromHost } from '../jinja/json.ts'
import { Template } from '../jinja/template.ts'
import { str } from '../jinja/text.ts'
import type { Awaitable, CallArguments, Value } from '../jinja/value.ts'
import { HostFunction, PyDict } from '../jinja/value.ts'
import { MillraceError } from '../../../domain/errors.ts'
import { quotingPolicy } from '../adapter/quoting.ts'
import { Relation } from '../adapter/relation.ts'
import type { RelationParts } from '../adapter/relation.ts'
import { baseNames } from '../context/base-names.ts'
import { ConfigObject } from '../context/config-object.ts'
import { metricFunction } from '../context/metric-reference.ts'
import type { Invocation } from '../context/base-names.ts'
import { NodeContext } from '../context/node-context.ts'
import { referenceOf, sourceOf } from '../parse/captured.ts'
import { withForeignKeys } from '../parse/foreign-keys.ts'
import { asksForBatches, beginValue } from '../parse/microbatch.ts'
import { refersTo } from '../parse/references.ts'
import type { MacroRegistry } from '../parse/macro-registry.ts'
import type { Manifest, Node, Reference } from '../parse/nodes.ts'
import { argumentTemplate } from '../parse/test-builder.ts'
import { batchValue, withinBatch } from './batch-window.ts'
import type { Timed } from './batch-window.ts'
import { describedContent } from './described-content.ts'
import { graphNames } from './graph-names.ts'
import type { Journal } from './journal.ts'
import { artifactPath, templateContent } from './manifest-file.ts'
import { seedOf } from './seed-file.ts'
import { isMapping } from '../project/shape.ts'
import type { QueryCommentConfig } from '../project/project-file.ts'
import type { Mapping } from '../project/shape.ts'

/** The prefix by which an ephemeral model stands in the statement of what refers to it. */
const CTE_PREFIX = '__dbt__cte__'

export interface Project {
  readonly invocation: Invocation
  readonly manifest: Manifest
  readonly macros: MacroRegistry
  /** By package; the root project's among them. */
  readonly invocations: ReadonlyMap<string, Invocation>
  /** The root project's `quoting`. */
  readonly quoting: Mapping
  /** The target folder as the project or the command line writes it. */
  readonly targetPath: string
  readonly journal: Journal
  readonly queryComment: QueryCommentConfig
  /** Where nodes are in an earlier run, and whether a reference to one goes there. */
  readonly deferred?: ReadonlyMap<string, RelationParts>
  readonly defers?: (node: Node) => Promise<boolean>
}

/** A node's context with the ephemeral models that its text turned out to need. */
export interface RunContext {
  readonly context: NodeContext
  readonly ephemeral: Set<string>
  /** The texts of those models, by their paths below target/compiled. */
  readonly beside: Map<string, string>
  readonly model: PyDict
}

/** What a unit test puts in the place of names, of what its model reads, and of what the model itself is. */
export interface StandIns {
  readonly overrides: ReadonlyMap<string, Value>
  readonly names: readonly (readonly [string, Value])[]
}

/** The context of a node that runs: references are relations, and only those that parsing saw. */
export function runContext(
  project: Project,
  node: Node,
  more: Iterable<readonly [string, Value]>,
  standIns: StandIns = { overrides: new Map(), names: [] },
): RunContext {
  const ephemeral = new Set<string>()
  const self = relationOf(project, node)
  const model = modelDict(project, node)
  const context = new NodeContext({
    macros: project.macros,
    mode: 'async',
    permissive: false,
    packageName: node.packageName,
    overrides: standIns.overrides,
    names: [
      ...baseNames(invocationOf(project, node.packageName)),
      ['execute', true],
      ['this', self],
      ['database', node.database],
      ['schema', node.schema],
      ['model', model],
      ['graph', graphNames(project)],
      ['load_agate_table', new HostFunction('load_agate_table', () => seedOf(node))],
      ['ref', new HostFunction('ref', (call) => resolvedRef(project, node, call, ephemeral))],
      ['source', new HostFunction('source', (call) => resolvedSource(project, node, call))],
      [
        'metric',
        metricFunction(project.manifest, node, (entry) => describedContent(entry, project.invocation.startedAtMs)),
      ],
      [
        'config',
        new ConfigObject(node.uniqueId, (key) =>
          key === 'begin' && asksForBatches(node) ? beginValue(node.config['begin']) : node.config[key],
        ),
      ],
      ...more,
      ...standIns.names,
    ],
  })
  return { context, ephemeral, model, beside: new Map() }
}

/** The node as templates see it: the same words as in the manifest. */
function modelDict(project: Project, node: Node): PyDict {
  const content = templateContent(withForeignKeys(node, project.manifest), {
    nowMs: project.invocation.startedAtMs,
  })
  const dict = fromHost(withoutAbsent(content))
  if (!(dict instanceof PyDict)) throw new Error('the content of a node is a mapping')
  if (node.batch !== undefined) dict.set('batch', batchValue(node.batch))
  return dict
}

/** dbt hands a node to its own templates without what it has none of; the graph keeps every key. */
function withoutAbsent(content: object): object {
  const present = (held: object): object =>
    Object.fromEntries(Object.entries(held).filter(([, value]) => value !== null && value !== undefined))
  const { config, columns, docs, contract } = content as Record<'config' | 'columns' | 'docs' | 'contract', object>
  const described = Object.entries(columns ?? {}).map(([name, column]) => [name, present(column as object)])
  return present({
    ...content,
    config: present(config),
    columns: Object.fromEntries(described) as object,
    docs: present(docs ?? {}),
    contract: present(contract ?? {}),
  })
}

/** The invocation as the templates of a package see it: with that package's variables. */
export function invocationOf(project: Project, packageName: string): Invocation {
  return project.invocations.get(packageName) ?? project.invocation
}

/** The name of what a node builds, quoted as the project and the node say. */
function relationOf(project: Project, node: Node): Relation {
  return new Relation({
    database: node.database,
    schema: node.schema,
    identifier: node.alias,
    quoted: quotingPolicy(project.quoting, node.config['quoting']),
  })
}

function resolvedRef(project: Project, node: Node, call: CallArguments, ephemeral: Set<string>): Awaitable<Value> {
  const reference = referenceOf(call)
  const target = node.dependsOnNodes
    .map((id) => project.manifest.nodes.get(id))
    .find((candidate) => candidate !== undefined && refersTo(reference, candidate))
  if (target === undefined) throw notInferred(project, node, reference)
  if (target.config['materialized'] === 'ephemeral') {
    ephemeral.add(target.uniqueId)
    return narrowed(project, node, target, cteRelation(target.alias))
  }
  const deferred = project.deferred?.get(target.uniqueId)
  if (deferred === undefined || project.defers === undefined)
    return narrowed(project, node, target, relationOf(project, target))
  return deferredRelation(project, node, target, deferred, project.defers)
}

/** A reference that parsing did not see, in dbt's words where there is such a node. */
function notInferred({ manifest }: Project, node: Node, reference: Reference): MillraceError {
  const isThere = [...manifest.nodes.values()].some((one) => refersTo(reference, one))
  if (!isThere) return new MillraceError('TRANSFORM_REF_MISSING', { node: node.uniqueId, reference: reference.name })
  const names = [reference.package, reference.name].filter((name) => name !== null).map((name) => `'${name}'`)
  const version = reference.version === null ? [] : [`v=${reference.version}`]
  const call = `ref(${[...names, ...version].join(', ')})`
  return new MillraceError('TRANSFORM_RAISED', {
    message: `dbt was unable to infer all dependencies for the model "${node.name}".\nThis typically happens when ref() is placed within a conditional block.\n\nTo fix this, add the following hint to the top of the model "${node.name}":\n\n-- depends_on: {{ ${call} }}`,
  })
}

async function deferredRelation(
  project: Project,
  node: Node,
  target: Node,
  deferred: RelationParts,
  defers: (node: Node) => Promise<boolean>,
): Promise<Relation> {
  if (!(await defers(target))) return narrowed(project, node, target, relationOf(project, target))
  const quoted = quotingPolicy(project.quoting, target.config['quoting'])
  return narrowed(project, node, target, new Relation({ ...deferred, quoted }))
}

/** What a reference reads: with `--empty` no rows, in a batch of time those of its window. */
function narrowed({ invocation }: Project, node: Node, target: Timed, relation: Relation): Relation {
  const within = node.batch === undefined ? null : withinBatch(target, node.batch)
  if (within === null && !invocation.empty) return relation
  return relation.with({ within, limit: invocation.empty ? 0 : null })
}

/** An ephemeral model as it is named in the statement that it stands in. */
export function cteRelation(name: string): Relation {
  return new Relation({ database: null, schema: null, identifier: CTE_PREFIX + name, type: 'cte' })
}

export function cteText(name: string, sql: string): string {
  return ` ${CTE_PREFIX}${name} as (\n${sql}\n)`
}

function resolvedSource(project: Project, node: Node, call: CallArguments): Value {
  const [source, table] = sourceOf(call)
  const found = node.dependsOnNodes
    .map((id) => project.manifest.sources.get(id))
    .find((candidate) => candidate?.sourceName === source && candidate.name === table)
  if (found === undefined)
    throw new MillraceError('TRANSFORM_SOURCE_MISSING', { node: node.uniqueId, reference: `${source}.${table}` })
  const quoted = quotingPolicy(project.quoting, found.quoting)
  const { database, schema, identifier } = found
  return narrowed(project, node, found, new Relation({ database, schema, identifier, quoted }))
}

/** The node's SQL, ephemeral parents put in as common table expressions. */
export async function compileNode(project: Project, node: Node, run: RunContext): Promise<string> {
  const extra =
    node.genericTest === null
      ? {}
      : { _dbt_generic_test_kwargs: await rendered(node.genericTest.kwargs, run.context, node.originalFilePath) }
  const sql = await node.template.render(run.context, extra)
  const expressions = new Map<string, string>()
  await addEphemeral(project, run, expressions)
  return withExpressions(sql, [...expressions.values()])
}

async function addEphemeral(
  project: Project,
  { ephemeral, beside }: RunContext,
  expressions: Map<string, string>,
): Promise<void> {
  for (const id of ephemeral) {
    const node = project.manifest.nodes.get(id)
    if (node === undefined || expressions.has(id)) continue
    const run = { ...runContext(project, node, []), beside }
    const sql = await node.template.render(run.context)
    const own = new Map<string, string>()
    await addEphemeral(project, run, own)
    beside.set(artifactPath(node), withExpressions(sql, [...own.values()]))
    for (const [parent, text] of own) expressions.set(parent, text)
    expressions.set(id, cteText(node.alias, sql))
  }
}

const LEADING_WITH = /^((?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*with)\b/i

/** dbt's own way of putting expressions in front: after an existing `with`, else before everything. */
export function withExpressions(sql: string, expressions: readonly string[]): string {
  if (expressions.length === 0) return sql
  const list = expressions.join(', ')
  const opening = LEADING_WITH.exec(sql)
  const [blank = ''] = /^\s*/.exec(sql) ?? []
  if (opening === null) return `${blank}with${list} ${sql.slice(blank.length)}`
  return `${opening[0]} ${list},${sql.slice(opening[0].length)}`
}

async function rendered(kwargs: Mapping, context: NodeContext, file: string): Promise<PyDict> {
  const entries: [Value, Value][] = []
  for (const [key, value] of Object.entries(kwargs))
    entries.push([key, await renderedArgument(key, value, context, file)])
  return new PyDict(entries)
}

async function renderedArgument(key: string, value: unknown, context: NodeContext, file: string): Promise<Value> {
  if (typeof value === 'string') {
    const source = argumentTemplate(key, value)
    return source === null ? value : Template.parse(source, file).native(context)
  }
  if (Array.isArray(value)) {
    const list: Value[] = []
    for (const item of value) list.push(await renderedArgument('', item, context, file))
    return list
  }
  return isMapping(value) ? rendered(value, context, file) : fromHost(value)
}

/** The text of a hook, rendered in the node's own context. */
export function hookRenderer(context: () => NodeContext, file: string): HostFunction {
  return new HostFunction('render_hook', async (call) =>
    Template.parse(str(call.positional[0] ?? ''), file).render(context()),
  )
}
