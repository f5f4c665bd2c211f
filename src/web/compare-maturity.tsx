import { useQuery } from '@tanstack/react-query'
import { lazy } from 'react'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { call } from './client.ts'
import { PlainTable } from './data-table.tsx'
import { Figure } from './figure.tsx'
import { count, platformName, share } from './format.ts'
import { Panel } from './panel.tsx'
import { useGo, useRefreshMs, useValues } from './screen.ts'
import { useSpeech } from './words.ts'

const MaturityChart = lazy(() => import('./maturity-chart.tsx'))

export type MaturityData = Answer<'GET /api/v1/compare/maturity'>

const horizons = [3, 7, 14, 28] as const
const metrics = ['cost', 'impressions', 'clicks', 'conversions', 'conversion_value'] as const

/** How old a day has to be before its numbers stand still, from what the platforms did. */
export function MaturityPanel(): ReactNode {
  const { say, language } = useSpeech()
  const said = say.compare
  const values = useValues()
  const go = useGo()
  const horizon = horizons.find((one) => String(one) === values['horizon']) ?? 28
  const metric = metrics.find((one) => one === values['metric']) ?? 'conversions'
  const query = useQuery({
    queryKey: ['maturity', horizon, language],
    queryFn: ({ signal }) => call('GET /api/v1/compare/maturity', { query: { horizon }, lang: language, signal }),
    refetchInterval: useRefreshMs(),
  })
  return (
    <Panel
      name="maturity"
      title={said.maturity}
      sub={said.maturitySub}
      query={query}
      heightPx={340}

      source={({ sources }) => sources['maturity-curve']}
      actions={
        <>
          <select
            aria-label={said.metric}
            value={metric}
            onChange={({ target }) => go({ metric: target.value === 'conversions' ? undefined : target.value })}
          >
            {metrics.map((one) => (
              <option key={one} value={one}>
                {said.metrics[one]}
              </option>
            ))}
          </select>
          <select
            aria-label={said.horizon}
            value={horizon}
            onChange={({ target }) => go({ horizon: target.value === '28' ? undefined : target.value })}
          >
            {horizons.map((one) => (
              <option key={one} value={one}>
                {said.days(one)}
              </option>
            ))}
          </select>
        </>
      }
    >
      {(data) => <Curve data={data} metric={metric} />}
    </Panel>
  )
}

function Curve({
  data,
  metric,
}: {
  readonly data: MaturityData
  readonly metric: (typeof metrics)[number]
}): ReactNode {
  const { say, language } = useSpeech()
  const said = say.compare
  const own = data.curve.filter((one) => one.metric === metric)
  const platforms = [...new Set(own.map((one) => one.platform))]
  const ages = [...new Set(own.map((one) => one.ageDays))].toSorted((a, b) => a - b)
  const shareAt = (platform: string, age: number) =>
    own.find((one) => one.platform === platform && one.ageDays === age)?.share ?? null
  const text = (value: number | null) => share(value === null ? null : String(value), language, 1)
  const rest = data.rest.filter((one) => one.metric === metric)
  return (
    <>
      <Figure
        summary={said.maturitySummary(count(platforms.length, language), said.metrics[metric])}
        heightPx={240}
        chart={
          <MaturityChart
            points={ages.map((age) => ({
              age,
              ...Object.fromEntries(platforms.map((platform) => [platform, shareAt(platform, age)])),
            }))}
            platforms={platforms}
            label={said.maturity}
          />
        }
        table={
          <PlainTable
            rows={ages}
            keyOf={String}
            columns={[
              { name: said.age, isHeader: true, cell: (age) => age },
              ...platforms.map((platform) => ({
                name: platformName(platform),
                isNumber: true,
                cell: (age: number) => text(shareAt(platform, age)),
              })),
            ]}
          />
        }
      />
      <ul className="plain">
        {rest.map((one) => (
          <li key={one.platform}>
            {platformName(one.platform)} · {said.rest}{' '}
            {one.ageDays === null ? said.never(data.horizon) : said.days(one.ageDays)}
            {one.ageDays === one.youngestDays && one.ageDays > 0 && ` · ${said.orSooner}`} ·{' '}
            {said.seenOf(count(one.days, language))}
          </li>
        ))}
      </ul>
    </>
  )
}
