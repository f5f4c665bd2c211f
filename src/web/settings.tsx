import { useQuery } from '@tanstack/react-query'
import type { UseQueryResult } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { call } from './client.ts'
import { count, platformName } from './format.ts'
import { areKeysOff, setKeysOff } from './key-choice.ts'
import { Panel } from './panel.tsx'
import { useTitle } from './screen.ts'
import { SettingsSystem } from './settings-system.tsx'
import { useSpeech } from './words.ts'

type Data = Answer<'GET /api/v1/settings'>

/** What the project is, what its numbers mean, how long things are kept, and how this machine does. Members and keys have a screen of their own. */
export function Settings(): ReactNode {
  const { say } = useSpeech()
  useTitle(say.nav.settings)
  const query = useQuery({
    queryKey: ['settings'],
    queryFn: ({ signal }) => call('GET /api/v1/settings', { signal }),
  })
  return (
    <div className="stack">
      <h1>{say.nav.settings}</h1>
      <General query={query} />
      <Reader />
      <Metrics query={query} />
      <Retention query={query} />
      <SettingsSystem />
    </div>
  )
}

interface Asked {
  readonly query: UseQueryResult<Data>
}

function General({ query }: Asked): ReactNode {
  const { say } = useSpeech()
  const said = say.settings
  return (
    <Panel name="general" title={said.general} sub={said.generalSub} query={query} heightPx={320}>
      {({ general }) => (
        <div className="scroll" tabIndex={0} role="group" aria-label={said.general}>
          <table>
            <thead>
              <tr>
                <th scope="col">{said.key}</th>
                <th scope="col">{said.value}</th>
              </tr>
            </thead>
            <tbody translate="no">
              {general.map(({ key, value }) => (
                <tr key={key}>
                  <th scope="row">
                    <code>{key}</code>
                  </th>
                  <td>{value}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

/** What belongs to the browser and not to the project. */
function Reader(): ReactNode {
  const { say } = useSpeech()
  const said = say.settings
  const [isOff, setOff] = useState(areKeysOff)
  return (
    <section className="panel" aria-label={said.reader}>
      <h2>{said.reader}</h2>
      <label className="inline">
        <input
          type="checkbox"
          checked={!isOff}
          onChange={({ target }) => {
            setKeysOff(!target.checked)
            setOff(!target.checked)
          }}
        />{' '}
        {said.keys}
      </label>
      <p className="sub">{said.keysWhy}</p>
    </section>
  )
}

function Metrics({ query }: Asked): ReactNode {
  const { say, language } = useSpeech()
  const said = say.settings
  return (
    <Panel name="metrics" title={said.metrics} sub={said.metricsSub} query={query} heightPx={420}>
      {({ metrics }) => (
        <div className="scroll" tabIndex={0} role="group" aria-label={said.metrics}>
          <table>
            <thead>
              <tr>
                {[said.metric, said.formula, said.better, said.caveats].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {metrics.map((one) => (
                <tr key={one.id}>
                  <th scope="row">
                    {one.label[language]} <code translate="no">{one.id}</code>
                    <small>{one.meaning[language]}</small>
                  </th>
                  <td>{one.formula === null ? said.sum : <code translate="no">{one.formula}</code>}</td>
                  <td>{said.betters[one.better]}</td>
                  <td>
                    {one.caveats.map((caveat) => (
                      <small key={caveat.platform + caveat.en}>
                        {platformName(caveat.platform)}: {caveat[language]}
                      </small>
                    ))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}

function Retention({ query }: Asked): ReactNode {
  const { say, language } = useSpeech()
  const said = say.settings
  return (
    <Panel name="retention" title={said.retention} sub={said.retentionSub} query={query} heightPx={200}>
      {({ retention }) => (
        <table>
          <thead>
            <tr>
              <th scope="col">{said.what}</th>
              <th scope="col">{said.retention}</th>
            </tr>
          </thead>
          <tbody>
            {retention.map(({ what, days }) => (
              <tr key={what}>
                <th scope="row">{said.whats[what]}</th>
                <td>{days === null ? said.always : said.days(count(days, language))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}
