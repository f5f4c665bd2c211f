import { useQuery } from '@tanstack/react-query'
import type { UseQueryResult } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { DataTable } from './data-table.tsx'
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
        <DataTable
          label={said.general}
          rows={general}
          keyOf={({ key }) => key}
          columns={[
            { name: said.key, isHeader: true, isVerbatim: true, cell: ({ key }) => <code>{key}</code> },
            { name: said.value, isVerbatim: true, cell: ({ value }) => value },
          ]}
        />
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
        <DataTable
          label={said.metrics}
          rows={metrics}
          keyOf={({ id }) => id}
          columns={[
            {
              name: said.metric,
              isHeader: true,
              cell: ({ id, label, meaning }) => (
                <>
                  {label[language]} <code translate="no">{id}</code>
                  <small>{meaning[language]}</small>
                </>
              ),
            },
            {
              name: said.formula,
              cell: ({ formula }) => (formula === null ? said.sum : <code translate="no">{formula}</code>),
            },
            { name: said.better, className: 'nowrap', cell: ({ better }) => said.betters[better] },
            { name: said.caveats, cell: ({ caveats }) => <Caveats caveats={caveats} /> },
          ]}
        />
      )}
    </Panel>
  )
}

function Caveats({ caveats }: Pick<Data['metrics'][number], 'caveats'>): ReactNode {
  const { language } = useSpeech()
  return caveats.map((caveat) => (
    <small key={caveat.platform + caveat.en}>
      {platformName(caveat.platform)}: {caveat[language]}
    </small>
  ))
}

function Retention({ query }: Asked): ReactNode {
  const { say, language } = useSpeech()
  const said = say.settings
  return (
    <Panel name="retention" title={said.retention} sub={said.retentionSub} query={query} heightPx={200}>
      {({ retention }) => (
        <DataTable
          label={said.retention}
          rows={retention}
          keyOf={({ what }) => what}
          columns={[
            { name: said.what, isHeader: true, cell: ({ what }) => said.whats[what] },
            {
              name: said.retention,
              cell: ({ days }) => (days === null ? said.always : said.days(count(days, language))),
            },
          ]}
        />
      )}
    </Panel>
  )
}
