export interface Edge {
  readonly from: string
  readonly to: string
}

/** Everything that is reached from a node over edges in one direction, without itself. Pure; the graph may have no cycle, but need not be a tree. */
export function walk(edges: readonly Edge[], start: string, direction: 'up' | 'down'): ReadonlySet<string> {
  const next = Map.groupBy(edges, (edge) => (direction === 'up' ? edge.to : edge.from))
  const found = new Set<string>()
  const waiting = [start]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop())
    for (const edge of next.get(id) ?? []) {
      const other = direction === 'up' ? edge.from : edge.to
      if (other === start || found.has(other)) continue
      found.add(other)
      waiting.push(other)
    }
  return found
}
