import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { useSpeech } from './words.ts'

type Line = Answer<'POST /api/v1/connections/:name/test'>['lines'][number]

const marks = { ok: '✓', warn: '!', fail: '✕' } as const

/** What the platform said to each question, with what to do where it said no. */
export function CheckLines({ lines }: { readonly lines: readonly Line[] }): ReactNode {
  const { say } = useSpeech()
  return (
    <ul className="check-lines" role="status">
      {lines.map((line) => (
        <li key={`${line.what} ${line.detail}`} className={`severity-${line.outcome}`}>
          <span aria-hidden="true">{marks[line.outcome]}</span>{' '}
          <strong>
            {line.what} · {say.connections.outcome[line.outcome]}
          </strong>{' '}
          <span>{line.detail}</span>
          {line.fix !== null && <small>{line.fix}</small>}
        </li>
      ))}
    </ul>
  )
}
