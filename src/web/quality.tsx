import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { call } from './client.ts'
import { count } from './format.ts'
import { Incidents } from './incidents.tsx'
import { Panel } from './panel.tsx'
import { QualityScores } from './quality-scores.tsx'
import { useAddress, useRefreshMs, useTitle } from './screen.ts'
import { useSpeech } from './words.ts'

type Data = Answer<'GET /api/v1/quality'>
type Check = Data['checks'][number]

/** The worst of a day's outcomes, with a shape of its own. */
function markOf({ pass, warn, fail }: Check): 'failed' | 'stale' | 'published' | 'not_due' {
  return fail > 0 ? 'failed' : warn > 0 ? 'stale' : pass > 0 ? 'published' : 'not_due'
}
const shapes = { failed: '✕', stale: '▲', published: '✓', not_due: '·' } as const

/** Every check of the day with its week, and the rows that failed. */
export function Quality(): ReactNode {
  const { say, language } = useSpeech()
  const { date } = useAddress()
  const refetchInterval = useRefreshMs()
  const said = say.quality
  useTitle(say.nav.quality)
  const query = useQuery({
    queryKey: ['quality', date ?? 'yesterday', language],
    queryFn: ({ signal }) => call('GET /api/v1/quality', { query: { date }, lang: language, signal }),
    refetchInterval,
  })
  return (
    <div className="stack">
      <h1>
        {say.nav.quality} {query.data?.date}
      </h1>
      <Incidents />
      <Panel
        name="checks"
        title={said.checks}
        sub={said.sub}
        query={query}
        heightPx={420}

        source={(data) => data.sources['quality-checks']}
      >
        {(data) => <CheckTable data={data} />}
      </Panel>
      <Panel
        name="scoreDays"
        title={said.scores}
        sub={said.scoresSub}
        query={query}
        heightPx={160}

        source={(data) => data.sources['quality-scores']}
      >
        {(data) => <QualityScores data={data} />}
      </Panel>
      <Panel
        name="contracts"
        title={said.contracts}
        sub={said.contractsSub}
        query={query}
        heightPx={80}

        source={(data) => data.sources['quality-contracts']}
      >
        {(data) => <Contracts data={data} />}
      </Panel>
      <Panel
        name="samples"
        title={said.samples}
        query={query}
        heightPx={120}

        source={(data) => data.sources['quality-samples']}
      >
        {(data) => (
          <pre className="log" translate="no" tabIndex={0} role="group" aria-label={said.samples}>
            {data.samples
              .map(({ checkId, partition, row }) => `${checkId}  ${partition}  ${JSON.stringify(row)}`)
              .join('\n')}
          </pre>
        )}
      </Panel>
    </div>
  )
}

function Contracts({ data }: { readonly data: Data }): ReactNode {
  const { say } = useSpeech()
  return (
    <pre className="log" translate="no" tabIndex={0} role="group" aria-label={say.quality.contracts}>
      {data.contracts
        .map(({ platform, accountId, lines }) => [`${platform}/${accountId}`, ...lines].join('\n'))
        .join('\n\n')}
    </pre>
  )
}

function CheckTable({ data }: { readonly data: Data }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.quality
  const days = [...new Set(data.checks.map(({ date }) => date))].sort()
  const byCheck = [...Map.groupBy(data.checks, ({ checkId }) => checkId)]
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={said.checks}>
      <table>
        <thead>
          <tr>
            <th scope="col">{said.check}</th>
            {days.map((day) => (
              <th key={day} scope="col" className="cell">
                {day.slice(5)}
              </th>
            ))}
            <th scope="col" className="number">
              {said.passed}
            </th>
            <th scope="col" className="number">
              {said.rows}
            </th>
            <th scope="col">{said.onFail}</th>
          </tr>
        </thead>
        <tbody>
          {byCheck.map(([checkId, own]) => {
            const today = own.find(({ date }) => date === data.date)
            return (
              <tr key={checkId}>
                <th scope="row">
                  <span translate="no">{checkId}</span>
                  <small>{dimensionName(own[0]?.dimension ?? '', said.axes)}</small>
                </th>
                {days.map((day) => {
                  const found = own.find(({ date }) => date === day)
                  const mark = found ? markOf(found) : 'not_due'
                  return (
                    <td key={day} className="cell">
                      <span className={`mark mark-${mark}`} title={said.marks[mark]}>
                        <span aria-hidden="true">{shapes[mark]}</span>
                        <span className="hidden">{said.marks[mark]}</span>
                      </span>
                    </td>
                  )
                })}
                <td className="number">
                  {today
                    ? `${count(today.pass, language)} / ${count(today.pass + today.warn + today.fail, language)}`
                    : '–'}
                </td>
                <td className="number">
                  {today ? `${count(today.failing, language)} / ${count(today.tested, language)}` : '–'}
                </td>
                <td>{own[0]?.blocking ? said.blocks : said.warns}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

/** The standard's name of a dimension in the reader's words; one of the project's own checks is as its file has it. */
function dimensionName(dimension: string, axes: Readonly<Record<string, string>>): string {
  // What the Open Data Contract Standard calls conformity, scores call validity.
  return axes[dimension === 'conformity' ? 'validity' : dimension] ?? dimension
}
