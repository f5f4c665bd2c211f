import { MillraceError } from '../../../domain/errors.ts'
import { foundMetric } from '../context/metric-reference.ts'
import { checkAccess, checkGroups } from './access.ts'
import { withMetricParents } from './metric-parents.ts'
import type { DescribedEntry, DocBlock, MacroEntry, Manifest, Node, NodeVersion, Reference, Source } from './nodes.ts'

export interface Unresolved {
  readonly projectName: string
  /** The packages whose protected models only they themselves may refer to. */
  readonly restricted: ReadonlySet<string>
  readonly nodes: readonly Node[]
  readonly described: readonly DescribedEntry[]
  readonly sources: readonly Source[]
  readonly macros: ReadonlyMap<string, MacroEntry>
  readonly docs: ReadonlyMap<string, DocBlock>
}

/** What may be referred to by `ref`. */
const REFERABLE: ReadonlySet<string> = new Set(['model', 'seed', 'snapshot'])

/**
 * Gives every reference its node. Throws TRANSFORM_REF_MISSING, TRANSFORM_SOURCE_MISSING, TRANSFORM_NAME_DOUBLED, TRANSFORM_CYCLE.
 * A test that refers to a disabled model is disabled with it, as in dbt; a model that does so is an error.
 */
export function resolveReferences(unresolved: Unresolved): Manifest {
  const { enabled, disabled } = parted(unresolved.nodes)
  const models = named(enabled.filter((node) => REFERABLE.has(node.resourceType)))
  const off = new Set([...disabled.values()].map((node) => node.name))
  const resolver: Resolver = {
    models,
    restricted: unresolved.restricted,
    projectName: unresolved.projectName,
    sources: namedSources(unresolved.sources),
    described: unresolved.described,
  }
  const nodes = new Map<string, Node>()
  for (const node of enabled) {
    refuseDoubled(node, nodes.get(node.uniqueId))
    if (node.resourceType === 'test' && isOrphan(node, resolver, off)) {
      disabled.set(node.uniqueId, node)
      continue
    }
    nodes.set(node.uniqueId, { ...node, dependsOnNodes: idsOf(node, resolver) })
  }
  checkRelations(nodes)
  refuseCycles(nodes)
  checkGroups(nodes.values(), unresolved.described)
  const described = unresolved.described
    .filter((one) => one.config['enabled'] !== false)
    .map((one): DescribedEntry => ({ ...one, dependsOnNodes: idsOf(one, resolver) }))
  const disabledDescribed = unresolved.described.filter((one) => one.config['enabled'] === false)
  const entries = new Map<string, DescribedEntry>()
  for (const one of described) {
    refuseDoubled(one, entries.get(one.uniqueId))
    entries.set(one.uniqueId, one)
  }
  return {
    ...unresolved,
    nodes,
    disabled,
    disabledDescribed,
    described: new Map(withMetricParents(described).map((one) => [one.uniqueId, one])),
    sources: resolver.sources,
  }
}

/** The nodes that a text refers to which is no part of the project. Throws as `resolveReferences` does. */
export function resolvedAgainst(node: Node, { projectName, nodes, sources, described }: Manifest): readonly string[] {
  const models = named([...nodes.values()].filter((one) => REFERABLE.has(one.resourceType)))
  return idsOf(node, { models, projectName, sources, restricted: new Set(), described: [...described.values()] })
}

interface Resolver {
  readonly projectName: string
  readonly restricted: ReadonlySet<string>
  readonly models: ReadonlyMap<string, readonly Node[]>
  readonly sources: ReadonlyMap<string, Source>
  readonly described: readonly DescribedEntry[]
}

type Referring = Pick<Node, 'uniqueId' | 'originalFilePath' | 'packageName' | 'refs' | 'sources' | 'group'> &
  Partial<Pick<Node, 'rawCode' | 'template' | 'metrics'>>

function idsOf(node: Referring, resolver: Resolver): readonly string[] {
  const ids = [
    ...node.sources.map((pair) => sourceOf(node, pair, resolver)?.uniqueId ?? sourceMissing(node, pair)),
    ...node.refs.map((ref) => referredId(node, ref, resolver)),
  ]
  return [...new Set([...ids, ...(node.metrics ?? []).map((asked) => metricId(node, asked, resolver))])]
}

function referredId(node: Referring, ref: Reference, resolver: Resolver): string {
  const target = modelOf(node, ref, resolver) ?? refMissing(node, ref)
  checkAccess(node, target, resolver.restricted)
  return target.uniqueId
}

function metricId(node: Referring, asked: readonly [string | null, string], { described }: Resolver): string {
  const found = foundMetric(described, node.packageName, asked)
  if (found !== undefined) return found.uniqueId
  throw new MillraceError('TRANSFORM_METRIC_MISSING', {
    node: node.uniqueId,
    file: node.originalFilePath,
    metric: asked[1],
  })
}

/** A test of something that is switched off is switched off with it. */
function isOrphan(node: Node, resolver: Resolver, off: ReadonlySet<string>): boolean {
  return (
    node.refs.some((ref) => modelOf(node, ref, resolver) === undefined && off.has(ref.name)) ||
    (node.genericTest !== null && node.sources.some((pair) => sourceOf(node, pair, resolver) === undefined))
  )
}

/** The package that is named; else the referring package's own, the root project's, then any. */
function modelOf(node: Referring, ref: Reference, { models, projectName }: Resolver): Node | undefined {
  const found = models.get(ref.version === null ? ref.name : versionedName(ref.name, ref.version)) ?? []
  const in_ = (name: string): Node | undefined => found.find((one) => one.packageName === name)
  if (ref.package !== null) return in_(ref.package)
  return in_(node.packageName) ?? in_(projectName) ?? found[0]
}

function sourceOf(
  node: Referring,
  [source, table]: readonly [string, string],
  { sources, projectName }: Resolver,
): Source | undefined {
  const of = (name: string): Source | undefined => sources.get(`source.${name}.${source}.${table}`)
  const anywhere = (): Source | undefined =>
    [...sources.values()].find((one) => one.sourceName === source && one.name === table)
  return of(node.packageName) ?? of(projectName) ?? anywhere()
}

/** Where a node names something: of a text that builds the name, the file alone is known. */
function placeOf(node: Referring, name: string): { file: string; line?: number; column?: number } {
  const file = node.originalFilePath
  const written = new RegExp(`\\b(?:ref|source)\\s*\\([^)]*['"]${name.replaceAll(/\W/g, String.raw`\$&`)}['"]`)
  const { rawCode, template } = node
  const at = rawCode === undefined ? -1 : rawCode.search(written)
  if (rawCode === undefined || template === undefined || at < 0) return { file }
  const before = rawCode.slice(0, at).split('\n')
  return { file, line: template.firstLine + before.length - 1, column: (before.at(-1) ?? '').length + 1 }
}

function refMissing(node: Referring, ref: Reference): never {
  throw new MillraceError('TRANSFORM_REF_MISSING', {
    node: node.uniqueId,
    ...placeOf(node, ref.name),
    reference: [ref.package === null ? ref.name : `${ref.package}.${ref.name}`, versionText(ref)].join(''),
  })
}

function sourceMissing(node: Referring, [source, table]: readonly [string, string]): never {
  throw new MillraceError('TRANSFORM_SOURCE_MISSING', {
    node: node.uniqueId,
    ...placeOf(node, table),
    reference: `${source}.${table}`,
  })
}

function parted(all: readonly Node[]): { enabled: Node[]; disabled: Map<string, Node> } {
  const enabled = all.filter((node) => node.config['enabled'] !== false)
  return {
    enabled,
    disabled: new Map(all.filter((node) => node.config['enabled'] === false).map((node) => [node.uniqueId, node])),
  }
}

function versionedName(name: string, version: NodeVersion): string {
  return `${name}.v${version}`
}

function versionText({ version }: Reference): string {
  return version === null ? '' : `, version ${version}`
}

/** The names by which `ref` finds a model: a version by its own, the latest one by the bare name too. */
function lookupNames({ name, version, latestVersion }: Node): readonly string[] {
  if (version === null) return [name]
  return version === latestVersion ? [name, versionedName(name, version)] : [versionedName(name, version)]
}

/** By name, over packages; within one package a name is there once. */
function named(models: readonly Node[]): Map<string, readonly Node[]> {
  const map = new Map<string, readonly Node[]>()
  for (const [name, model] of models.flatMap((one) => lookupNames(one).map((name) => [name, one] as const))) {
    const held = map.get(name) ?? []
    const other = held.find((one) => one.packageName === model.packageName)
    if (other !== undefined) {
      throw new MillraceError('TRANSFORM_NAME_DOUBLED', {
        name: model.name,
        kind: 'model',
        first: other.originalFilePath,
        second: model.originalFilePath,
      })
    }
    map.set(name, [...held, model])
  }
  return map
}

function namedSources(sources: readonly Source[]): ReadonlyMap<string, Source> {
  const map = new Map<string, Source>()
  for (const source of sources) {
    const other = map.get(source.uniqueId)
    if (other !== undefined)
      throw new MillraceError('TRANSFORM_NAME_DOUBLED', {
        name: `${source.sourceName}.${source.name}`,
        kind: 'source',
        first: other.originalFilePath,
        second: source.originalFilePath,
      })
    map.set(source.uniqueId, source)
  }
  return map
}

/** Of two singular tests or two groups of one name nobody could say which is meant. */
function refuseDoubled(one: Named, other: Named | undefined): void {
  if (other === undefined) return
  throw new MillraceError('TRANSFORM_NAME_DOUBLED', {
    name: one.name,
    kind: one.uniqueId.split('.')[0] ?? '',
    first: other.originalFilePath,
    second: one.originalFilePath,
  })
}

type Named = Pick<Node, 'name' | 'uniqueId' | 'originalFilePath'>

function checkRelations(nodes: ReadonlyMap<string, Node>): void {
  const held = new Map<string, Node>()
  for (const node of nodes.values()) {
    if (node.relationName === null) continue
    const other = held.get(node.relationName)
    if (other !== undefined) {
      throw new MillraceError('TRANSFORM_NAME_DOUBLED', {
        name: node.relationName,
        kind: 'relation',
        first: other.originalFilePath,
        second: node.originalFilePath,
      })
    }
    held.set(node.relationName, node)
  }
}

function refuseCycles(nodes: ReadonlyMap<string, Node>): void {
  const state = new Map<string, 'open' | 'done'>()
  for (const start of nodes.keys()) {
    const path: { id: string; next: number }[] = [{ id: start, next: 0 }]
    while (path.length > 0) {
      const top = path.at(-1)!
      const parents = nodes.get(top.id)?.dependsOnNodes ?? []
      if (top.next === 0 && state.get(top.id) === 'done') path.pop()
      else if (top.next < parents.length) {
        state.set(top.id, 'open')
        const parent = parents[top.next++]!
        if (state.get(parent) === 'open') throw cycle(path, parent, nodes)
        if (state.get(parent) !== 'done') path.push({ id: parent, next: 0 })
      } else {
        state.set(top.id, 'done')
        path.pop()
      }
    }
  }
}

function cycle(
  path: readonly { readonly id: string }[],
  from: string,
  nodes: ReadonlyMap<string, Node>,
): MillraceError {
  const ids = path.map(({ id }) => id)
  const [last, first] = [nodes.get(ids.at(-1) ?? ''), nodes.get(from)]
  return new MillraceError('TRANSFORM_CYCLE', {
    cycle: [...ids.slice(ids.indexOf(from)), from].join(' -> '),
    ...(last === undefined ? {} : placeOf(last, first?.name ?? '')),
  })
}
