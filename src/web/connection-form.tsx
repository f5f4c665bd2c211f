import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { platformName } from './format.ts'
import { TextField } from './text-field.tsx'
import { useSpeech } from './words.ts'

type Form = Answer<'GET /api/v1/connections/forms'>['forms'][number]

export interface Filled {
  readonly name: string
  readonly connector: string
  readonly values: Readonly<Record<string, string>>
  readonly paste: string
  readonly accounts: readonly string[]
}

interface ConnectionFormProps {
  readonly forms: readonly Form[]
  readonly form: Form
  readonly filled: Filled
  /** Platform and name are those of the connection whose place it takes. */
  readonly isFixed: boolean
  readonly isBusy: boolean
  readonly onChange: (filled: Filled) => void
  readonly onNext: () => void
}

/** Platform, name and credentials of a connection. */
export function ConnectionForm({
  forms,
  form,
  filled,
  isFixed,
  isBusy,
  onChange,
  onNext,
}: ConnectionFormProps): ReactNode {
  const { say } = useSpeech()
  const said = say.connections
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        onNext()
      }}
    >
      {isFixed && <p>{said.realWhy}</p>}
      <label className="field">
        <span className="label">{said.platform}</span>
        <select
          value={filled.connector}
          disabled={isFixed}
          onChange={({ target }) => onChange({ ...filled, connector: target.value, values: {}, paste: '' })}
        >
          {forms.map(({ connector }) => (
            <option key={connector} value={connector}>
              {platformName(connector)}
            </option>
          ))}
        </select>
      </label>
      {!isFixed && (
        <TextField
          label={said.name}
          value={filled.name}
          onChange={(name) => onChange({ ...filled, name })}
          isRequired
        />
      )}
      <Fields form={form} filled={filled} onChange={onChange} />
      {form.takesPaste && (
        <label className="field">
          <span className="label">{said.paste}</span>
          <textarea
            rows={5}
            spellCheck={false}
            autoComplete="off"
            value={filled.paste}
            onChange={({ target }) => onChange({ ...filled, paste: target.value })}
          />
        </label>
      )}
      <div className="row">
        <button type="submit" className="primary" disabled={isBusy}>
          {said.next}
        </button>
        {isBusy && <span role="status">{said.testing}</span>}
      </div>
    </form>
  )
}

function Fields({ form, filled, onChange }: Pick<ConnectionFormProps, 'form' | 'filled' | 'onChange'>): ReactNode {
  const { say, language } = useSpeech()
  const said = say.connections
  return form.fields.map(({ name, secret, required, hint }) => {
    const label = said.fields[name] ?? name
    // The platform's own words are English; a Korean reader has those that are translated.
    const told = language === 'en' && hint !== `${label}.` ? hint : ''
    const more = said.hints[`${form.connector}.${name}`] ?? told
    return (
      <TextField
        key={name}
        label={`${label}${required ? '' : ` (${said.optional})`}`}
        hint={[secret ? said.secretHint : said.envHint, more].filter(Boolean).join(' · ')}
        type={secret ? 'password' : 'text'}
        value={filled.values[name] ?? ''}
        onChange={(value) => onChange({ ...filled, values: { ...filled.values, [name]: value } })}
        isRequired={required}
      />
    )
  })
}
