import { useId } from 'react'
import type { ReactNode } from 'react'

interface TextFieldProps {
  readonly label: string
  readonly hint?: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly type?: 'text' | 'password' | 'date'
  readonly autoComplete?: string
  readonly isRequired?: boolean
}

/** A line of text with its label and, where there is one, its hint read out with it. */
export function TextField(props: TextFieldProps): ReactNode {
  const { label, hint, value, onChange, type = 'text', autoComplete = 'off', isRequired = false } = props
  const [id, hintId] = [useId(), useId()]
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <input
        id={id}
        type={type}
        value={value}
        required={isRequired}
        autoComplete={autoComplete}
        autoCapitalize="none"
        spellCheck={false}
        aria-describedby={hint === undefined ? undefined : hintId}
        onChange={({ target }) => onChange(target.value)}
      />
      {hint !== undefined && (
        <small id={hintId} className="sub">
          {hint}
        </small>
      )}
    </div>
  )
}
