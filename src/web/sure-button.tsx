import { useState } from 'react'
import type { ReactNode } from 'react'
import { useSpeech } from './words.ts'

interface SureButtonProps {
  readonly label: string
  /** Of which row the button is, for whoever hears and does not see it. */
  readonly about: string
  /** Nothing is lost by it: no second press is asked for. */
  readonly isSure?: boolean
  readonly onSure: () => void
}

/** A button that asks once more before something cannot be taken back; leaving it takes the first press back. */
export function SureButton({ label, about, isSure = false, onSure }: SureButtonProps): ReactNode {
  const { say } = useSpeech()
  const [asked, setAsked] = useState(false)
  const press = () => {
    if (!isSure && !asked) return setAsked(true)
    setAsked(false)
    onSure()
  }
  return (
    <button type="button" onClick={press} onBlur={() => setAsked(false)}>
      {asked ? say.access.sure : label} <span className="hidden">{about}</span>
    </button>
  )
}
