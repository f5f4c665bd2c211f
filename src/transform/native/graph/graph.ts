import type { Manifest } from '../parse/nodes.ts'
import { selectablesOf } from './selectable.ts'

/** Who depends on whom: parents and children of all that a manifest has, tests and exposures included. */
export interface Graph {
  readonly parents: ReadonlyMap<string, readonly string[]>
  readonly children: ReadonlyMap<string, readonly string[]>
}

export function graphOf(manifest: Manifest): Graph {
  const parents = new Map<string, readonly string[]>()
  const children = new Map<string, string[]>()
  for (const [id, one] of selectablesOf(manifest)) {
    parents.set(id, 'dependsOnNodes' in one ? one.dependsOnNodes : [])
    children.set(id, [])
  }
  for (const [id, ids] of parents) for (const parent of ids) children.get(parent)?.push(id)
  return { parents, children }
}

/** Everything reached from the start by `depth` steps (all of them when it is undefined), the start included. */
export function reached(
  start: Iterable<string>,
  edges: ReadonlyMap<string, readonly string[]>,
  depth = Infinity,
): Set<string> {
  const seen = new Set(start)
  let frontier = [...seen]
  for (let step = 0; step < depth && frontier.length > 0; step++) {
    frontier = frontier.flatMap((id) => edges.get(id) ?? []).filter((id) => !seen.has(id))
    for (const id of frontier) seen.add(id)
  }
  return seen
}

/** What stands before what in a build; other commands know no such order. */
export interface BuildOrder {
  readonly testsFirst: boolean
  /** Unit tests run before their model and hold it up; `retry` runs them after it, as any other test. */
  readonly unitTestsFirst: boolean
}

/**
 * What must end before a node may begin. A model also waits for the tests of its parents, as `dbt build` has it: bad data must not spread.
 */
export function prerequisites(
  manifest: Manifest,
  graph: Graph,
  chosen: ReadonlySet<string>,
  { testsFirst, unitTestsFirst }: BuildOrder,
): Map<string, Set<string>> {
  const needs = new Map<string, Set<string>>()
  for (const id of chosen) {
    const tested = testsFirst && !unitTestsFirst ? undefined : testedModel(id, manifest)
    const ancestors = reached(graph.parents.get(tested ?? id) ?? [], graph.parents)
    const own = new Set([...ancestors].filter((ancestor) => chosen.has(ancestor)))
    if (testsFirst && (tested ?? manifest.nodes.get(id)?.resourceType ?? 'test') !== 'test') {
      for (const test of testsOf(ancestors, manifest, graph, chosen)) own.add(test)
      if (unitTestsFirst) for (const unit of unitTestsOf(id, manifest, graph, chosen)) own.add(unit)
    }
    if (testsFirst && tested !== undefined) {
      // One after the other: those after one that failed are skipped with the model.
      const units = unitTestsOf(tested, manifest, graph, chosen)
      for (const unit of units.slice(0, units.indexOf(id))) own.add(unit)
    }
    own.delete(id)
    needs.set(id, own)
  }
  return needs
}

function unitTestsOf(id: string, manifest: Manifest, graph: Graph, chosen: ReadonlySet<string>): string[] {
  return (graph.children.get(id) ?? [])
    .filter((child) => chosen.has(child) && testedModel(child, manifest) === id)
    .sort()
}

/** The model of a unit test, which runs before the model: as soon as the model itself could be built. */
function testedModel(id: string, { described }: Manifest): string | undefined {
  const entry = described.get(id)
  return entry?.resourceType === 'unit_test' ? entry.dependsOnNodes[0] : undefined
}

/** The chosen tests that look at nothing but these nodes. */
function testsOf(ids: ReadonlySet<string>, manifest: Manifest, graph: Graph, chosen: ReadonlySet<string>): string[] {
  const candidates = [...ids].flatMap((id) => graph.children.get(id) ?? [])
  return candidates.filter(
    (id) =>
      chosen.has(id) &&
      manifest.nodes.get(id)?.resourceType === 'test' &&
      (graph.parents.get(id) ?? []).every((parent) => ids.has(parent)),
  )
}
