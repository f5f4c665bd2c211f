import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Compared } from './compare.tsx'
import { count, money, platformName, share } from './format.ts'
import { Panel } from './panel.tsx'
import { useSpeech } from './words.ts'

type Row = Compared['platforms'][number]
interface Asked {
  readonly query: UseQueryResult<Compared>
}

const columns = [
  'cost',
  'costShare',
  'impressions',
  'clicks',
  'linkClicks',
  'conversions',
  'ctr',
  'cpc',
  'cpa',
  'roas',
] as const

/** What stands in the caveats of the catalogue where a column's name differs. */
const metricOf: Readonly<Partial<Record<(typeof columns)[number], string>>> = { linkClicks: 'link_clicks' }

export function PlatformsPanel({ query }: Asked): ReactNode {
  const { say } = useSpeech()
  const said = say.compare
  return (
    <Panel
      name="platforms"
      title={said.platforms}
      sub={said.platformsSub}
      query={query}
      heightPx={260}

      source={(data) => data.sources['compare-platforms']}
    >
      {(data) => <Platforms data={data} />}
    </Panel>
  )
}

function Platforms({ data }: { readonly data: Compared }): ReactNode {
  const { say } = useSpeech()
  const said = say.compare
  return (
    <>
      <p className="sub">
        {data.from} – {data.to} · {data.currency === null ? said.notConverted : said.converted(data.currency)}
      </p>
      <div className="scroll" tabIndex={0} role="group" aria-label={said.platforms}>
        <table>
          <thead>
            <tr>
              <th scope="col">{said.platform}</th>
              {columns.map((name) => (
                <th key={name} scope="col" className="number">
                  {said.columns[name]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.platforms.map((row) => (
              <PlatformRow key={`${row.platform} ${row.currency}`} row={row} data={data} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

function PlatformRow({ row, data }: { readonly row: Row; readonly data: Compared }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.compare
  const texts = {
    cost: money(row.cost, row.currency, language),
    costShare: share(row.costShare, language, 1),
    impressions: count(row.impressions, language),
    clicks: count(row.clicks, language),
    linkClicks: count(row.linkClicks, language),
    conversions: count(row.conversions, language),
    ctr: share(row.ctr, language),
    cpc: money(row.cpc, row.currency, language),
    cpa: money(row.cpa, row.currency, language),
    roas: count(row.roas, language),
  }
  return (
    <tr>
      <th scope="row">
        {platformName(row.platform)}
        <small>
          {row.currency} · {count(row.accounts, language)} {said.accounts}
          {row.accountsWithoutRate > 0 && ` · ${said.withoutRate(count(row.accountsWithoutRate, language))}`}
          {row.provisional && ` · ${said.provisional}`}
        </small>
      </th>
      {columns.map((name) => {
        const caveat = data.caveats.find(
          (one) => one.platform === row.platform && one.metric === (metricOf[name] ?? name),
        )
        return (
          <td key={name} className="number">
            {texts[name]}
            {caveat && <small title={caveat[language]}>{said.comparable[caveat.comparable]}</small>}
          </td>
        )
      })}
    </tr>
  )
}

/** The words of the metric catalogue, as the mart metric_caveats has them. */
export function CaveatsPanel({ query }: Asked): ReactNode {
  const { say, language } = useSpeech()
  const said = say.compare
  return (
    <Panel name="caveats" title={said.caveats} sub={said.caveatsSub} query={query} heightPx={160}>
      {({ caveats }) => (
        <div className="scroll" tabIndex={0} role="group" aria-label={said.caveats}>
          <table>
            <thead>
              <tr>
                {[said.platform, said.metric, said.standing, said.why].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {caveats.map((one) => (
                <tr key={`${one.platform} ${one.metric}`}>
                  <th scope="row">{platformName(one.platform)}</th>
                  <td translate="no" className="nowrap">
                    {one.metric}
                  </td>
                  <td className="nowrap">{said.comparable[one.comparable]}</td>
                  <td className="words">{one[language]}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}
