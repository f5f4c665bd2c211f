import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { call } from './client.ts'
import { Begin, Dialog } from './dialog.tsx'
import { count } from './format.ts'
import type { Scope } from './rerun-plan.ts'
import { rerunPlan, scopes } from './rerun-plan.ts'
import { spanOf } from './run-marks.ts'
import { useSpeech } from './words.ts'

type Detail = Answer<'GET /api/v1/runs/:runId'>

/** What to do again, and what that would be, before it begins. */
export function RerunDialog({ detail, onClose }: { readonly detail: Detail; readonly onClose: () => void }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.runs
  const client = useQueryClient()
  const hasFailed = detail.tasks.some(({ state }) => state === 'failed')
  const [scope, setScope] = useState<Scope>(hasFailed ? 'failed' : 'all')
  const [task, setTask] = useState(detail.tasks[0]?.task ?? '')
  const plan = rerunPlan(detail.tasks, scope, task)
  const clear = useMutation({
    mutationFn: () =>
      call('POST /api/v1/runs/:runId/clear', {
        params: { runId: detail.run.runId },
        body: { tasks: [...plan.tasks], downstream: false },
        lang: language,
      }),
    onSuccess: onClose,
    onSettled: () => client.invalidateQueries(),
  })
  return (
    <Dialog title={said.rerun} onClose={onClose}>
      <fieldset className="choices">
        <legend>{said.scope}</legend>
        {scopes.map((one) => (
          <label key={one} className="inline">
            <input
              type="radio"
              name="scope"
              checked={scope === one}
              disabled={one === 'failed' && !hasFailed}
              onChange={() => setScope(one)}
            />{' '}
            {said.scopes[one]}
          </label>
        ))}
      </fieldset>
      {(scope === 'one' || scope === 'downstream') && (
        <label>
          <span className="label">{said.task}</span>
          <select value={task} onChange={({ target }) => setTask(target.value)}>
            {detail.tasks.map((one) => (
              <option key={one.task} value={one.task} translate="no">
                {one.task}
              </option>
            ))}
          </select>
        </label>
      )}
      <Plan plan={plan} days={spanOf(detail.run)} />
      <Begin
        isReady={plan.tasks.length > 0 && !clear.isPending}
        error={clear.error}
        onStart={() => clear.mutate()}
        onClose={onClose}
      />
    </Dialog>
  )
}

function Plan({ plan, days }: { readonly plan: ReturnType<typeof rerunPlan>; readonly days: string }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.runs
  return (
    <section aria-label={said.plan}>
      <h3>{said.plan}</h3>
      <p>{said.rerunPlan(count(plan.tasks.length, language), count(plan.accounts.length, language), days)}</p>
      <p className="sub">{said.rerunWhy}</p>
      <ul className="plain" translate="no">
        {plan.tasks.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
    </section>
  )
}
