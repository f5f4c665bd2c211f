import { MillraceError } from '../../../domain/errors.ts'
import type { DocBlock, MacroEntry, Manifest, Node, Reference, Source } from './nodes.ts'

export interface Unresolved {
  readonly projectName: string
  readonly nodes: readonly Node[]
  readonly sources: readonly Source[]
  readonly macros: ReadonlyMap<string, MacroEntry>
  readonly docs: ReadonlyMap<string, DocBlock>
}

/**
 * Gives every reference its node. Throws TRANSFORM_REF_MISSING, TRANSFORM_SOURCE_MISSING, TRANSFORM_NAME_DOUBLED, TRANSFORM_CYCLE.
 * A test that refers to a disabled model is disabled with it, as in dbt; a model that does so is an error.
 */
export function resolveReferences(unresolved: Unresolved): Manifest {
  const { enabled, disabled } = parted(unresolved.nodes)
  const models = named(enabled.filter((node) => node.resourceType === 'model'))
  const off = new Set([...disabled.values()].map((node) => node.name))
  const sources = new Map(unresolved.sources.map((source) => [`${source.sourceName}.${source.name}`, source]))
  const nodes = new Map<string, Node>()
  for (const node of enabled) {
    if (node.resourceType === 'test' && node.refs.some((ref) => !models.has(ref.name) && off.has(ref.name))) {
      disabled.set(node.uniqueId, node)
      continue
    }
    const ids = [
      ...node.refs.map((ref) => modelId(node, ref, models)),
      ...node.sources.map((pair) => sourceId(node, pair, sources)),
    ]
    nodes.set(node.uniqueId, { ...node, dependsOnNodes: [...new Set(ids)] })
  }
  checkRelations(nodes)
  refuseCycles(nodes)
  return {
    ...unresolved,
    nodes,
    disabled,
    sources: new Map(unresolved.sources.map((source) => [source.uniqueId, source])),
  }
}

function parted(all: readonly Node[]): { enabled: Node[]; disabled: Map<string, Node> } {
  const enabled = all.filter((node) => node.config['enabled'] !== false)
  return {
    enabled,
    disabled: new Map(all.filter((node) => node.config['enabled'] === false).map((node) => [node.uniqueId, node])),
  }
}

function named(models: readonly Node[]): Map<string, Node> {
  const map = new Map<string, Node>()
  for (const model of models) {
    const other = map.get(model.name)
    if (other !== undefined) {
      throw new MillraceError('TRANSFORM_NAME_DOUBLED', {
        name: model.name,
        kind: 'model',
        first: other.originalFilePath,
        second: model.originalFilePath,
      })
    }
    map.set(model.name, model)
  }
  return map
}

function modelId(node: Node, ref: Reference, models: ReadonlyMap<string, Node>): string {
  const model = models.get(ref.name)
  if (model === undefined || (ref.package !== null && ref.package !== model.packageName)) {
    throw new MillraceError('TRANSFORM_REF_MISSING', {
      node: node.uniqueId,
      file: node.originalFilePath,
      reference: ref.name,
    })
  }
  return model.uniqueId
}

function sourceId(
  node: Node,
  [source, table]: readonly [string, string],
  sources: ReadonlyMap<string, Source>,
): string {
  const found = sources.get(`${source}.${table}`)
  if (found === undefined) {
    throw new MillraceError('TRANSFORM_SOURCE_MISSING', {
      node: node.uniqueId,
      file: node.originalFilePath,
      reference: `${source}.${table}`,
    })
  }
  return found.uniqueId
}

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
  const done = new Set<string>()
  const visit = (id: string, path: readonly string[]): void => {
    if (done.has(id)) return
    if (path.includes(id))
      throw new MillraceError('TRANSFORM_CYCLE', { cycle: [...path.slice(path.indexOf(id)), id].join(' -> ') })
    for (const parent of nodes.get(id)?.dependsOnNodes ?? []) visit(parent, [...path, id])
    done.add(id)
  }
  for (const id of nodes.keys()) visit(id, [])
}
