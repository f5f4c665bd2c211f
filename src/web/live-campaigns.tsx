import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { count, instant, platformName, share, undefinedMark } from './format.ts'
import type { LiveData } from './live.tsx'
import { Panel } from './panel.tsx'
import { useSpeech } from './words.ts'

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

function CampaignTable({ rows, zone }: { readonly rows: LiveData['campaigns']; readonly zone: string }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.live
  const { impressions, clicks, conversions } = said.metrics
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={said.today}>
      <table>
        <thead>
          <tr>
            <th scope="col">{said.campaign}</th>
            <th scope="col">{said.day}</th>
            {[impressions, clicks, conversions, said.revenue, said.cost, said.ctr, said.roas].map((name) => (
              <th key={name} scope="col" className="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <tr key={`${one.platform} ${one.accountId} ${one.campaignId} ${one.currency}`}>
              <th scope="row">
                <span translate="no" className="nowrap">
                  {one.campaignId}
                </span>
                <small translate="no">
                  {[platformName(one.platform), one.accountId, one.currency].filter(Boolean).join(' · ')}
                </small>
              </th>
              <td className="nowrap">
                {one.date} <small translate="no">{one.zone}</small>
              </td>
              <td className="number">{count(one.impressions, language)}</td>
              <td className="number">{count(one.clicks, language)}</td>
              <td className="number">{count(one.conversions, language)}</td>
              <td className="number">{one.revenue}</td>
              <td className="number">
                {one.costSource === null ? undefinedMark : one.cost}
                {one.costSource === 'provisional' && (
                  <small>{said.provisional(instant(one.costAsOf, zone, 'minute'))}</small>
                )}
              </td>
              <td className="number">{share(one.ctr, language)}</td>
              <td className="number">
                {one.roas ?? undefinedMark}
                {one.roasWhy !== null && <small>{said.roasWhy[one.roasWhy]}</small>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
