import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { useSpeech } from './words.ts'

export type Incident = Answer<'GET /api/v1/incidents'>['incidents'][number]

/** A shape beside each colour. */
const shapes = { info: 'ℹ', warn: '▲', error: '■', critical: '◆' } as const

export function SeverityMark({ severity }: Pick<Incident, 'severity'>): ReactNode {
  const { say } = useSpeech()
  return (
    <span className={`severity severity-${severity}`}>
      <span aria-hidden="true">{shapes[severity]}</span> {say.incidents.severities[severity]}
    </span>
  )
}

export function daysOf({ firstDay, lastDay }: Pick<Incident, 'firstDay' | 'lastDay'>): string {
  return firstDay === lastDay ? firstDay : `${firstDay} – ${lastDay}`
}
