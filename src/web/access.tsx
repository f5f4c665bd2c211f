import type { ReactNode } from 'react'
import { AccessAudit } from './access-audit.tsx'
import { AccessKeys } from './access-keys.tsx'
import { AccessMembers } from './access-members.tsx'
import { OwnPassword } from './access-password.tsx'
import { useMay, useMe } from './me.ts'
import { useTitle } from './screen.ts'
import { useSpeech } from './words.ts'

/** Who may do what, and who did; for everybody else than an admin, their own password. */
export function Access(): ReactNode {
  const { say } = useSpeech()
  const isAdmin = useMay('admin')
  const who = useMe().data?.who
  useTitle(say.access.title)
  return (
    <div className="stack">
      <h1>{say.access.title}</h1>
      {who?.kind === 'user' && <OwnPassword />}
      {isAdmin && who?.clients === null && (
        <>
          <AccessMembers />
          <AccessKeys />
          <AccessAudit />
        </>
      )}
    </div>
  )
}
