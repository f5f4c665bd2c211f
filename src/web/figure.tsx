import { Suspense, useState } from 'react'
import type { ReactNode } from 'react'
import { useSpeech } from './words.ts'

interface FigureProps {
  readonly summary: string
  readonly heightPx: number
  readonly chart: ReactNode
  readonly table: ReactNode
}

/** A chart with a sentence that says what it shows and a table of the same numbers for whoever cannot read it. */
export function Figure({ summary, heightPx, chart, table }: FigureProps): ReactNode {
  const { say } = useSpeech()
  const [asTable, setAsTable] = useState(false)
  return (
    <figure className="figure">
      {asTable ? (
        <div className="scroll" tabIndex={0} role="group" aria-label={summary} style={{ maxHeight: heightPx }}>
          {table}
        </div>
      ) : (
        <div style={{ height: heightPx }}>
          <Suspense fallback={<div className="skeleton" style={{ height: heightPx }} />}>{chart}</Suspense>
        </div>
      )}
      <figcaption>
        <span>{summary}</span>
        <button type="button" className="link" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
          {asTable ? say.chart.asChart : say.chart.asTable}
        </button>
      </figcaption>
    </figure>
  )
}
