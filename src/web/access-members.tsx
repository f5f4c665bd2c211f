import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { DataTable } from './data-table.tsx'
import type { Column } from './data-table.tsx'
import type { Answer } from './client.ts'
import { ApiError, call } from './client.ts'
import { instant } from './format.ts'
import type { Role } from './me.ts'
import { useMe } from './me.ts'
import { ErrorBox, Panel } from './panel.tsx'
import { useProject } from './screen.ts'
import { SureButton } from './sure-button.tsx'
import { TextField } from './text-field.tsx'
import { useSpeech } from './words.ts'

type Member = Answer<'GET /api/v1/users'>['users'][number]

/** `acme, globex` as the API wants it; nothing: no limit. */
export function clientsOf(text: string): string[] | null {
  const names = text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)
  return names.length > 0 ? names : null
}

/** Everybody who signs in here: adding one, and letting one in no more. */
export function AccessMembers(): ReactNode {
  const { say, language } = useSpeech()
  const query = useQuery({
    queryKey: ['users', language],
    queryFn: ({ signal }) => call('GET /api/v1/users', { lang: language, signal }),
  })
  return (
    <Panel name="members" title={say.access.members} sub={say.access.membersSub} query={query} heightPx={220}>
      {({ users }) => (
        <>
          <MemberTable members={users} />
          <AddMember />
        </>
      )}
    </Panel>
  )
}

function MemberTable({ members }: { readonly members: readonly Member[] }): ReactNode {
  const { say } = useSpeech()
  const zone = useProject().data?.zone ?? 'UTC'
  const columns: readonly Column<Member>[] = [
    { name: say.access.name, isHeader: true, isVerbatim: true, cell: ({ name }) => <bdi>{name}</bdi> },
    {
      name: say.access.role,
      cell: ({ role, disabledAt }) => (
        <>
          {say.access.roles[role]} {disabledAt !== null && <em>({say.access.disabled})</em>}
        </>
      ),
    },
    {
      name: say.access.clients,
      isVerbatim: true,
      cell: ({ clients }) => clients?.join(', ') ?? say.access.everything,
    },
    {
      name: say.access.by,
      cell: ({ signsInBy }) => (signsInBy === 'password' ? say.access.password : signsInBy),
    },
    {
      name: say.access.lastSeen,
      cell: ({ lastSeenAt }) => (lastSeenAt === null ? say.access.never : instant(lastSeenAt, zone)),
    },
    { name: say.access.actions, cell: (member) => <Switch member={member} /> },
  ]
  return <DataTable label={say.access.members} rows={members} keyOf={({ userId }) => userId} columns={columns} />
}

function Switch({ member }: { readonly member: Member }): ReactNode {
  const { say, language } = useSpeech()
  const client = useQueryClient()
  const self = useMe().data?.who?.id
  const isDisabled = member.disabledAt !== null
  const change = useMutation({
    mutationFn: () =>
      call(isDisabled ? 'POST /api/v1/users/:userId/enable' : 'POST /api/v1/users/:userId/disable', {
        params: { userId: member.userId },
        lang: language,
      }),
    onSettled: () => client.invalidateQueries({ queryKey: ['users'] }),
  })
  if (member.userId === self) return null
  return (
    <>
      <SureButton
        label={isDisabled ? say.access.enable : say.access.disable}
        about={member.name}
        isSure={isDisabled}
        onSure={() => change.mutate()}
      />
      {change.error instanceof ApiError && <ErrorBox problem={change.error.problem} />}
    </>
  )
}

const roles: readonly Role[] = ['viewer', 'operator', 'admin']

function AddMember(): ReactNode {
  const { say, language } = useSpeech()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [role, setRole] = useState<Role>('viewer')
  const [clients, setClients] = useState('')
  const add = useMutation({
    mutationFn: () =>
      call('POST /api/v1/users', { body: { name, password, role, clients: clientsOf(clients) }, lang: language }),
    onSuccess: () => {
      setName('')
      setPassword('')
      return client.invalidateQueries({ queryKey: ['users'] })
    },
  })
  return (
    <form
      className="row fields"
      onSubmit={(event) => {
        event.preventDefault()
        add.mutate()
      }}
    >
      <TextField label={say.access.name} value={name} onChange={setName} isRequired />
      <TextField
        label={say.access.newPassword}
        hint={say.access.passwordHint}
        type="password"
        autoComplete="new-password"
        value={password}
        onChange={setPassword}
        isRequired
      />
      <label className="field">
        <span className="label">{say.access.role}</span>
        <select value={role} onChange={({ target }) => setRole(target.value as Role)}>
          {roles.map((one) => (
            <option key={one} value={one}>
              {say.access.roles[one]}
            </option>
          ))}
        </select>
      </label>
      <TextField label={say.access.clients} hint={say.access.clientsHint} value={clients} onChange={setClients} />
      <button type="submit" disabled={add.isPending}>
        {say.access.add}
      </button>
      {add.error instanceof ApiError && <ErrorBox problem={add.error.problem} />}
    </form>
  )
}
