import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { ApiError, call } from './client.ts'
import { CheckLines } from './connection-lines.tsx'
import { Dialog } from './dialog.tsx'
import { platformName } from './format.ts'
import { ErrorBox } from './panel.tsx'
import { TextField } from './text-field.tsx'
import { useSpeech } from './words.ts'

type Form = Answer<'GET /api/v1/connections/forms'>['forms'][number]
type Connection = Answer<'GET /api/v1/connections'>['connections'][number]
type Trial = Answer<'POST /api/v1/connections/trial'>
type Preview = Answer<'POST /api/v1/connections/preview'>

const steps = ['fill', 'tested', 'review', 'saved'] as const

interface Filled {
  readonly name: string
  readonly connector: string
  readonly values: Readonly<Record<string, string>>
  readonly paste: string
  readonly accounts: readonly string[]
}

interface ConnectionWizardProps {
  /** The connection whose place it takes: out of the sandbox. */
  readonly instead?: Connection
  readonly onClose: () => void
}

/** Credentials, what the platform says to them, what would be written; only then is it written. */
export function ConnectionWizard({ instead, onClose }: ConnectionWizardProps): ReactNode {
  const { say, language } = useSpeech()
  const said = say.connections
  const client = useQueryClient()
  const [step, setStep] = useState<(typeof steps)[number]>('fill')
  const [filled, setFilled] = useState<Filled>({
    name: instead?.name ?? '',
    connector: instead?.connector ?? 'google_ads',
    values: {},
    paste: '',
    accounts: [],
  })
  const forms = useQuery({
    queryKey: ['connection-forms'],
    queryFn: ({ signal }) => call('GET /api/v1/connections/forms', { lang: language, signal }),
    staleTime: Infinity,
  })
  const body = {
    ...filled,
    values: { ...filled.values },
    accounts: [...filled.accounts],
    replaces: instead !== undefined,
  }
  const trial = useMutation({
    mutationFn: () => call('POST /api/v1/connections/trial', { body, lang: language }),
    onSuccess: () => setStep('tested'),
  })
  const preview = useMutation({
    mutationFn: () => call('POST /api/v1/connections/preview', { body, lang: language }),
    onSuccess: () => setStep('review'),
  })
  const save = useMutation({
    mutationFn: () => call('POST /api/v1/connections', { body, lang: language }),
    onSuccess: () => setStep('saved'),
    onSettled: () => client.invalidateQueries({ queryKey: ['connections'] }),
  })
  const error = [forms, trial, preview, save].map((one) => one.error).find((one) => one instanceof ApiError)
  const form = forms.data?.forms.find(({ connector }) => connector === filled.connector)
  return (
    <Dialog title={instead ? said.realOf(instead.name) : said.add.replace('…', '')} onClose={onClose}>
      <p className="sub">{said.step(steps.indexOf(step) + 1, steps.length, said.steps[step])}</p>
      {step === 'fill' && forms.data && form && (
        <Fill
          forms={forms.data.forms}
          form={form}
          filled={filled}
          isFixed={instead !== undefined}
          onChange={setFilled}
          isBusy={trial.isPending}
          onNext={() => trial.mutate()}
        />
      )}
      {step === 'tested' && trial.data && (
        <Tested
          trial={trial.data}
          filled={filled}
          onChange={setFilled}
          onBack={() => setStep('fill')}
          onNext={() => preview.mutate()}
        />
      )}
      {step === 'review' && preview.data && (
        <Review
          preview={preview.data}
          isInstead={instead !== undefined}
          isBusy={save.isPending}
          onBack={() => setStep('tested')}
          onNext={() => save.mutate()}
        />
      )}
      {step === 'saved' && save.data && (
        <>
          <p role="status">
            <strong>{said.written(save.data.file)}</strong>
          </p>
          <p>{said.writtenNext}</p>
          <button type="button" onClick={onClose}>
            {said.done}
          </button>
        </>
      )}
      {error && <ErrorBox problem={error.problem} />}
    </Dialog>
  )
}

interface FillProps {
  readonly forms: readonly Form[]
  readonly form: Form
  readonly filled: Filled
  /** Platform and name are those of the connection whose place it takes. */
  readonly isFixed: boolean
  readonly isBusy: boolean
  readonly onChange: (filled: Filled) => void
  readonly onNext: () => void
}

function Fill({ forms, form, filled, isFixed, isBusy, onChange, onNext }: FillProps): ReactNode {
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
      {form.fields.map(({ name, secret, required, hint }) => (
        <TextField
          key={name}
          label={`${said.fields[name] ?? name}${required ? '' : ` (${said.optional})`}`}
          hint={`${secret ? said.secretHint : said.envHint} · ${hint}`}
          type={secret ? 'password' : 'text'}
          value={filled.values[name] ?? ''}
          onChange={(value) => onChange({ ...filled, values: { ...filled.values, [name]: value } })}
          isRequired={required}
        />
      ))}
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

interface TestedProps {
  readonly trial: Trial
  readonly filled: Filled
  readonly onChange: (filled: Filled) => void
  readonly onBack: () => void
  readonly onNext: () => void
}

function Tested({ trial, filled, onChange, onBack, onNext }: TestedProps): ReactNode {
  const { say } = useSpeech()
  const said = say.connections
  const hasFailed = trial.lines.some(({ outcome }) => outcome === 'fail')
  const [goesOn, setGoesOn] = useState(false)
  const turn = (id: string, isChosen: boolean) =>
    onChange({ ...filled, accounts: isChosen ? [...filled.accounts, id] : filled.accounts.filter((one) => one !== id) })
  return (
    <>
      <CheckLines lines={trial.lines} />
      <fieldset className="choices">
        <legend>{said.accounts}</legend>
        <p className="sub">{trial.accounts.length > 0 ? said.accountsWhy : said.noAccounts}</p>
        {trial.accounts.map(({ accountId, name, currency, zone }) => (
          <label key={accountId} className="inline" translate="no">
            <input
              type="checkbox"
              checked={filled.accounts.includes(accountId)}
              onChange={({ target }) => turn(accountId, target.checked)}
            />{' '}
            <bdi>{name}</bdi> {accountId} · {currency} · {zone}
          </label>
        ))}
      </fieldset>
      {hasFailed && (
        <label className="inline">
          <input type="checkbox" checked={goesOn} onChange={({ target }) => setGoesOn(target.checked)} />{' '}
          {said.untested}
        </label>
      )}
      <div className="row">
        <button type="button" onClick={onBack}>
          {said.back}
        </button>
        <button type="button" className="primary" disabled={hasFailed && !goesOn} onClick={onNext}>
          {said.next}
        </button>
      </div>
    </>
  )
}

interface ReviewProps {
  readonly preview: Preview
  readonly isInstead: boolean
  readonly isBusy: boolean
  readonly onBack: () => void
  readonly onNext: () => void
}

function Review({ preview, isInstead, isBusy, onBack, onNext }: ReviewProps): ReactNode {
  const { say } = useSpeech()
  const said = say.connections
  return (
    <>
      <p>{said.file(preview.file)}</p>
      <pre className="log" translate="no" tabIndex={0} role="group" aria-label={preview.file}>
        {preview.text}
      </pre>
      {isInstead && <p>{preview.replacesFile ? said.replaces(preview.file) : said.takesPlace}</p>}
      <p>{preview.keeps.length > 0 ? said.keepsThese(preview.keeps.join(', ')) : said.keepsNothing}</p>
      <div className="row">
        <button type="button" onClick={onBack}>
          {said.back}
        </button>
        <button type="button" className="primary" disabled={isBusy} onClick={onNext}>
          {said.write}
        </button>
      </div>
    </>
  )
}
