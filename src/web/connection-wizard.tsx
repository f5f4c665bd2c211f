import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { ApiError, call } from './client.ts'
import type { Filled } from './connection-form.tsx'
import { ConnectionForm } from './connection-form.tsx'
import { CheckLines } from './connection-lines.tsx'
import { Dialog } from './dialog.tsx'
import { ErrorBox } from './panel.tsx'
import { useSpeech } from './words.ts'

type Connection = Answer<'GET /api/v1/connections'>['connections'][number]
type Trial = Answer<'POST /api/v1/connections/trial'>
type Preview = Answer<'POST /api/v1/connections/preview'>

const steps = ['fill', 'tested', 'review', 'saved'] as const

interface ConnectionWizardProps {
  /** The connection whose place it takes: out of the sandbox. */
  readonly instead?: Connection
  readonly onClose: () => void
}

/** The questions of the wizard, each answer leading to the next step. */
function useSteps(filled: Filled, replaces: boolean) {
  const { language: lang } = useSpeech()
  const client = useQueryClient()
  const [step, setStep] = useState<(typeof steps)[number]>('fill')
  const body = { ...filled, values: { ...filled.values }, accounts: [...filled.accounts], replaces }
  const forms = useQuery({
    queryKey: ['connection-forms'],
    queryFn: ({ signal }) => call('GET /api/v1/connections/forms', { lang, signal }),
    staleTime: Infinity,
  })
  const trial = useMutation({
    mutationFn: () => call('POST /api/v1/connections/trial', { body, lang }),
    onSuccess: () => setStep('tested'),
  })
  const preview = useMutation({
    mutationFn: () => call('POST /api/v1/connections/preview', { body, lang }),
    onSuccess: () => setStep('review'),
  })
  const save = useMutation({
    mutationFn: () => call('POST /api/v1/connections', { body, lang }),
    onSuccess: () => setStep('saved'),
    onSettled: () => client.invalidateQueries({ queryKey: ['connections'] }),
  })
  const error = [forms, trial, preview, save].map((one) => one.error).find((one) => one instanceof ApiError)
  return { step, setStep, forms, trial, preview, save, error }
}

/** Credentials, what the platform says to them, what would be written; only then is it written. */
export function ConnectionWizard({ instead, onClose }: ConnectionWizardProps): ReactNode {
  const { say } = useSpeech()
  const said = say.connections
  const [filled, setFilled] = useState<Filled>({
    name: instead?.name ?? '',
    connector: instead?.connector ?? 'google_ads',
    values: {},
    paste: '',
    accounts: [],
  })
  const { step, setStep, forms, trial, preview, save, error } = useSteps(filled, instead !== undefined)
  const form = forms.data?.forms.find(({ connector }) => connector === filled.connector)
  return (
    <Dialog title={instead ? said.realOf(instead.name) : said.add.replace('…', '')} onClose={onClose}>
      <p className="sub">{said.step(steps.indexOf(step) + 1, steps.length, said.steps[step])}</p>
      {step === 'fill' && forms.data && form && (
        <ConnectionForm
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
