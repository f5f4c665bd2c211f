import { useQuery } from '@tanstack/react-query'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { DataTable } from './data-table.tsx'
import { stringifySearch } from './address.ts'
import type { Answer } from './client.ts'
import { call } from './client.ts'
import { changeShare, count, dayIn, isDay, money, platformName, platformNames, share, signedShare } from './format.ts'
import { ColumnChooser, useColumns } from './campaign-columns.tsx'
import type { CampaignColumn } from './campaign-columns.tsx'
import { PasteList } from './campaign-list.tsx'
import { Panel } from './panel.tsx'
import { useGo, useRefreshMs, useTitle, useValues } from './screen.ts'
import { useSpeech } from './words.ts'
import type { Language } from './words.ts'

type Data = Answer<'GET /api/v1/campaigns'>
type Row = Data['rows'][number]

const sorts = ['cost', 'impressions', 'clicks', 'conversions', 'ctr', 'cpa', 'name'] as const

/** Sums of each campaign over the days, ratios of the sums, against as many days before. */
export function Campaigns(): ReactNode {
  const { say, language } = useSpeech()
  const refetchInterval = useRefreshMs()
  const values = useValues()
  const go = useGo()
  useTitle(say.campaigns.title)
  const sort = sorts.find((one) => one === values['sort'])
  const asked = {
    from: dayIn(values['from']),
    to: dayIn(values['to']),
    platform: values['platform'],
    currency: values['currency'],
    q: values['q'],
    selection: values['selection'],
    ...(sort && { sort }),
  }
  const query = useQuery({
    queryKey: ['campaigns', asked, language],
    queryFn: ({ signal }) => call('GET /api/v1/campaigns', { query: { ...asked, limit: 500 }, lang: language, signal }),
    refetchInterval,
  })
  const clear = () =>
    go({ platform: undefined, currency: undefined, q: undefined, from: undefined, to: undefined, selection: undefined })
  const address = (format: string) => `/api/v1/campaigns/export${stringifySearch({ ...asked, format })}`
  return (
    <div className="stack">
      <h1>{say.campaigns.title}</h1>
      <Filters query={query} />
      <Panel
        name="campaigns"
        title={say.campaigns.leaderboard}
        sub={say.campaigns.sub}
        query={query}
        heightPx={500}
        onClear={clear}
        isFiltered={[asked.q, asked.platform, asked.currency, asked.selection].some((one) => one !== undefined)}
        source={(data) => data.sources['campaigns']}
        actions={
          <>
            <a href={address('csv')} download>
              CSV
            </a>
            <a href={address('tsv')} download>
              TSV
            </a>
            <a href={address('parquet')} download>
              Parquet
            </a>
            <ColumnChooser />
          </>
        }
      >
        {(data) => <Leaderboard data={data} />}
      </Panel>
    </div>
  )
}

function Filters({ query: { data } }: { readonly query: UseQueryResult<Data> }): ReactNode {
  const { say } = useSpeech()
  const said = say.campaigns
  const values = useValues()
  const go = useGo()
  const day = (name: 'from' | 'to') => (
    <label>
      <span className="label">{said[name]}</span>
      <input
        type="date"
        value={dayIn(values[name]) ?? data?.[name] ?? ''}
        onChange={({ target }) => isDay(target.value) && go({ [name]: target.value })}
      />
    </label>
  )
  const choice = (name: 'platform' | 'currency' | 'sort', options: readonly (readonly [string, string])[]) => (
    <label>
      <span className="label">{said[name]}</span>
      <select value={values[name] ?? ''} onChange={({ target }) => go({ [name]: target.value || undefined })}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
  return (
    <div className="bar panel" role="group" aria-label={said.filters}>
      {day('from')}
      {day('to')}
      {choice('platform', [['', said.all], ...Object.entries(platformNames)])}
      {choice('currency', [['', said.all], ...['EUR', 'JPY', 'KRW', 'USD'].map((one) => [one, one] as const)])}
      {choice(
        'sort',
        sorts.map((one) => [one === 'cost' ? '' : one, one === 'name' ? said.campaign : said.columns[one]] as const),
      )}
      <PasteList />
      <label>
        <span className="label">{said.search}</span>
        <input
          type="search"
          maxLength={200}
          value={values['q'] ?? ''}
          onChange={({ target }) => go({ q: target.value || undefined })}
        />
      </label>
    </div>
  )
}

function Leaderboard({ data }: { readonly data: Data }): ReactNode {
  const { say, language } = useSpeech()
  const shown = useColumns()
  const said = say.campaigns
  return (
    <>
      <p className="sub">{said.against(data.from, data.to, data.beforeFrom, data.beforeTo)}</p>
      <DataTable<Row | Total>
        label={said.leaderboard}
        isTall
        rows={[...data.totals, ...data.rows]}
        keyOf={(row) =>
          isTotal(row) ? row.currency : `${row.platform} ${row.accountId} ${row.campaignId} ${row.currency}`
        }
        rowClass={(row) => (isTotal(row) ? 'total' : undefined)}
        columns={[
          { name: said.campaign, isHeader: true, cell: (row) => <Named row={row} /> },
          ...shown.map((name) => ({
            name: said.columns[name],
            isNumber: true,
            cell: (row: Sums) => figureOf[name](row, language),
          })),
        ]}
      />
    </>
  )
}

type Total = Data['totals'][number]

const isTotal = (row: Row | Total): row is Total => 'campaigns' in row

function Named({ row }: { readonly row: Row | Total }): ReactNode {
  const { say, language } = useSpeech()
  if (isTotal(row)) return say.campaigns.total(row.currency, count(row.campaigns, language))
  return (
    <>
      <bdi translate="no" className="name" title={row.campaignName}>
        {row.campaignName}
      </bdi>
      <small>
        {platformName(row.platform)} · <span translate="no">{row.accountName}</span>
        {row.provisional && ` · ${say.overview.completeness.provisional}`}
      </small>
    </>
  )
}

type Sums = Pick<
  Row,
  'currency' | 'cost' | 'costBefore' | 'impressions' | 'clicks' | 'conversions' | 'ctr' | 'cpc' | 'cvr' | 'cpa' | 'roas'
>

/** What stands in a column for a campaign or a total. */
const figureOf: Readonly<Record<CampaignColumn, (row: Sums, language: Language) => string>> = {
  cost: (row, language) => money(row.cost, row.currency, language),
  before: (row, language) => signedShare(changeShare(row.cost, row.costBefore), language),
  impressions: (row, language) => count(row.impressions, language),
  clicks: (row, language) => count(row.clicks, language),
  conversions: (row, language) => count(row.conversions, language),
  ctr: (row, language) => share(row.ctr, language),
  cpc: (row, language) => money(row.cpc, row.currency, language),
  cvr: (row, language) => share(row.cvr, language),
  cpa: (row, language) => money(row.cpa, row.currency, language),
  roas: (row, language) => count(row.roas, language),
}
