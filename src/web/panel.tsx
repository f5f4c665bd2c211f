import type { UseQueryResult } from '@tanstack/react-query'
import { useId } from 'react'
import type { ReactNode } from 'react'
import { ageOf } from './browser-clock.ts'
import type { Problem } from './client.ts'
import { duration } from './format.ts'
import { panelRules } from './panel-rules.ts'
import type { Emptiness, Narrowed, PanelData, PanelName } from './panel-rules.ts'
import { panelState } from './panel-state.ts'
import type { FigureSource } from './why.tsx'
import { Why } from './why.tsx'
import { useSpeech } from './words.ts'

interface PanelProps<Name extends PanelName, Data> {
  /** Which of the panels it is: what it makes of nothing is its rule. */
  readonly name: Name
  readonly title: string
  readonly sub?: string
  readonly query: UseQueryResult<Data>
  /** Of the final content, so that nothing moves when it comes. */
  readonly heightPx: number
  /** The reader has narrowed what is asked for. */
  readonly isFiltered?: boolean
  /** What is said where there truly is none, when there is more to say than that. */
  readonly none?: string | undefined
  readonly source?: ((data: Data) => FigureSource | undefined) | undefined
  readonly onClear?: (() => void) | undefined
  readonly actions?: ReactNode
  readonly className?: string
  readonly children: (data: Data) => ReactNode
}

/** A part of a screen that shows data, in all of its seven states. */
export function Panel<Name extends PanelName, Data extends PanelData<Name>>(props: PanelProps<Name, Data>): ReactNode {
  const { name, title, sub, query, isFiltered = false, source, className = '', actions } = props
  const rule = panelRules[name] as (data: Data, narrowed: Narrowed) => Emptiness | null
  const id = useId()
  const data = query.data
  const state = panelState({
    hasData: data !== undefined,
    error: query.error,
    ageSeconds: ageOf(query.dataUpdatedAt),
    emptiness: data === undefined ? null : rule(data, { isFiltered }),
  })
  const from = data !== undefined && source ? source(data) : undefined
  return (
    <section className={`panel ${className}`} aria-labelledby={id} aria-busy={state.kind === 'loading'}>
      <header className="panel-head">
        <div>
          <h2 id={id}>{title}</h2>
          {sub !== undefined && <p className="sub">{sub}</p>}
        </div>
        <div className="panel-actions">
          {actions}
          {from && <Why title={title} source={from} />}
        </div>
      </header>
      <PanelBody {...props} state={state} />
    </section>
  )
}

function PanelBody<Name extends PanelName, Data>({
  query,
  heightPx,
  onClear,
  none,
  children,
  state,
}: PanelProps<Name, Data> & { readonly state: ReturnType<typeof panelState> }): ReactNode {
  const { say, language } = useSpeech()
  const data = query.data
  if (state.kind === 'loading')
    return <div className="skeleton" role="status" aria-label={say.states.loading} style={{ height: heightPx }} />
  if (state.kind === 'error') return <ErrorBox problem={state.problem} onRetry={() => void query.refetch()} />
  if (state.kind === 'empty') return <Empty why={state.why} onClear={onClear} none={none} />
  return (
    <>
      {state.kind === 'stale' && (
        <p className="ribbon" role="status">
          {say.states.stale(duration(state.ageSeconds, language))}
        </p>
      )}
      {data !== undefined && children(data)}
    </>
  )
}

interface EmptyProps {
  readonly why: Emptiness
  readonly onClear: (() => void) | undefined
  readonly none: string | undefined
}

function Empty({ why, onClear, none }: EmptyProps): ReactNode {
  const { say } = useSpeech()
  const reasons = { not_due: say.states.notDueWhy, late: say.states.lateWhy, filtered: '', zero: say.states.zeroWhy }
  return (
    <div className={`empty empty-${why}`} role="status">
      <strong>{why === 'zero' && none !== undefined ? none : say.states[why]}</strong>
      <span>{reasons[why]}</span>
      {why === 'filtered' && onClear && (
        <button type="button" onClick={onClear}>
          {say.states.clear}
        </button>
      )}
    </div>
  )
}

/** What went wrong, why, and what to do: the words of the command line. */
export function ErrorBox({
  problem,
  onRetry,
}: {
  readonly problem: Problem
  readonly onRetry?: () => void
}): ReactNode {
  const { say } = useSpeech()
  const isAway = problem.status === 0
  const text = isAway
    ? { title: say.states.unreachable, detail: say.states.unreachableWhy, fix: say.states.unreachableFix }
    : problem
  return (
    <div className="error" role="alert">
      <strong>{text.title || say.states.error}</strong> <code translate="no">{problem.code}</code>
      <p>{text.detail}</p>
      <p>{text.fix}</p>
      <div className="row">
        {onRetry && (
          <button type="button" onClick={onRetry}>
            {say.states.retry}
          </button>
        )}
        <button type="button" onClick={() => void navigator.clipboard?.writeText(JSON.stringify(problem, null, 2))}>
          {say.states.copyDetails}
        </button>
      </div>
    </div>
  )
}
