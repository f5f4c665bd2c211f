import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { count, platformName } from './format.ts'
import { useSpeech } from './words.ts'

type Data = Answer<'GET /api/v1/quality'>
type Score = Data['scores'][number]

const axes = ['overall', 'completeness', 'accuracy', 'consistency', 'timeliness', 'validity', 'uniqueness'] as const

/** The day's scores of each platform as the checks left them, and the thirty days of the overall one. */
export function QualityScores({ data }: { readonly data: Data }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.quality
  const byPlatform = [...Map.groupBy(data.scores, ({ platform }) => platform)]
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={said.scores}>
      <table>
        <thead>
          <tr>
            <th scope="col">{said.platform}</th>
            {axes.map((axis) => (
              <th key={axis} scope="col" className="number">
                {said.axes[axis]}
              </th>
            ))}
            <th scope="col" className="number">
              {said.measured}
            </th>
            <th scope="col">{said.trend}</th>
          </tr>
        </thead>
        <tbody>
          {byPlatform.map(([platform, own]) => {
            const today = own.filter(({ date }) => date === data.date)
            const overall = today.find(({ axis }) => axis === 'overall')
            return (
              <tr key={platform}>
                <th scope="row">{platformName(platform)}</th>
                {axes.map((axis) => (
                  <td key={axis} className="number">
                    {count(today.find((one) => one.axis === axis)?.score ?? null, language)}
                  </td>
                ))}
                <td className="number">
                  {overall ? `${count(overall.measured, language)} / ${count(overall.defined, language)}` : '–'}
                </td>
                <td>
                  <Trend scores={own.filter(({ axis }) => axis === 'overall')} label={said.trend} />
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

const width = 120
const height = 24

/** A line from 0 to 100 that breaks where nothing was measured. The numbers are in its title, because nobody reads a value off it. */
function Trend({ scores, label }: { readonly scores: readonly Score[]; readonly label: string }): ReactNode {
  const step = width / Math.max(1, scores.length - 1)
  const runs = scores.map(({ score }, at) => {
    const isFirst = scores[at - 1]?.score === undefined || scores[at - 1]?.score === null
    return score === null ? '' : `${isFirst ? 'M' : 'L'}${at * step},${height - (Number(score) / 100) * height}`
  })
  const text = scores.map(({ date, score }) => `${date} ${score ?? '–'}`).join(', ')
  return (
    <svg
      width={width}
      height={height}
      viewBox={`0 -2 ${width} ${height + 4}`}
      role="img"
      aria-label={`${label}: ${text}`}
    >
      <path d={runs.join('')} fill="none" stroke="var(--google)" strokeWidth="2" />
    </svg>
  )
}
