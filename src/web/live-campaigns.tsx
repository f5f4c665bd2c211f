import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { DataTable } from './data-table.tsx'
import { count, instant, money, platformName, share, undefinedMark } from './format.ts'
import type { LiveData } from './live.tsx'
import { Panel } from './panel.tsx'
import { useSpeech } from './words.ts'
import type { Language } from './words.ts'

/** Campaigns of the day that runs, each in its own zone and currency; money of two currencies is never added up. */
export function LiveCampaigns({
  query,
  zone,
}: {
  readonly query: UseQueryResult<LiveData>
  readonly zone: string
}): ReactNode {
  const { say } = useSpeech()
  return (
    <Panel
      name="liveCampaigns"
      title={say.live.today}
      sub={say.live.todaySub}
      query={query}
      heightPx={320}

      source={(data) => data.sources['live-campaigns']}
    >
      {(data) => <CampaignTable rows={data.campaigns} zone={zone} />}
    </Panel>
  )
}

type Row = LiveData['campaigns'][number]

function CampaignTable({ rows, zone }: { readonly rows: readonly Row[]; readonly zone: string }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.live
  const counted = (['impressions', 'clicks', 'conversions'] as const).map((name) => ({
    name: said.metrics[name],
    isNumber: true,
    cell: (one: Row) => count(one[name], language),
  }))
  return (
    <DataTable
      label={said.today}
      isTall
      rows={rows}
      keyOf={(one) => `${one.platform} ${one.accountId} ${one.campaignId} ${one.currency}`}
      columns={[
        { name: said.campaign, isHeader: true, isVerbatim: true, cell: (one) => <Named row={one} /> },
        {
          name: said.day,
          className: 'nowrap',
          cell: ({ date, zone: own }) => (
            <>
              {date} <small translate="no">{own}</small>
            </>
          ),
        },
        ...counted,
        { name: said.revenue, isNumber: true, cell: ({ revenue, currency }) => amount(revenue, currency, language) },
        { name: said.cost, isNumber: true, cell: (one) => <Cost row={one} zone={zone} /> },
        { name: said.ctr, isNumber: true, cell: ({ ctr }) => share(ctr, language) },
        {
          name: said.roas,
          isNumber: true,
          cell: ({ roas, roasWhy }) => (
            <>
              {count(roas, language)}
              {roasWhy !== null && <small>{said.roasWhy[roasWhy]}</small>}
            </>
          ),
        },
      ]}
    />
  )
}

/** Events may leave out whose money it is: then it is a number and no more. */
function amount(text: string, currency: string, language: Language): string {
  return currency === '' ? count(text, language) : money(text, currency, language)
}

function Named({ row }: { readonly row: Row }): ReactNode {
  return (
    <>
      <span className="nowrap">{row.campaignId}</span>
      <small>{[platformName(row.platform), row.accountId, row.currency].filter(Boolean).join(' · ')}</small>
    </>
  )
}

function Cost({ row, zone }: { readonly row: Row; readonly zone: string }): ReactNode {
  const { say, language } = useSpeech()
  return (
    <>
      {row.costSource === null ? undefinedMark : amount(row.cost, row.currency, language)}
      {row.costSource === 'provisional' && <small>{say.live.provisional(instant(row.costAsOf, zone, 'minute'))}</small>}
    </>
  )
}
