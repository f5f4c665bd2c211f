import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { UseQueryResult } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { ApiError, call } from './client.ts'
import { Begin, Dialog } from './dialog.tsx'
import { count, duration, isDay, platformName, share, shiftDay } from './format.ts'
import { ErrorBox } from './panel.tsx'
import { useSpeech } from './words.ts'

type Plan = Answer<'GET /api/v1/backfills/plan'>
const modes = ['missing', 'failed', 'stale', 'all'] as const

/** Which days, and before anything begins: how many, how many questions of how many allowed, how many minutes. */
export function BackfillDialog({
  yesterday,
  onClose,
}: {
  readonly yesterday: string
  readonly onClose: () => void
}): ReactNode {
  const { say, language } = useSpeech()
  const said = say.runs
  const client = useQueryClient()
  const [since, setSince] = useState(shiftDay(yesterday, -29))
  const [until, setUntil] = useState(yesterday)
  const [reprocess, setReprocess] = useState<(typeof modes)[number]>('missing')
  const isRange = since <= until
  const plan = useQuery({
    queryKey: ['backfill-plan', since, until, reprocess, language],
    queryFn: ({ signal }) =>
      call('GET /api/v1/backfills/plan', { query: { since, until, reprocess }, lang: language, signal }),
    enabled: isRange,
    placeholderData: () => undefined,
  })
  const start = useMutation({
    mutationFn: () => call('POST /api/v1/backfills', { body: { since, until, reprocess }, lang: language }),
    onSuccess: onClose,
    onSettled: () => client.invalidateQueries(),
  })
  const dayField = (label: string, value: string, set: (day: string) => void) => (
    <label>
      <span className="label">{label}</span>
      <input
        type="date"
        value={value}
        max={yesterday}
        onChange={({ target }) => isDay(target.value) && set(target.value)}
      />
    </label>
  )
  return (
    <Dialog title={said.backfill} onClose={onClose}>
      <div className="bar" role="group" aria-label={said.scope}>
        {dayField(said.since, since, setSince)}
        {dayField(said.until, until, setUntil)}
        <label>
          <span className="label">{said.which}</span>
          <select
            value={reprocess}
            onChange={({ target }) => setReprocess(modes.find((one) => one === target.value) ?? 'missing')}
          >
            {modes.map((one) => (
              <option key={one} value={one}>
                {said.reprocess[one]}
              </option>
            ))}
          </select>
        </label>
      </div>
      <PlanSection isRange={isRange} plan={plan} />
      <Begin
        isReady={plan.data !== undefined && plan.data.partitions > 0 && !start.isPending && !plan.isFetching}
        error={start.error}
        onStart={() => start.mutate()}
        onClose={onClose}
      />
    </Dialog>
  )
}

function PlanSection({ isRange, plan }: { readonly isRange: boolean; readonly plan: UseQueryResult<Plan> }): ReactNode {
  const { say } = useSpeech()
  const said = say.runs
  return (
    <section aria-label={said.plan} aria-busy={plan.isFetching}>
      <h3>{said.plan}</h3>
      {!isRange && <p role="alert">{said.rangeWrong}</p>}
      {plan.isFetching && !plan.data && <p role="status">{said.planning}</p>}
      {plan.error instanceof ApiError && <ErrorBox problem={plan.error.problem} />}
      {plan.data && <PlanText plan={plan.data} />}
    </section>
  )
}

function PlanText({ plan }: { readonly plan: Plan }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.runs
  if (plan.partitions === 0) return <p>{said.planNothing}</p>
  const [newest] = plan.days
  const oldest = plan.days.at(-1)
  return (
    <>
      <p>
        {said.planDays(
          count(plan.days.length, language),
          count(plan.partitions, language),
          oldest?.date ?? '',
          newest?.date ?? '',
        )}
      </p>
      <ul className="plain">
        {plan.questions.map(({ platform, planned, usedToday, perDayMax }) => (
          <li key={platform}>
            {said.planQuestions(platformName(platform), count(planned, language), count(usedToday, language))}
            {perDayMax === null
              ? ` · ${said.noQuota}`
              : ` · ${said.quota(count(perDayMax, language), share(String((planned + usedToday) / perDayMax), language, 1))}`}
          </li>
        ))}
      </ul>
      <p>{plan.minutes === null ? said.noMinutes : said.planMinutes(duration(plan.minutes * 60, language))}</p>
      <details>
        <summary>{said.planDates}</summary>
        <p className="dates">{plan.days.map(({ date }) => date).join(' ')}</p>
      </details>
    </>
  )
}
