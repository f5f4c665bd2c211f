import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ApiError, call } from './client.ts'
import { ErrorBox } from './panel.tsx'
import { useAddress, useProject } from './screen.ts'
import { useSpeech } from './words.ts'

/** Pausing the schedule and going on with it, and making a run of the day that the page is about. */
export function ScheduleSwitch(): ReactNode {
  const { say, language } = useSpeech()
  const said = say.runs
  const client = useQueryClient()
  const { date } = useAddress()
  const today = useProject().data?.today
  const query = useQuery({
    queryKey: ['pipelines'],
    queryFn: ({ signal }) => call('GET /api/v1/pipelines', { signal }),
    refetchInterval: 30_000,
  })
  const [one] = query.data?.pipelines ?? []
  const pause = useMutation({
    mutationFn: (paused: boolean) =>
      call('POST /api/v1/pipelines/:pipeline', {
        params: { pipeline: one?.pipeline ?? '' },
        body: { paused },
        lang: language,
      }),
    onSettled: () => client.invalidateQueries(),
  })
  const run = useMutation({
    mutationFn: (day: string) =>
      call('POST /api/v1/runs', { body: { pipeline: one?.pipeline ?? '', date: day }, lang: language }),
    onSettled: () => client.invalidateQueries(),
  })
  if (!one) return null
  const error = pause.error ?? run.error
  return (
    <div className="row">
      {one.paused && <span role="status">{said.paused}</span>}
      {date !== undefined && date !== today && (
        <button type="button" disabled={run.isPending} onClick={() => run.mutate(date)}>
          {said.runDay} ({date})
        </button>
      )}
      <button type="button" disabled={pause.isPending} onClick={() => pause.mutate(!one.paused)}>
        {one.paused ? said.resumePipeline : said.pausePipeline}
      </button>
      {error instanceof ApiError && <ErrorBox problem={error.problem} />}
    </div>
  )
}
