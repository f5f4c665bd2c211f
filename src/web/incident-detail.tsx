import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { ApiError, call } from './client.ts'
import { instant, platformName } from './format.ts'
import { SeverityMark, daysOf } from './incident-mark.tsx'
import { useMay } from './me.ts'
import { ErrorBox, Panel } from './panel.tsx'
import { useSpeech } from './words.ts'

type Data = Answer<'GET /api/v1/incidents/:incidentId'>
type Deed = 'acknowledge' | 'resolve' | 'comment'

interface IncidentDetailProps {
  readonly incidentId: string
  readonly zone: string
}

/** One incident: what was found, what belongs to it, what happened, and what can be done. */
export function IncidentDetail({ incidentId, zone }: IncidentDetailProps): ReactNode {
  const { say, language } = useSpeech()
  const mayAct = useMay('operator')
  const query = useQuery({
    queryKey: ['incident', incidentId, language],
    queryFn: ({ signal }) =>
      call('GET /api/v1/incidents/:incidentId', { params: { incidentId }, lang: language, signal }),
    refetchInterval: 30_000,
  })
  return (
    <Panel name="incident" title={`${say.incidents.incident} ${incidentId.slice(0, 13)}`} query={query} heightPx={320}>
      {(data) => (
        <div className="stack">
          <p>
            <strong>{say.incidents.states[data.incident.state]}</strong> ·{' '}
            <SeverityMark severity={data.incident.severity} /> · {daysOf(data.incident)} · {say.incidents.owner}:{' '}
            <bdi>{data.incident.owner ?? say.incidents.nobody}</bdi>
          </p>
          {mayAct && <Deeds incidentId={incidentId} state={data.incident.state} />}
          <h3>{say.incidents.found}</h3>
          <pre className="log" tabIndex={0} role="group" aria-label={say.incidents.found}>
            {data.text}
          </pre>
          <Members data={data} />
          <Timeline data={data} zone={zone} />
        </div>
      )}
    </Panel>
  )
}

function Deeds({ incidentId, state }: { readonly incidentId: string; readonly state: Data['incident']['state'] }) {
  const { say, language } = useSpeech()
  const said = say.incidents
  const client = useQueryClient()
  const [text, setText] = useState('')
  const [id, hintId] = [useId(), useId()]
  const told = useRef<HTMLParagraphElement>(null)
  const act = useMutation({
    mutationFn: (event: Deed) =>
      call('POST /api/v1/incidents/:incidentId', { params: { incidentId }, body: { event, text }, lang: language }),
    onSuccess: () => {
      setText('')
      // The button that was pressed may be gone; whoever works by keyboard goes on from what it said.
      told.current?.focus()
    },
    onSettled: () => client.invalidateQueries(),
  })
  return (
    <form className="deeds" onSubmit={(event) => event.preventDefault()}>
      <label htmlFor={id}>{said.text}</label>
      <textarea
        id={id}
        aria-describedby={hintId}
        rows={2}
        maxLength={2_000}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <small id={hintId}>{said.textHint}</small>
      <div className="row">
        <button
          type="button"
          className="primary"
          disabled={state !== 'open' || act.isPending}
          onClick={() => act.mutate('acknowledge')}
        >
          {said.acknowledge}
        </button>
        <button type="button" disabled={state === 'resolved' || act.isPending} onClick={() => act.mutate('resolve')}>
          {said.resolve}
        </button>
        <button type="button" disabled={text.trim() === '' || act.isPending} onClick={() => act.mutate('comment')}>
          {said.comment}
        </button>
        <p ref={told} role="status" tabIndex={-1}>
          {act.isSuccess ? said.done[act.variables] : ''}
        </p>
      </div>
      {act.error instanceof ApiError && <ErrorBox problem={act.error.problem} />}
    </form>
  )
}

function Members({ data }: { readonly data: Data }): ReactNode {
  const { say } = useSpeech()
  const said = say.incidents
  return (
    <>
      <h3>{said.members}</h3>
      <ul className="plain">
        {data.members.map((one) => (
          <li key={`${one.checkId} ${one.accountId ?? ''} ${one.seriesKey}`}>
            <SeverityMark severity={one.severity} /> <code translate="no">{one.checkId}</code>{' '}
            {platformName(data.incident.platform)} <span translate="no">{one.accountId ?? ''}</span>{' '}
            <span className="chip">{one.firing ? said.firing : said.passed}</span>
            {one.heldBy !== null && (
              <small>
                {said.held} (<span translate="no">{one.heldBy}</span>)
              </small>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}

function Timeline({ data, zone }: { readonly data: Data; readonly zone: string }): ReactNode {
  const { say } = useSpeech()
  const said = say.incidents
  return (
    <>
      <h3>{said.timeline}</h3>
      <ol className="timeline">
        {data.timeline.map(({ seq, at, kind, by, text }) => (
          <li key={seq}>
            <span className="nowrap">{instant(at, zone)}</span> <strong>{said.kinds[kind] ?? kind}</strong>{' '}
            <bdi>{by ?? said.byMillrace}</bdi>
            {text !== null && <bdi className="told">{text}</bdi>}
          </li>
        ))}
      </ol>
    </>
  )
}
