import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { instant } from './format.ts'
import { useGo } from './screen.ts'
import { useSpeech } from './words.ts'

export type LineageData = Answer<'GET /api/v1/lineage'>
export type LineageNode = LineageData['nodes'][number]

interface LineageListProps {
  readonly data: LineageData
  readonly zone: string
  readonly focus: string | undefined
  readonly nameOf: (node: LineageNode) => string
}

/** The same as the picture, one row a node in the order of the flow, what it is made from and goes into as text. */
export function LineageList({ data, zone, focus, nameOf }: LineageListProps): ReactNode {
  const { say } = useSpeech()
  const said = say.lineage
  const go = useGo()
  const nodes = new Map(data.nodes.map((one) => [one.id, one]))
  const names = (ids: readonly string[]) =>
    ids
      .flatMap((id) => nodes.get(id) ?? [])
      .map(nameOf)
      .join(', ') || '–'
  const { edges } = data.layout
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={said.title}>
      <table className="wide-cells">
        <thead>
          <tr>
            {[said.name, said.state, said.from, said.into].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.layout.nodes.map(({ id }) => {
            const node = nodes.get(id)
            if (!node) return null
            return (
              <tr key={id} className={id === focus ? 'marked' : ''}>
                <th scope="row">
                  <button
                    type="button"
                    className="link"
                    aria-pressed={id === focus}
                    onClick={() => go({ focus: id === focus ? undefined : id })}
                  >
                    {nameOf(node)}
                  </button>
                  <small>
                    {said.kinds[node.kind]} <span translate="no">{node.detail}</span>
                  </small>
                </th>
                <td>
                  {said.states[node.state]}
                  {node.freshAt !== null && <small>{instant(node.freshAt, zone, 'minute')}</small>}
                </td>
                <td>{names(edges.filter(({ to }) => to === id).map(({ from }) => from))}</td>
                <td>{names(edges.filter(({ from }) => from === id).map(({ to }) => to))}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
