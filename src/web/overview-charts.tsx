import type { UseQueryResult } from '@tanstack/react-query'
import { lazy, useEffect } from 'react'
import type { ReactNode } from 'react'
import { Figure } from './figure.tsx'
import { count, instant, platformName, undefinedMark } from './format.ts'
import type { OverviewData } from './overview.tsx'
import ScoreChart from './score-chart.tsx'
import { Panel } from './panel.tsx'
import { pivotVolume } from './series.ts'
import { useSpeech } from './words.ts'

const volumeChart = () => import('./volume-chart.tsx')
const VolumeChart = lazy(volumeChart)
const StageChart = lazy(() => import('./stage-chart.tsx'))

interface Asked {
  readonly query: UseQueryResult<OverviewData>
}

export function VolumePanel({ query }: Asked): ReactNode {
  const { say } = useSpeech()
  // Fetched while the data is still on its way: the chart does not wait for it.
  useEffect(() => void volumeChart(), [])
  return (
    <Panel
      name="volume"
      title={say.overview.volume}
      sub={say.overview.volumeSub}
      query={query}
      heightPx={300}

      source={(data) => data.sources['brief-volume']}
    >
      {(data) => <Volume data={data} />}
    </Panel>
  )
}

function Volume({ data }: { readonly data: OverviewData }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.overview
  const { platforms, days } = pivotVolume(data.volume)
  const total = data.volume.reduce((sum, row) => sum + row.rows, 0)
  const summary = said.volumeSummary(days.length, count(total, language), days[0]?.date ?? '', days.at(-1)?.date ?? '')
  return (
    <Figure
      summary={summary}
      heightPx={250}
      chart={<VolumeChart rows={data.volume} label={said.volumeSub} />}
      table={
        <table>
          <thead>
            <tr>
              <th scope="col">{said.day}</th>
              {platforms.map((platform) => (
                <th key={platform} scope="col" className="number">
                  {platformName(platform)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {days.map((row) => (
              <tr key={row.date}>
                <th scope="row">{row.date}</th>
                {platforms.map((platform) => (
                  <td key={platform} className="number">
                    {count(row[platform] ?? null, language)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      }
    />
  )
}

export function StagesPanel({ query }: Asked): ReactNode {
  const { say } = useSpeech()
  return (
    <Panel
      name="stages"
      title={say.overview.stages}
      sub={say.overview.stagesSub}
      query={query}
      heightPx={300}

      source={(data) => data.sources['brief-stages']}
    >
      {(data) => <Stages data={data} />}
    </Panel>
  )
}

function Stages({ data }: { readonly data: OverviewData }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.overview
  const names = ['extraction', 'transformation', 'loading'] as const
  return (
    <Figure
      summary={said.stagesSummary(data.stages.length)}
      heightPx={250}
      chart={<StageChart stages={data.stages} zone={data.zone} label={said.stagesSub} />}
      table={
        <table>
          <thead>
            <tr>
              <th scope="col">{said.at}</th>
              {names.map((name) => (
                <th key={name} scope="col" className="number">
                  {said.stageNames[name]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.stages.map((row) => (
              <tr key={row.runId}>
                <th scope="row">{instant(row.at, data.zone)}</th>
                {names.map((name) => (
                  <td key={name} className="number">
                    {row[name] === null
                      ? undefinedMark
                      : said.minutes(count(Math.round(row[name] * 100) / 100, language))}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      }
    />
  )
}

export function QualityPanel({ query }: Asked): ReactNode {
  const { say } = useSpeech()
  return (
    <Panel
      name="scores"
      title={say.overview.quality}
      sub={say.overview.qualitySub}
      query={query}
      heightPx={300}

      source={(data) => data.sources['brief-checks']}
    >
      {(data) => <Scores scores={data.quality} />}
    </Panel>
  )
}

/** Radar, bars and a table of the four scores: the radar for the shape, the rest to be read. */
function Scores({ scores }: { readonly scores: OverviewData['quality'] }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.overview
  const name = (dimension: OverviewData['quality'][number]['dimension']) => said.dimensions[dimension]
  const summary = said.qualitySummary(
    scores.map((one) => `${name(one.dimension)} ${count(one.score, language)}`).join(', '),
  )
  const points = scores.map((one) => ({
    name: name(one.dimension),
    score: one.score === null ? null : Number(one.score),
  }))
  return (
    <div className="scores">
      <Figure
        summary={summary}
        heightPx={220}
        chart={<ScoreChart points={points} label={said.quality} />}
        table={<ScoreTable scores={scores} />}
      />
      <ScoreTable scores={scores} />
    </div>
  )
}

function ScoreTable({ scores }: { readonly scores: OverviewData['quality'] }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.overview
  return (
    <table className="score-table">
      <thead>
        <tr>
          <th scope="col">{said.dimension}</th>
          <th scope="col" className="number">
            {said.score}
          </th>
          <th scope="col" className="number">
            {said.judged}
          </th>
          <th scope="col" className="number">
            {said.before}
          </th>
        </tr>
      </thead>
      <tbody>
        {scores.map(({ dimension, score, scoreBefore, good, judged }) => (
          <tr key={dimension}>
            <th scope="row">
              {said.dimensions[dimension]}
              <small>{said.definitions[dimension]}</small>
            </th>
            <td className="number">
              {count(score, language)}
              <meter
                min={0}
                max={100}
                value={score === null ? 0 : Number(score)}
                aria-label={said.dimensions[dimension]}
              />
            </td>
            <td className="number">
              {count(good, language)} / {count(judged, language)}
            </td>
            <td className="number">{count(scoreBefore, language)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
