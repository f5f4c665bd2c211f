import { useQuery } from '@tanstack/react-query'
import type { UseQueryResult } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { ReactNode } from 'react'
import { LoadBar } from './boot-page.tsx'
import type { Answer } from './client.ts'
import { call } from './client.ts'
import { count, instant, weekday } from './format.ts'
import { AlertsPanel } from './overview-alerts.tsx'
import { Cards } from './overview-cards.tsx'
import { QualityPanel, StagesPanel, VolumePanel } from './overview-charts.tsx'
import { AccountsPanel } from './overview-accounts.tsx'
import { MoneyPanel, MoversPanel } from './overview-money.tsx'
import { useAddress, useBoot, useRefreshMs, useTitle } from './screen.ts'
import { useSpeech } from './words.ts'

export type OverviewData = Answer<'GET /api/v1/overview'>

/** The morning brief: is yesterday in, is it right, how are we doing, what must I do. One request, one object. */
export function Overview(): ReactNode {
  const { say, language } = useSpeech()
  const { date } = useAddress()
  const refetchInterval = useRefreshMs()
  const boot = useBoot().data
  useTitle(say.overview.title)
  const query: UseQueryResult<OverviewData> = useQuery({
    queryKey: ['overview', date ?? 'yesterday', language],
    queryFn: ({ signal }) => call('GET /api/v1/overview', { query: { date }, lang: language, signal }),
    enabled: boot?.ready === true,
    refetchInterval,
  })
  const { refetch } = query
  const hasRows = (boot?.progress?.rows ?? 0) > 0
  // The first rows of a first load are shown when they are there, not at the next beat.
  useEffect(() => {
    if (hasRows) void refetch()
  }, [hasRows, refetch])
  return (
    <div className="overview">
      <LoadBar boot={boot} />
      <Verdict data={query.data} />
      <Cards query={query} />
      <div className="grid">
        <AccountsPanel query={query} />
        <VolumePanel query={query} />
        <StagesPanel query={query} />
        <QualityPanel query={query} />
        <div className="stack">
          <MoneyPanel query={query} />
          <MoversPanel query={query} />
        </div>
        <AlertsPanel query={query} />
      </div>
    </div>
  )
}

/** The morning's answer as a sentence, made from the counts by rules. */
function Verdict({ data }: { readonly data: OverviewData | undefined }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.overview.verdict
  // As high as the answer will be, so that nothing below moves when it comes.
  if (!data)
    return (
      <div className="verdict verdict-wait">
        <h1>{say.overview.title}</h1>
        <p>{say.states.loading}</p>
      </div>
    )
  const { verdict, date } = data
  const day = `${date} (${weekday(date, language)})`
  const sentence =
    verdict.in === 'not_yet'
      ? said.notYet(day)
      : verdict.in === 'no'
        ? said.notIn(day)
        : { yes: said.inRight, no: said.inWrong, unknown: said.inUnknown }[verdict.right](day)
  const n = (value: number) => count(value, language)
  const parts = [
    said.partitions(n(verdict.published), n(verdict.expected)),
    ...(verdict.stale ? [said.stale(n(verdict.stale))] : []),
    ...(verdict.failed ? [said.failed(n(verdict.failed))] : []),
    ...(verdict.missing ? [said.missing(n(verdict.missing))] : []),
    ...(verdict.notDue ? [said.notDue(n(verdict.notDue))] : []),
    ...(verdict.checksFailed ? [said.checksFailed(n(verdict.checksFailed))] : []),
    ...(verdict.warned ? [said.warned(n(verdict.warned))] : []),
    ...(verdict.restated ? [said.restated(n(verdict.restated))] : []),
  ]
  const tone =
    verdict.in === 'no' || verdict.right === 'no'
      ? 'bad'
      : verdict.in === 'yes' && verdict.right === 'yes'
        ? 'good'
        : 'wait'
  return (
    <div className={`verdict verdict-${tone}`}>
      <h1>
        <span aria-hidden="true">{{ good: '✓', bad: '!', wait: '…' }[tone]}</span> {sentence}
      </h1>
      <p>
        {parts.join(' · ')} <span className="as-of">{say.bar.asOf(instant(data.asOf, data.zone))}</span>
      </p>
    </div>
  )
}
