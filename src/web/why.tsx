import { useId } from 'react'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { count } from './format.ts'
import { useSpeech } from './words.ts'

export type FigureSource = Answer<'GET /api/v1/overview'>['sources'][string]

/** Says of a figure which query it is, with which values, how many rows that read, and when. A popover of the browser's own. */
export function Why({ title, source }: { readonly title: string; readonly source: FigureSource }): ReactNode {
  const { say, language } = useSpeech()
  const id = useId()
  return (
    <>
      <button
        type="button"
        className="why"
        popoverTarget={id}
        aria-label={`${say.why.open}: ${title}`}
        title={say.why.open}
      >
        ?
      </button>
      <div id={id} popover="auto" className="why-pop" role="dialog" aria-label={`${say.why.open}: ${title}`}>
        <h3>{title}</h3>
        <dl>
          <dt>{say.why.asOf}</dt>
          <dd translate="no">{source.asOf}</dd>
          <dt>{say.why.rows}</dt>
          <dd>{count(source.rows, language)}</dd>
          <dt>{say.why.values}</dt>
          <dd translate="no">
            {source.values.map((value, at) => `$${at + 1} = ${value ?? 'null'}`).join(' · ') || '–'}
          </dd>
        </dl>
        <h4>{say.why.query}</h4>
        <pre translate="no" tabIndex={0} role="group" aria-label={say.why.query}>
          {source.query.trim()}
        </pre>
        <button type="button" popoverTarget={id} popoverTargetAction="hide">
          {say.why.close}
        </button>
      </div>
    </>
  )
}
