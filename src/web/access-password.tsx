import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { ApiError, call } from './client.ts'
import { ErrorBox } from './panel.tsx'
import { TextField } from './text-field.tsx'
import { useSpeech } from './words.ts'

/** One's own password anew; it ends every session, this one too. */
export function OwnPassword(): ReactNode {
  const { say, language } = useSpeech()
  const client = useQueryClient()
  const [before, setBefore] = useState('')
  const [password, setPassword] = useState('')
  const change = useMutation({
    mutationFn: () => call('POST /api/v1/me/password', { body: { before, password }, lang: language }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['me'] }),
  })
  return (
    <section className="panel" aria-label={say.access.ownPassword}>
      <h2>{say.access.ownPassword}</h2>
      <form
        className="row fields"
        onSubmit={(event) => {
          event.preventDefault()
          change.mutate()
        }}
      >
        <TextField
          label={say.access.before}
          type="password"
          autoComplete="current-password"
          value={before}
          onChange={setBefore}
          isRequired
        />
        <TextField
          label={say.access.newPassword}
          hint={say.access.passwordHint}
          type="password"
          autoComplete="new-password"
          value={password}
          onChange={setPassword}
          isRequired
        />
        <button type="submit" disabled={change.isPending}>
          {say.access.change}
        </button>
      </form>
      {change.isSuccess && <p role="status">{say.access.changed}</p>}
      {change.error instanceof ApiError && <ErrorBox problem={change.error.problem} />}
    </section>
  )
}
