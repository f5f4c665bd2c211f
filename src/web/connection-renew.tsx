import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { ApiError, call } from './client.ts'
import { CheckLines } from './connection-lines.tsx'
import { Dialog } from './dialog.tsx'
import { ErrorBox } from './panel.tsx'
import { TextField } from './text-field.tsx'
import { useSpeech } from './words.ts'

type Connection = Answer<'GET /api/v1/connections'>['connections'][number]

interface ConnectionRenewProps {
  readonly one: Connection
  readonly onClose: () => void
}

/** New secrets in place of those that are kept; they are written and never read. */
export function ConnectionRenew({ one, onClose }: ConnectionRenewProps): ReactNode {
  const { say, language } = useSpeech()
  const said = say.connections
  const client = useQueryClient()
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const renew = useMutation({
    mutationFn: (given: Readonly<Record<string, string>>) =>
      call('POST /api/v1/connections/:name/renew', {
        params: { name: one.name },
        body: { values: given },
        lang: language,
      }),
    onSettled: () => client.invalidateQueries({ queryKey: ['connections'] }),
  })
  const isEmpty = Object.values(values).every((value) => value.trim() === '')
  return (
    <Dialog title={said.renewOf(one.name)} onClose={onClose}>
      <p className="sub">{said.renewWhy}</p>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          renew.mutate(values)
        }}
      >
        {one.keeps.map((name) => (
          <TextField
            key={name}
            label={said.fields[name] ?? name}
            hint={said.secretHint}
            type="password"
            value={values[name] ?? ''}
            onChange={(value) => setValues({ ...values, [name]: value })}
          />
        ))}
        <div className="row">
          <button type="submit" className="primary" disabled={isEmpty || renew.isPending}>
            {said.renew.replace('…', '')}
          </button>
          {one.connector === 'meta_ads' && one.keeps.includes('accessToken') && (
            <button type="button" disabled={renew.isPending} onClick={() => renew.mutate({})}>
              {said.extend}
            </button>
          )}
        </div>
      </form>
      {renew.isPending && <p role="status">{said.testing}</p>}
      {renew.error instanceof ApiError && <ErrorBox problem={renew.error.problem} />}
      {renew.data && (
        <>
          <p role="status">{said.renewed}</p>
          <CheckLines lines={renew.data.lines} />
        </>
      )}
    </Dialog>
  )
}
