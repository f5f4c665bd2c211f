import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { DataTable } from './data-table.tsx'
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
      <DataTable
        label={said.platforms}
        rows={data.platforms}
        keyOf={({ platform, currency }) => `${platform} ${currency}`}
        columns={[
          { name: said.platform, isHeader: true, cell: (row) => <PlatformName row={row} /> },
          ...columns.map((name) => ({
            name: said.columns[name],
            isNumber: true,
            cell: (row: Row) => <PlatformFigure name={name} row={row} data={data} />,
          })),
        ]}
      />
    </>
  )
}

function PlatformName({ row }: { readonly row: Row }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.compare
  return (
    <>
      {platformName(row.platform)}
      <small>
        {row.currency} · {said.accounts(row.accounts)}
        {row.accountsWithoutRate > 0 && ` · ${said.withoutRate(count(row.accountsWithoutRate, language))}`}
        {row.provisional && ` · ${said.provisional}`}
      </small>
    </>
  )
}

interface PlatformFigureProps {
  readonly name: (typeof columns)[number]
  readonly row: Row
  readonly data: Compared
}

/** A figure, and whether it may be compared with the other platforms'. */
function PlatformFigure({ name, row, data }: PlatformFigureProps): ReactNode {
  const { say, language } = useSpeech()
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
  const metric = metricOf[name] ?? name
  const caveat = data.caveats.find((one) => one.platform === row.platform && one.metric === metric)
  return (
    <>
      {texts[name]}
      {caveat && <small title={caveat[language]}>{say.compare.comparable[caveat.comparable]}</small>}
    </>
  )
}

/** The words of the metric catalogue, as the mart metric_caveats has them. */
export function CaveatsPanel({ query }: Asked): ReactNode {
  const { say, language } = useSpeech()
  const said = say.compare
  return (
    <Panel name="caveats" title={said.caveats} sub={said.caveatsSub} query={query} heightPx={160}>
      {({ caveats }) => (
        <DataTable
          label={said.caveats}
          rows={caveats}
          keyOf={({ platform, metric }) => `${platform} ${metric}`}
          columns={[
            { name: said.platform, isHeader: true, cell: ({ platform }) => platformName(platform) },
            { name: said.metric, isVerbatim: true, className: 'nowrap', cell: ({ metric }) => metric },
            { name: said.standing, className: 'nowrap', cell: ({ comparable }) => said.comparable[comparable] },
            { name: said.why, className: 'words', cell: (caveat) => caveat[language] },
          ]}
        />
      )}
    </Panel>
  )
}
