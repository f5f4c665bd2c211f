import type { Mapping } from '../project/shape.ts'
import { namedIn } from './described.ts'
import { refersTo } from './references.ts'
import type { ColumnEntry, Manifest, Node, Reference } from './nodes.ts'

export interface ReferredTo {
  readonly refs: readonly Reference[]
  readonly sources: readonly (readonly [string, string])[]
}

/** What the foreign keys of a model point to: such a reference is one of the model's own. */
export function foreignKeys(columns: ReadonlyMap<string, ColumnEntry>, constraints: readonly Mapping[]): ReferredTo {
  const all = [...constraints, ...[...columns.values()].flatMap((column) => column.constraints)]
  const named = all
    .filter((constraint) => constraint['type'] === 'foreign_key' && typeof constraint['to'] === 'string')
    .map((constraint) => namedIn(constraint['to']))
  return {
    refs: named.flatMap(({ ref }) => ref ?? []),
    sources: named.flatMap(({ source }) => (source ? [source] : [])),
  }
}

/** The node with the relations that its foreign keys point to in place of `ref(…)`, as it is when it has been compiled. */
export function withForeignKeys(node: Node, manifest: Manifest): Node {
  if (node.resourceType !== 'model') return node
  const resolved = (constraint: Mapping): Mapping => {
    const to = constraint['type'] === 'foreign_key' ? relationOf(constraint['to'], node, manifest) : undefined
    return to === undefined ? constraint : { ...constraint, to }
  }
  const constraints = node.constraints.map(resolved)
  const columns = [...node.columns].map(([name, column]): [string, ColumnEntry] => [
    name,
    { ...column, constraints: column.constraints.map(resolved) },
  ])
  return { ...node, constraints, columns: new Map(columns) }
}

function relationOf(to: unknown, node: Node, { nodes, sources }: Manifest): string | undefined {
  const { ref, source } = namedIn(to)
  const parents = node.dependsOnNodes
  if (ref !== undefined) {
    const targets = parents.flatMap((id) => nodes.get(id) ?? [])
    return targets.find((target) => refersTo(ref, target))?.relationName ?? undefined
  }
  const targets = parents.flatMap((id) => sources.get(id) ?? [])
  return (
    targets.find((target) => target.sourceName === source?.[0] && target.name === source[1])?.relationName ?? undefined
  )
}
