import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { ApiError, call } from './client.ts'
import { BackfillDialog } from './backfill-dialog.tsx'
import { count, instant, shiftDay } from './format.ts'
import { useMay } from './me.ts'
import { ErrorBox, Panel } from './panel.tsx'
import { spanOf } from './run-marks.ts'
import { useProject } from './screen.ts'
import { useSpeech } from './words.ts'

type Backfill = Answer<'GET /api/v1/backfills'>['backfills'][number]

/** Backfills with how far each is, to pause, go on with, or stop; and beginning one. */
export function Backfills({ zone }: { readonly zone: string }): ReactNode {
  const { say } = useSpeech()
  const said = say.runs
  const [isOpen, setOpen] = useState(false)
  const mayRun = useMay('operator')
  const today = useProject().data?.today
  const query = useQuery({
    queryKey: ['backfills'],
    queryFn: ({ signal }) => call('GET /api/v1/backfills', { signal }),
    refetchInterval: ({ state }) => (state.data?.backfills.some((one) => one.state === 'running') ? 2_000 : 30_000),
  })
  return (
    <>
      <Panel
        name="backfills"
        title={said.backfills}
        sub={said.backfillsSub}
        query={query}
        heightPx={80}

        none={said.noBackfills}
        actions={
          <button type="button" disabled={today === undefined || !mayRun} onClick={() => setOpen(true)}>
            {said.backfillOpen}
          </button>
        }
      >
        {({ backfills }) => <BackfillTable rows={backfills} zone={zone} />}
      </Panel>
      {isOpen && today !== undefined && (
        <BackfillDialog yesterday={shiftDay(today, -1)} onClose={() => setOpen(false)} />
      )}
    </>
  )
}

function BackfillTable({ rows, zone }: { readonly rows: readonly Backfill[]; readonly zone: string }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.runs
  const client = useQueryClient()
  const turn = useMutation({
    mutationFn: ({ backfillId, action }: { backfillId: string; action: 'pause' | 'resume' | 'cancel' }) =>
      call('POST /api/v1/backfills/:backfillId', { params: { backfillId }, body: { action }, lang: language }),
    onSettled: () => client.invalidateQueries(),
  })
  return (
    <>
      {turn.error instanceof ApiError && <ErrorBox problem={turn.error.problem} />}
      <div className="scroll" tabIndex={0} role="group" aria-label={said.backfills}>
        <table>
          <thead>
            <tr>
              {[said.days, said.which, said.state, said.progress, said.begun, said.actions].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((one) => {
              const all = one.done + one.failed + one.open
              const act = (action: 'pause' | 'resume' | 'cancel') => (
                <button
                  type="button"
                  aria-label={`${said[action]} ${spanOf(one)}`}
                  disabled={turn.isPending}
                  onClick={() => turn.mutate({ backfillId: one.backfillId, action })}
                >
                  {said[action]}
                </button>
              )
              return (
                <tr key={one.backfillId}>
                  <th scope="row" className="nowrap">
                    {spanOf(one)}
                  </th>
                  <td>{said.reprocess[one.reprocess]}</td>
                  <td>{said.backfillStates[one.state]}</td>
                  <td>
                    <progress value={one.done + one.failed} max={Math.max(1, all)} aria-label={said.progress} />{' '}
                    {said.progressText(count(one.done, language), count(all, language), count(one.failed, language))}
                  </td>
                  <td className="nowrap">{instant(one.createdAt, zone, 'minute')}</td>
                  <td className="nowrap">
                    {one.state === 'running' && act('pause')}
                    {one.state === 'paused' && act('resume')}
                    {(one.state === 'running' || one.state === 'paused') && act('cancel')}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
    </>
  )
}
