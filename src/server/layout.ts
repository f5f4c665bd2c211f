import { Graph, layout as layOutGraph } from '@dagrejs/dagre'
import type { z } from 'zod'
import type { layout } from './contract-graph.ts'

export type Layout = z.input<typeof layout>

interface Box {
  readonly id: string
  readonly width: number
  readonly height: number
}

interface Edge {
  readonly from: string
  readonly to: string
}

const gapPx = { rank: 48, node: 16, margin: 8 }

/** Places the boxes of an acyclic graph from left to right, boxes of one distance from the beginning one below the other. Pure. */
export function layOut(boxes: readonly Box[], edges: readonly Edge[]): Layout {
  const graph = new Graph()
  graph.setGraph({
    rankdir: 'LR',
    ranksep: gapPx.rank,
    nodesep: gapPx.node,
    marginx: gapPx.margin,
    marginy: gapPx.margin,
  })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id, width, height } of boxes) graph.setNode(id, { width, height })
  const known = new Set(boxes.map(({ id }) => id))
  const kept = edges.filter(({ from, to }) => known.has(from) && known.has(to))
  for (const { from, to } of kept) graph.setEdge(from, to)
  layOutGraph(graph)
  const nodes = boxes.map(({ id, width, height }) => {
    const { x, y } = graph.node(id) as { readonly x: number; readonly y: number }
    return { id, x: x - width / 2, y: y - height / 2, width, height }
  })
  const { width = 0, height = 0 } = graph.graph() as { readonly width?: number; readonly height?: number }
  return {
    width: finite(width),
    height: finite(height),
    nodes: nodes.toSorted((one, other) => one.x - other.x || one.y - other.y),
    edges: kept.map(({ from, to }) => ({
      from,
      to,
      points: (graph.edge(from, to) as { readonly points: readonly { x: number; y: number }[] }).points.map(
        ({ x, y }) => ({ x, y }),
      ),
    })),
  }
}

/** Of nothing the width is minus infinity. */
const finite = (length: number) => (Number.isFinite(length) ? length : 0)

const keptMax = 50
const kept = new Map<string, Layout>()

/** The same graph is laid out once; a screen asks for it again and again. */
export function layOutOnce(boxes: readonly Box[], edges: readonly Edge[]): Layout {
  const key = JSON.stringify([boxes, edges])
  const known = kept.get(key)
  if (known) return known
  const made = layOut(boxes, edges)
  kept.set(key, made)
  const [oldest] = kept.keys()
  if (kept.size > keptMax && oldest !== undefined) kept.delete(oldest)
  return made
}
