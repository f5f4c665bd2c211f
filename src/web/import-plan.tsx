import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { ApiError, call } from './client.ts'
import { DataTable } from './data-table.tsx'
import { count, platformNames } from './format.ts'
import { ErrorBox } from './panel.tsx'
import { TextField } from './text-field.tsx'
import { useSpeech } from './words.ts'

export type Taken = Answer<'POST /api/v1/imports'>
type Plan = Answer<'POST /api/v1/imports/:importId/plan'>
type Reading = 'google_ads' | 'meta_ads' | 'millrace' | 'own'

const skeleton = `columns:
  date: Day
  campaign_id: Campaign ID
  campaign_name: Campaign
  cost: Cost
  impressions: Impressions
  clicks: Clicks
  conversions: Conversions
`

interface Asked {
  readonly platform: string
  readonly account: string
  readonly currency: string
  readonly reading: Reading
  readonly text: string
}

interface ImportPlanProps {
  readonly taken: Taken
  readonly onAnother: () => void
}

/** Whose numbers a file has and how it is read; what that would load; and loading it. */
export function ImportPlan({ taken, onAnother }: ImportPlanProps): ReactNode {
  const { say, language } = useSpeech()
  const said = say.connections
  const client = useQueryClient()
  const [asked, setAsked] = useState<Asked>({
    platform: taken.ready === 'meta_ads' ? 'meta_ads' : 'google_ads',
    account: '',
    currency: '',
    reading: taken.ready ?? 'own',
    text: skeleton,
  })
  const { reading, text, ...whose } = asked
  const input = {
    params: { importId: taken.importId },
    body: { ...whose, mapping: reading === 'own' ? { text } : { ready: reading } },
    lang: language,
  }
  const plan = useMutation({ mutationFn: () => call('POST /api/v1/imports/:importId/plan', input) })
  const load = useMutation({
    mutationFn: () => call('POST /api/v1/imports/:importId/load', input),
    onSettled: () => client.invalidateQueries(),
  })
  const change = (next: Asked) => {
    // What was understood of another question is no longer true.
    plan.reset()
    setAsked(next)
  }
  const error = load.error ?? plan.error
  return (
    <div className="stack">
      <p>
        <strong translate="no">{said.fileOf(taken.name, `${count(taken.bytes, language)} B`)}</strong>{' '}
        <button type="button" onClick={onAnother}>
          {said.another}
        </button>
      </p>
      {load.data ? (
        <Loaded loaded={load.data} />
      ) : (
        <>
          <Whose
            asked={asked}
            onChange={change}
            isBusy={plan.isPending || load.isPending}
            onLook={() => plan.mutate()}
          />
          {plan.data && <Understood plan={plan.data} isBusy={load.isPending} onLoad={() => load.mutate()} />}
          {load.isPending && <p role="status">{said.loading}</p>}
        </>
      )}
      {error instanceof ApiError && <ErrorBox problem={error.problem} />}
    </div>
  )
}

interface WhoseProps {
  readonly asked: Asked
  readonly onChange: (asked: Asked) => void
  readonly isBusy: boolean
  readonly onLook: () => void
}

const readings: readonly Reading[] = ['google_ads', 'meta_ads', 'millrace', 'own']

function Whose({ asked, onChange, isBusy, onLook }: WhoseProps): ReactNode {
  const { say } = useSpeech()
  const said = say.connections
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        onLook()
      }}
    >
      <fieldset className="row fields">
        <legend>{said.whose}</legend>
        <label className="field">
          <span className="label">{said.platform}</span>
          <select value={asked.platform} onChange={({ target }) => onChange({ ...asked, platform: target.value })}>
            {Object.entries(platformNames).map(([platform, name]) => (
              <option key={platform} value={platform}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <TextField
          label={said.account}
          value={asked.account}
          onChange={(account) => onChange({ ...asked, account })}
          isRequired
        />
        <TextField
          label={said.currency}
          value={asked.currency}
          onChange={(currency) => onChange({ ...asked, currency: currency.toUpperCase() })}
          isRequired
        />
        <label className="field">
          <span className="label">{said.mapping}</span>
          <select
            value={asked.reading}
            onChange={({ target }) => onChange({ ...asked, reading: target.value as Reading })}
          >
            {readings.map((one) => (
              <option key={one} value={one}>
                {said.mappings[one]}
              </option>
            ))}
          </select>
        </label>
      </fieldset>
      {asked.reading === 'own' && (
        <label className="field">
          <span className="label">{said.ownMapping}</span>
          <textarea
            rows={9}
            spellCheck={false}
            value={asked.text}
            onChange={({ target }) => onChange({ ...asked, text: target.value })}
          />
        </label>
      )}
      <div className="row">
        <button type="submit" disabled={isBusy}>
          {said.look}
        </button>
      </div>
    </form>
  )
}

interface UnderstoodProps {
  readonly plan: Plan
  readonly isBusy: boolean
  readonly onLoad: () => void
}

function Understood({ plan, isBusy, onLoad }: UnderstoodProps): ReactNode {
  const { say, language } = useSpeech()
  const said = say.connections
  const { rows, days, totals, replaced, firstRows, problems, problemCount } = plan
  const numbered = firstRows.map((row, at) => ({ row, at: String(at) }))
  return (
    <section className="stack" aria-label={said.look}>
      <p role="status">
        {said.understood(count(rows, language), count(days.length, language), count(totals, language))}
      </p>
      {days.length > 0 && (
        <p>
          {replaced.length === 0
            ? said.newDays
            : said.replacesDays(count(replaced.length, language), replaced[0] ?? '', replaced.at(-1) ?? '')}
        </p>
      )}
      {problemCount > 0 && (
        <div className="error" role="alert">
          <strong>{said.problems(count(problemCount, language))}</strong>
          <p>{said.nothingLoaded}</p>
          <ul>
            {problems.map(({ code, what }) => (
              <li key={`${code} ${what}`} translate="no">
                {what}
              </li>
            ))}
          </ul>
        </div>
      )}
      {numbered.length > 0 && (
        <>
          <h3>{said.firstRows}</h3>
          <DataTable<(typeof numbered)[number]>
            label={said.firstRows}
            rows={numbered}
            keyOf={({ at }) => at}
            className="nowrap"
            columns={Object.keys(firstRows[0] ?? {}).map((name) => ({
              name,
              isVerbatim: true,
              isNumber: !textColumns.has(name),
              cell: ({ row }) => <bdi>{row[name] ?? '–'}</bdi>,
            }))}
          />
        </>
      )}
      <div className="row">
        <button
          type="button"
          className="primary"
          disabled={isBusy || problemCount > 0 || days.length === 0}
          onClick={onLoad}
        >
          {said.load}
        </button>
      </div>
    </section>
  )
}

/** Columns that are no amounts. */
const textColumns: ReadonlySet<string> = new Set(['date', 'campaign_id', 'campaign_name', 'status', 'currency'])

function Loaded({ loaded }: { readonly loaded: Answer<'POST /api/v1/imports/:importId/load'> }): ReactNode {
  const { say, language } = useSpeech()
  const said = say.connections
  return (
    <>
      <p role="status">
        <strong>
          {said.loaded(count(loaded.days, language), count(loaded.rows, language), count(loaded.rowsChanged, language))}
        </strong>{' '}
        {say.runs.states[loaded.state as keyof typeof say.runs.states] ?? loaded.state}
      </p>
      <p>
        <a href={`/runs?run=${loaded.runId}`}>{said.openRun}</a>
      </p>
    </>
  )
}
