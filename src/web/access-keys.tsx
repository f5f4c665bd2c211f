import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { DataTable } from './data-table.tsx'
import type { Column } from './data-table.tsx'
import { clientsOf } from './access-members.tsx'
import type { Answer } from './client.ts'
import { ApiError, call } from './client.ts'
import { instant } from './format.ts'
import { ErrorBox, Panel } from './panel.tsx'
import { useProject } from './screen.ts'
import { SureButton } from './sure-button.tsx'
import { TextField } from './text-field.tsx'
import { useSpeech } from './words.ts'

type Key = Answer<'GET /api/v1/keys'>['keys'][number]
type Scope = Key['scope']

/** Keys of programs: making one, which shows it once, and revoking one. */
export function AccessKeys(): ReactNode {
  const { say, language } = useSpeech()
  const query = useQuery({
    queryKey: ['keys', language],
    queryFn: ({ signal }) => call('GET /api/v1/keys', { lang: language, signal }),
  })
  return (
    <Panel name="keys" title={say.access.keys} sub={say.access.keysSub} query={query} heightPx={220}>
      {({ keys }) => (
        <>
          {keys.length > 0 && <KeyTable keys={keys} />}
          <MakeKey />
        </>
      )}
    </Panel>
  )
}

function KeyTable({ keys }: { readonly keys: readonly Key[] }): ReactNode {
  const { say, language } = useSpeech()
  const client = useQueryClient()
  const zone = useProject().data?.zone ?? 'UTC'
  const revoke = useMutation({
    mutationFn: (keyId: string) => call('POST /api/v1/keys/:keyId/revoke', { params: { keyId }, lang: language }),
    onSettled: () => client.invalidateQueries({ queryKey: ['keys'] }),
  })
  const columns: readonly Column<Key>[] = [
    { name: say.access.name, isHeader: true, isVerbatim: true, cell: ({ name }) => <bdi>{name}</bdi> },
    { name: say.access.role, cell: ({ scope }) => say.access.roles[scope] },
    {
      name: say.access.clients,
      isVerbatim: true,
      cell: ({ clients }) => clients?.join(', ') ?? say.access.everything,
    },
    {
      name: say.access.expires,
      cell: ({ expiresAt }) => (expiresAt === null ? say.access.never : instant(expiresAt, zone)),
    },
    {
      name: say.access.lastUsed,
      cell: ({ lastUsedAt }) => (lastUsedAt === null ? say.access.never : instant(lastUsedAt, zone)),
    },
    { name: say.access.createdBy, isVerbatim: true, cell: ({ createdBy }) => createdBy },
    {
      name: say.access.actions,
      cell: ({ keyId, name }) => (
        <SureButton label={say.access.revoke} about={name} onSure={() => revoke.mutate(keyId)} />
      ),
    },
  ]
  return (
    <>
      <DataTable label={say.access.keys} rows={keys} keyOf={({ keyId }) => keyId} columns={columns} />
      {revoke.error instanceof ApiError && <ErrorBox problem={revoke.error.problem} />}
    </>
  )
}

const scopes: readonly Scope[] = ['viewer', 'operator', 'admin', 'collect']

function MakeKey(): ReactNode {
  const { say, language } = useSpeech()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [scope, setScope] = useState<Scope>('viewer')
  const [clients, setClients] = useState('')
  const [until, setUntil] = useState('')
  const make = useMutation({
    mutationFn: () => {
      // To the end of the day in UTC, so that a day which is named is whole.
      const expiresAt = until === '' ? null : `${until}T23:59:59Z`
      return call('POST /api/v1/keys', {
        body: { name, scope, clients: clientsOf(clients), expiresAt },
        lang: language,
      })
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['keys'] }),
  })
  return (
    <form
      className="row fields"
      onSubmit={(event) => {
        event.preventDefault()
        make.mutate()
      }}
    >
      <TextField label={say.access.name} value={name} onChange={setName} isRequired />
      <label className="field">
        <span className="label">{say.access.role}</span>
        <select value={scope} onChange={({ target }) => setScope(target.value as Scope)}>
          {scopes.map((one) => (
            <option key={one} value={one}>
              {say.access.roles[one]}
            </option>
          ))}
        </select>
      </label>
      <TextField label={say.access.clients} hint={say.access.clientsHint} value={clients} onChange={setClients} />
      <TextField label={say.access.expires} type="date" value={until} onChange={setUntil} />
      <button type="submit" disabled={make.isPending}>
        {say.access.make}
      </button>
      {make.data && <Once secret={make.data.key} />}
      {make.error instanceof ApiError && <ErrorBox problem={make.error.problem} />}
    </form>
  )
}

function Once({ secret }: { readonly secret: string }): ReactNode {
  const { say } = useSpeech()
  return (
    <p role="status" className="once">
      {say.access.once} <code translate="no">{secret}</code>{' '}
      <button type="button" onClick={() => void navigator.clipboard?.writeText(secret)}>
        {say.access.copy}
      </button>
    </p>
  )
}
