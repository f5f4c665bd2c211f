import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { call } from './client.ts'
import { count, instant, platformName } from './format.ts'
import { GraphView } from './graph-view.tsx'
import type { LineageData, LineageNode } from './lineage-list.tsx'
import { LineageList } from './lineage-list.tsx'
import { walk } from './lineage-walk.ts'
import { Panel } from './panel.tsx'
import { useGo, useProject, useRefreshMs, useTitle, useValues } from './screen.ts'
import { Tabs } from './tabs.tsx'
import type { Speech } from './words.ts'
import { useSpeech } from './words.ts'

const views = ['picture', 'list'] as const
const narrowPx = 768

/** From the platforms to the screens and mails: what is made from what. A picture where there is room, a list for everybody. */
export function Lineage(): ReactNode {
  const { say } = useSpeech()
  const said = say.lineage
  const refetchInterval = useRefreshMs()
  const zone = useProject().data?.zone ?? 'UTC'
  useTitle(say.nav.lineage)
  const query = useQuery({
    queryKey: ['lineage'],
    queryFn: ({ signal }) => call('GET /api/v1/lineage', { signal }),
    refetchInterval,
  })
  return (
    <div className="stack">
      <h1>{say.nav.lineage}</h1>
      <Panel
        name="lineage"
        title={said.title}
        sub={said.sub}
        query={query}
        heightPx={560}

        source={(data) => data.sources['lineage-ledger']}
      >
        {(data) => <Shown data={data} zone={zone} />}
      </Panel>
    </div>
  )
}

function Shown({ data, zone }: { readonly data: LineageData; readonly zone: string }): ReactNode {
  const speech = useSpeech()
  const said = speech.say.lineage
  const { view, focus } = useValues()
  const go = useGo()
  const [isNarrow] = useState(() => innerWidth < narrowPx)
  const shown = views.find((one) => one === view) ?? (isNarrow ? 'list' : 'picture')
  const node = data.nodes.find(({ id }) => id === focus)
  return (
    <Tabs label={said.view} names={views} words={said.views} shown={shown} onChoose={(next) => go({ view: next })}>
      <Impact data={data} node={node} />
      {shown === 'picture' ? (
        <Picture data={data} zone={zone} focus={node?.id} />
      ) : (
        <LineageList data={data} zone={zone} focus={node?.id} nameOf={(one) => nameOf(one, speech)} />
      )}
    </Tabs>
  )
}

/** What depends on the node that is chosen, as a sentence. */
function Impact({ data, node }: { readonly data: LineageData; readonly node: LineageNode | undefined }): ReactNode {
  const speech = useSpeech()
  const { say, language } = speech
  const said = say.lineage
  const go = useGo()
  if (!node) return null
  const { edges } = data.layout
  const down = walk(edges, node.id, 'down')
  const of = (kind: LineageNode['kind']) =>
    count(data.nodes.filter((one) => one.kind === kind && down.has(one.id)).length, language)
  return (
    <p role="status">
      <strong>{nameOf(node, speech)}</strong>: {said.impact(of('table'), of('model'), of('screen'), of('mail'))}{' '}
      {said.origin(count(walk(edges, node.id, 'up').size, language))}{' '}
      <button type="button" className="link" onClick={() => go({ focus: undefined })}>
        {said.none}
      </button>
    </p>
  )
}

interface PictureProps {
  readonly data: LineageData
  readonly zone: string
  readonly focus: string | undefined
}

function Picture({ data, zone, focus }: PictureProps): ReactNode {
  const speech = useSpeech()
  const said = speech.say.lineage
  const go = useGo()
  const { edges } = data.layout
  const lit =
    focus === undefined ? undefined : new Set([focus, ...walk(edges, focus, 'up'), ...walk(edges, focus, 'down')])
  const nodes = new Map(data.nodes.map((one) => [one.id, one]))
  return (
    <GraphView
      layout={data.layout}
      label={said.title}
      chosen={focus}
      onChoose={(id) => go({ focus: id === focus ? undefined : id })}
      isLit={(from, to) => lit?.has(from) === true && lit.has(to)}
      classOf={(id) => `node-${nodes.get(id)?.state ?? 'unknown'} ${lit && !lit.has(id) ? 'node-out' : ''}`}
      box={(id) => {
        const node = nodes.get(id)
        if (!node) return id
        return (
          <>
            <small>
              {said.kinds[node.kind]} {node.detail && <span translate="no">· {node.detail}</span>}
            </small>
            <span translate={node.kind === 'screen' || node.kind === 'mail' ? undefined : 'no'}>
              {nameOf(node, speech)}
            </span>
            {(node.rows !== null || node.freshAt !== null) && (
              <small>
                {rowsOf(node, speech)} {node.freshAt !== null && instant(node.freshAt, zone, 'minute')}
              </small>
            )}
          </>
        )
      }}
    />
  )
}

function rowsOf({ rows, kind }: LineageNode, { say, language }: Speech): string {
  if (rows === null) return ''
  const text = count(rows, language)
  return kind === 'raw' ? say.lineage.rows(text) : say.lineage.about(text)
}

/** How people call it: platforms and screens by their names, the rest as it is called in the database. */
function nameOf({ kind, name }: Pick<LineageNode, 'kind' | 'name'>, { say }: Speech): string {
  if (kind === 'platform') return platformName(name)
  if (kind === 'screen') return say.nav[name as keyof typeof say.nav] ?? name
  return kind === 'mail' ? (say.lineage.mails[name] ?? name) : name
}
