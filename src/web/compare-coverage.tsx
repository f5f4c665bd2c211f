import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { call } from './client.ts'
import { count, platformName, shiftDay } from './format.ts'
import { Panel } from './panel.tsx'
import { useGo, useRefreshMs, useValues } from './screen.ts'
import { useSpeech } from './words.ts'

type Data = Answer<'GET /api/v1/compare/coverage'>
type Cell = Data['accounts'][number]['days'][number]

const shapes = { published: '✓', stale: '▲', failed: '✕', missing: '○', not_due: '·' } as const

/** A month of every account, day by day. */
export function CoveragePanel(): ReactNode {
  const { say, language } = useSpeech()
  const said = say.compare
  const month = useValues()['month']
  const go = useGo()
  const asked = month !== undefined && /^\d{4}-\d{2}$/.test(month) ? { month } : {}
  const query = useQuery({
    queryKey: ['coverage', asked, language],
    queryFn: ({ signal }) => call('GET /api/v1/compare/coverage', { query: asked, lang: language, signal }),
    refetchInterval: useRefreshMs(),
  })
  const data = query.data
  const step = (days: number, from: 'from' | 'to') => data && go({ month: shiftDay(data[from], days).slice(0, 7) })
  return (
    <Panel
      name="coverage"
      title={said.coverage}
      sub={said.coverageSub}
      query={query}
      heightPx={320}

      source={({ sources }) => sources['compare-days']}
      actions={
        <span className="day">
          <button type="button" aria-label={said.previousMonth} onClick={() => step(-1, 'from')}>
            ‹
          </button>
          <span className="nowrap">{data?.month ?? ''}</span>
          <button type="button" aria-label={said.nextMonth} onClick={() => step(1, 'to')}>
            ›
          </button>
        </span>
      }
    >
      {(shown) => <Calendar data={shown} />}
    </Panel>
  )
}

function Calendar({ data }: { readonly data: Data }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.compare
  const states = say.overview.partitionStates
  const textOf = ({ date, state, completeness, levels }: Cell) => {
    const rest = `${completeness ? said.completeness[completeness] : ''}${levels > 1 ? said.levels(count(levels, language)) : ''}`
    return said.cell(date, states[state], rest)
  }
  return (
    <>
      <div className="scroll" tabIndex={0} role="group" aria-label={`${said.coverage} ${data.month}`}>
        <table className="calendar">
          <thead>
            <tr>
              <th scope="col">{said.account}</th>
              {data.accounts[0]?.days.map(({ date }) => (
                <th key={date} scope="col" className="cell" abbr={date}>
                  {date.slice(8)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.accounts.map((one) => (
              <tr key={`${one.platform} ${one.accountId}`}>
                <th scope="row">
                  <span translate="no">{one.name}</span>
                  <small>{platformName(one.platform)}</small>
                </th>
                {one.days.map((cell) => (
                  <td key={cell.date} className="cell">
                    <span
                      className={`mark mark-${cell.state} ${cell.completeness === 'final' ? '' : 'mark-open'}`}
                      title={textOf(cell)}
                    >
                      <span aria-hidden="true">{shapes[cell.state]}</span>
                      <span className="hidden">{textOf(cell)}</span>
                    </span>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="sub">
        {Object.entries(shapes)
          .map(([state, shape]) => `${shape} ${states[state as keyof typeof shapes]}`)
          .join(' · ')}
        . {said.legend}
      </p>
    </>
  )
}
