import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { UseQueryResult } from '@tanstack/react-query'
import { lazy, useState } from 'react'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { call } from './client.ts'
import { Figure } from './figure.tsx'
import { count, instant, undefinedMark } from './format.ts'
import { LiveCampaigns } from './live-campaigns.tsx'
import { LiveCounting, LiveReconciled } from './live-counting.tsx'
import { Panel } from './panel.tsx'
import { useGo, useProject, useTitle, useValues } from './screen.ts'
import { useSpeech } from './words.ts'

const LiveChart = lazy(() => import('./live-chart.tsx'))

export type LiveData = Answer<'GET /api/v1/live'>
type Events = Answer<'GET /api/v1/live/events'>

const windows = [15, 60, 180] as const
const beatMs = 1_000

/** What is counted now: exact counters by the minute and campaign, and a look at the newest events. */
export function Live(): ReactNode {
  const { say, language } = useSpeech()
  const said = say.live
  const values = useValues()
  const [isPaused, setPaused] = useState(false)
  const zone = useProject().data?.zone ?? 'UTC'
  useTitle(say.nav.live)
  const minutes = windows.find((one) => one === Number(values['window'])) ?? windows[0]
  const campaign = values['campaign'] === '' ? undefined : values['campaign']
  const refetchInterval = isPaused ? (false as const) : beatMs
  const query = useQuery({
    queryKey: ['live', minutes, campaign ?? '', language],
    queryFn: ({ signal }) => call('GET /api/v1/live', { query: { minutes, campaign }, lang: language, signal }),
    refetchInterval,
  })
  const events = useQuery({
    queryKey: ['live-events', language],
    queryFn: ({ signal }) => call('GET /api/v1/live/events', { lang: language, signal }),
    refetchInterval,
  })
  const client = useQueryClient()
  const toggle = () => {
    setPaused(!isPaused)
    if (isPaused) void Promise.all([query.refetch(), events.refetch()])
    // What is on its way must not change a picture that is held still.
    else void Promise.all(['live', 'live-events'].map((name) => client.cancelQueries({ queryKey: [name] })))
  }
  return (
    <div className="stack">
      <h1>{say.nav.live}</h1>
      <div className="row" role="group" aria-label={said.controls}>
        <button type="button" id="live-pause" aria-pressed={isPaused} onClick={toggle}>
          {isPaused ? said.resume : said.pause}
        </button>
        <WindowPicker minutes={minutes} />
        <CampaignPicker campaign={campaign ?? ''} />
        <span role="status" className="sub">
          {isPaused ? said.paused(instant(query.data?.asOf ?? null, zone)) : said.beating}
        </span>
      </div>
      <Minutes query={query} zone={zone} />
      <LiveCampaigns query={query} zone={zone} />
      <Feed query={events} zone={zone} />
      <LiveCounting query={query} zone={zone} />
      <LiveReconciled query={query} zone={zone} />
    </div>
  )
}

function WindowPicker({ minutes }: { readonly minutes: number }): ReactNode {
  const { say } = useSpeech()
  const go = useGo()
  return (
    <label>
      <span className="label">{say.live.window}</span>
      <select value={minutes} onChange={({ target }) => go({ window: target.value })}>
        {windows.map((one) => (
          <option key={one} value={one}>
            {say.live.minutes(one)}
          </option>
        ))}
      </select>
    </label>
  )
}

function CampaignPicker({ campaign }: { readonly campaign: string }): ReactNode {
  const { say } = useSpeech()
  const go = useGo()
  return (
    <label>
      <span className="label">{say.live.campaign}</span>
      <input
        type="search"
        maxLength={64}
        defaultValue={campaign}
        placeholder={say.live.all}
        onKeyDown={({ key, currentTarget }) => key === 'Enter' && go({ campaign: currentTarget.value })}
        onBlur={({ target }) => target.value !== campaign && go({ campaign: target.value })}
      />
    </label>
  )
}

interface Asked {
  readonly query: UseQueryResult<LiveData>
  readonly zone: string
}

function Minutes({ query, zone }: Asked): ReactNode {
  const { say } = useSpeech()
  return (
    <Panel
      name="minutes"
      title={say.live.byMinute}
      sub={say.live.byMinuteSub}
      query={query}
      heightPx={300}

      source={(data) => data.sources['live-minutes']}
    >
      {(data) => <MinuteFigure data={data} zone={zone} />}
    </Panel>
  )
}

function MinuteFigure({ data, zone }: { readonly data: LiveData; readonly zone: string }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.live
  const rows = data.minutes.map(({ at, ...one }) => ({
    at,
    impressions: Number(one.impressions),
    clicks: Number(one.clicks),
    conversions: Number(one.conversions),
  }))
  const all = rows.reduce((sum, one) => sum + one.impressions + one.clicks + one.conversions, 0)
  return (
    <Figure
      summary={said.summary(count(all, language), rows.length)}
      heightPx={250}
      chart={<LiveChart rows={rows} names={said.metrics} zone={zone} label={said.byMinuteSub} />}
      table={
        <table>
          <thead>
            <tr>
              <th scope="col">{said.minute}</th>
              {[said.metrics.impressions, said.metrics.clicks, said.metrics.conversions].map((name) => (
                <th key={name} scope="col" className="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.at}>
                <th scope="row">{instant(row.at, zone, 'minute')}</th>
                {[row.impressions, row.clicks, row.conversions].map((value, place) => (
                  <td key={Object.keys(said.metrics)[place]} className="number">
                    {count(value, language)}
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

function Feed({ query, zone }: { readonly query: UseQueryResult<Events>; readonly zone: string }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.live
  return (
    <Panel name="feed" title={said.feed} sub={said.feedSub} query={query} heightPx={240}>
      {(data) => (
        <>
          <p className="sub">{said.sampled(count(data.events.length, language), count(data.end, language))}</p>
          <div className="scroll" tabIndex={0} role="group" aria-label={said.feed}>
            <table>
              <thead>
                <tr>
                  {[said.at, said.type, said.campaign, said.device, said.geo].map((name) => (
                    <th key={name} scope="col">
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {data.events.map((event, place) => (
                  // oxlint-disable-next-line react/no-array-index-key -- events have no name of their own here
                  <tr key={`${event.at} ${event.campaignId} ${place}`}>
                    <td className="nowrap">{instant(event.at, zone)}</td>
                    <td className="nowrap" translate="no">
                      {event.type}
                    </td>
                    <td className="nowrap" translate="no">
                      {event.campaignId}
                    </td>
                    <td className="nowrap" translate="no">
                      {event.device || undefinedMark}
                    </td>
                    <td className="nowrap" translate="no">
                      {event.geo || undefinedMark}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </Panel>
  )
}
