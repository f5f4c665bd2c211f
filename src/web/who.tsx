import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from './client.ts'
import { useMe } from './me.ts'
import { useSpeech } from './words.ts'

/** Who is signed in, and the way out; nothing where nobody has to sign in. */
export function Who(): ReactNode {
  const { say } = useSpeech()
  const me = useMe().data
  const client = useQueryClient()
  const out = useMutation({
    mutationFn: () => call('POST /api/v1/session/end'),
    // Nothing that somebody else may not see stays in this page.
    onSuccess: () => {
      client.clear()
      location.reload()
    },
  })
  if (me?.login !== true || me.who === null) return null
  const { name, role, clients } = me.who
  return (
    <div className="who" role="group" aria-label={say.access.signedInAs}>
      <span>
        <bdi translate="no">{name}</bdi> <span className="chip">{say.access.roles[role]}</span>
        {clients !== null && <small translate="no">{clients.join(', ')}</small>}
      </span>
      <button type="button" disabled={out.isPending} onClick={() => out.mutate()}>
        {say.access.signOut}
      </button>
    </div>
  )
}
