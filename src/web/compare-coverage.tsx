import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { call } from './client.ts'
import { DataTable } from './data-table.tsx'
import { count, dayIn, platformName, shiftDay } from './format.ts'
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
  const asked = { month: dayIn(`${month}-01`)?.slice(0, 7) }
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
  const days = data.accounts[0]?.days ?? []
  return (
    <>
      <DataTable
        label={`${said.coverage} ${data.month}`}
        className="calendar"
        rows={data.accounts}
        keyOf={({ platform, accountId }) => `${platform} ${accountId}`}
        columns={[
          {
            name: said.account,
            isHeader: true,
            cell: ({ name, platform }) => (
              <>
                <span translate="no">{name}</span>
                <small>{platformName(platform)}</small>
              </>
            ),
          },
          ...days.map(({ date }, at) => ({
            name: date.slice(8),
            abbr: date,
            className: 'cell',
            cell: (one: Data['accounts'][number]) => {
              const cell = one.days[at]
              return cell && <Mark cell={cell} text={textOf(cell)} />
            },
          })),
        ]}
      />
      <p className="sub">
        {Object.entries(shapes)
          .map(([state, shape]) => `${shape} ${states[state as keyof typeof shapes]}`)
          .join(' · ')}
        . {said.legend}
      </p>
    </>
  )
}

function Mark({ cell: { state, completeness }, text }: { readonly cell: Cell; readonly text: string }): ReactNode {
  return (
    <span className={`mark mark-${state} ${completeness === 'final' ? '' : 'mark-open'}`} title={text}>
      <span aria-hidden="true">{shapes[state]}</span>
      <span className="hidden">{text}</span>
    </span>
  )
}
