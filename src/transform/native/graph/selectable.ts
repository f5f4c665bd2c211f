import type { DescribedEntry, Manifest, Node, Source } from '../parse/nodes.ts'

/** Everything that has a place in the graph. */
export type Selectable = Node | Source | DescribedEntry

/** Everything of a project that can be selected, by its unique id. A group has no place in the graph. */
export function selectablesOf(manifest: Manifest): Map<string, Selectable> {
  const described = [...manifest.described].filter(([, entry]) => entry.resourceType !== 'group')
  return new Map<string, Selectable>([...manifest.nodes, ...manifest.sources, ...described])
}

export function isNode(one: Selectable): one is Node {
  return 'rawCode' in one
}

/** Tests come along with what they look at. */
export function isTest(one: Selectable | undefined): boolean {
  return one?.resourceType === 'test' || one?.resourceType === 'unit_test'
}
