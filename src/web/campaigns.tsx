import { useQuery } from '@tanstack/react-query'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { stringifySearch } from './address.ts'
import type { Answer } from './client.ts'
import { call } from './client.ts'
import { changeShare, count, isDay, money, platformName, platformNames, share, signedShare } from './format.ts'
import { ColumnChooser, useColumns } from './campaign-columns.tsx'
import { PasteList } from './campaign-list.tsx'
import { Panel } from './panel.tsx'
import { useGo, useRefreshMs, useTitle, useValues } from './screen.ts'
import { useSpeech } from './words.ts'

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
    ...(isDay(values['from'] ?? '') && { from: values['from'] }),
    ...(isDay(values['to'] ?? '') && { to: values['to'] }),
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
        value={values[name] ?? data?.[name] ?? ''}
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
      <div className="scroll tall" tabIndex={0} role="group" aria-label={said.leaderboard}>
        <table>
          <thead>
            <tr>
              <th scope="col">{said.campaign}</th>
              {shown.map((name) => (
                <th key={name} scope="col" className="number">
                  {said.columns[name]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.totals.map((total) => (
              <tr key={total.currency} className="total">
                <th scope="row">{said.total(total.currency, count(total.campaigns, language))}</th>
                <Figures row={total} />
              </tr>
            ))}
            {data.rows.map((row) => (
              <tr key={`${row.platform} ${row.accountId} ${row.campaignId} ${row.currency}`}>
                <th scope="row">
                  <bdi translate="no" className="name" title={row.campaignName}>
                    {row.campaignName}
                  </bdi>
                  <small>
                    {platformName(row.platform)} · <span translate="no">{row.accountName}</span>
                    {row.provisional && ` · ${say.overview.completeness.provisional}`}
                  </small>
                </th>
                <Figures row={row} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  )
}

type Sums = Pick<
  Row,
  'currency' | 'cost' | 'costBefore' | 'impressions' | 'clicks' | 'conversions' | 'ctr' | 'cpc' | 'cvr' | 'cpa' | 'roas'
>

function Figures({ row }: { readonly row: Sums }): ReactNode {
  const { language } = useSpeech()
  const shown = useColumns()
  const cells = {
    cost: money(row.cost, row.currency, language),
    before: signedShare(changeShare(row.cost, row.costBefore), language),
    impressions: count(row.impressions, language),
    clicks: count(row.clicks, language),
    conversions: count(row.conversions, language),
    ctr: share(row.ctr, language),
    cpc: money(row.cpc, row.currency, language),
    cvr: share(row.cvr, language),
    cpa: money(row.cpa, row.currency, language),
    roas: count(row.roas, language),
  }
  return shown.map((name) => (
    <td key={name} className="number">
      {cells[name]}
    </td>
  ))
}
