import { useEffect, useId, useRef } from 'react'
import type { ReactNode } from 'react'
import { ApiError } from './client.ts'
import { ErrorBox } from './panel.tsx'
import { useSpeech } from './words.ts'

interface DialogProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
}

/** A window of the browser's own over the page: Escape closes it, Tab stays in it, and the focus goes back to where it came from. */
export function Dialog({ title, onClose, children }: DialogProps): ReactNode {
  const { say } = useSpeech()
  const id = useId()
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = element.current
    if (dialog && !dialog.open) dialog.showModal()
    return () => dialog?.close()
  }, [])
  return (
    <dialog ref={element} className="dialog" aria-labelledby={id} onClose={onClose}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        <button type="button" aria-label={say.why.close} onClick={() => element.current?.close()}>
          ✕
        </button>
      </header>
      <div className="stack">{children}</div>
    </dialog>
  )
}

interface BeginProps {
  readonly isReady: boolean
  readonly error: unknown
  readonly onStart: () => void
  readonly onClose: () => void
}

/** The end of a dialog that begins something: what went wrong, and the two ways out. */
export function Begin({ isReady, error, onStart, onClose }: BeginProps): ReactNode {
  const { say } = useSpeech()
  return (
    <>
      {error instanceof ApiError && <ErrorBox problem={error.problem} />}
      <div className="row">
        <button type="button" className="primary" disabled={!isReady} onClick={onStart}>
          {say.runs.start}
        </button>
        <button type="button" onClick={onClose}>
          {say.runs.leave}
        </button>
      </div>
    </>
  )
}
