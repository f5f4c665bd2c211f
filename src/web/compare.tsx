import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Answer } from './client.ts'
import { call } from './client.ts'
import { CaveatsPanel, PlatformsPanel } from './compare-platforms.tsx'
import { CoveragePanel } from './compare-coverage.tsx'
import { MaturityPanel } from './compare-maturity.tsx'
import { NamesPanel } from './compare-names.tsx'
import { RestatedPanel } from './compare-restated.tsx'
import { dayIn, isDay } from './format.ts'
import { useGo, useRefreshMs, useTitle, useValues } from './screen.ts'
import { useSpeech } from './words.ts'

export type Compared = Answer<'GET /api/v1/compare'>

/** Platforms beside one another in one currency, and how far what is shown can be trusted. */
export function Compare(): ReactNode {
  const { say, language } = useSpeech()
  const refetchInterval = useRefreshMs()
  const values = useValues()
  useTitle(say.nav.compare)
  const currency = values['currency']
  const asked = {
    from: dayIn(values['from']),
    to: dayIn(values['to']),
    ...(currency !== undefined && /^[A-Z]{3}$/.test(currency) && { currency }),
  }
  const query = useQuery({
    queryKey: ['compare', asked, language],
    queryFn: ({ signal }) => call('GET /api/v1/compare', { query: asked, lang: language, signal }),
    refetchInterval,
  })
  return (
    <div className="stack">
      <h1>{say.compare.title}</h1>
      <Choices data={query.data} />
      <PlatformsPanel query={query} />
      <CaveatsPanel query={query} />
      <CoveragePanel />
      <MaturityPanel />
      <RestatedPanel query={query} />
      <NamesPanel query={query} />
    </div>
  )
}

function Choices({ data }: { readonly data: Compared | undefined }): ReactNode {
  const { say } = useSpeech()
  const said = say.compare
  const values = useValues()
  const go = useGo()
  const day = (name: 'from' | 'to') => (
    <label>
      <span className="label">{said[name]}</span>
      <input
        type="date"
        value={dayIn(values[name]) ?? data?.[name] ?? ''}
        onChange={({ target }) => isDay(target.value) && go({ [name]: target.value })}
      />
    </label>
  )
  return (
    <div className="bar panel" role="group" aria-label={said.filters}>
      {day('from')}
      {day('to')}
      <label>
        <span className="label">{said.currency}</span>
        <select
          value={data?.currency ?? values['currency'] ?? ''}
          onChange={({ target }) => go({ currency: target.value || undefined })}
        >
          <option value="">{said.own}</option>
          {(data?.currencies ?? []).map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
    </div>
  )
}
