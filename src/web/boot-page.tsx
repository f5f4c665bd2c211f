import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { count, duration } from './format.ts'
import { ErrorBox } from './panel.tsx'
import { useTitle } from './screen.ts'
import { useSpeech } from './words.ts'

const marks = { opening: '…', open: '✓', failed: '✕' } as const

/** What the browser shows while the rest starts: the same stages as the command line. */
export function BootPage({ boot }: { readonly boot: Answer<'GET /api/v1/boot'> }): ReactNode {
  const { say, language } = useSpeech()
  useTitle(say.boot.title)
  const parts: Readonly<Record<string, string>> = say.boot.parts
  return (
    <section className="panel boot" aria-labelledby="boot-title">
      <h1 id="boot-title">{say.boot.title}</h1>
      <ol>
        {boot.stages.map(({ part, state, place, seconds }) => (
          <li key={part} className={`stage-${state}`}>
            <span aria-hidden="true">{marks[state]}</span> {parts[part] ?? part} <small translate="no">{place}</small>{' '}
            {state === 'open' && <small>{duration(seconds, language)}</small>}
          </li>
        ))}
      </ol>
      {boot.error && (
        <ErrorBox problem={{ status: 503, title: boot.error.what, detail: boot.error.why, ...boot.error }} />
      )}
    </section>
  )
}

/** How far the first load is, above screens that already fill. */
export function LoadBar({ boot }: { readonly boot: Answer<'GET /api/v1/boot'> | undefined }): ReactNode {
  const { say, language } = useSpeech()
  const progress = boot?.progress
  if (!progress) return null
  const text = say.boot.loading(progress.done, progress.total, count(progress.rows, language))
  return (
    <p className="load" role="status">
      <label>
        {text} <progress value={progress.done} max={Math.max(1, progress.total)} />
      </label>
    </p>
  )
}
