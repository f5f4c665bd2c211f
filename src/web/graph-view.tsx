import { useLayoutEffect, useRef } from 'react'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'

export type GraphLayout = Answer<'GET /api/v1/runs/:runId/graph'>['layout']

interface GraphViewProps {
  readonly layout: GraphLayout
  readonly label: string
  /** What stands in a box. */
  readonly box: (id: string) => ReactNode
  readonly classOf: (id: string) => string
  readonly isLit?: ((from: string, to: string) => boolean) | undefined
  readonly chosen?: string | undefined
  readonly onChoose: (id: string) => void
}

/** Boxes and lines where the server placed them; the boxes are buttons in the order of the flow, the lines are for the eye alone. */
export function GraphView({ layout, label, box, classOf, isLit, chosen, onChoose }: GraphViewProps): ReactNode {
  const { width, height, nodes, edges } = layout
  const view = useRef<HTMLDivElement>(null)
  const begin = beginOf(nodes)
  useLayoutEffect(() => {
    if (view.current) view.current.scrollTop = begin - view.current.clientHeight / 2
  }, [begin])
  return (
    <div ref={view} className="scroll graph" tabIndex={0} role="group" aria-label={label}>
      <div className="graph-plane" style={{ width, height }}>
        <svg width={width} height={height} aria-hidden="true">
          {edges.map(({ from, to, points }) => (
            <polyline
              key={`${from} ${to}`}
              className={isLit?.(from, to) ? 'edge lit' : 'edge'}
              points={points.map(({ x, y }) => `${x},${y}`).join(' ')}
            />
          ))}
        </svg>
        {nodes.map((node) => (
          <button
            key={node.id}
            type="button"
            className={`node ${classOf(node.id)}`}
            aria-pressed={node.id === chosen}
            style={{ left: node.x, top: node.y, width: node.width, height: node.height }}
            onClick={() => onChoose(node.id)}
          >
            {box(node.id)}
          </button>
        ))}
      </div>
    </div>
  )
}

/** The middle of the boxes that nothing goes into: a tall picture that opened at its top would show an empty corner. */
function beginOf(nodes: GraphLayout['nodes']): number {
  const left = Math.min(...nodes.map(({ x }) => x))
  const first = nodes.filter(({ x }) => x === left)
  return first.reduce((sum, { y, height }) => sum + y + height / 2, 0) / Math.max(1, first.length)
}
