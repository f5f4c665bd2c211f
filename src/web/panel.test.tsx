import type { UseQueryResult } from '@tanstack/react-query'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import type { Answer } from './client.ts'
import { ApiError } from './client.ts'
import { Panel } from './panel.tsx'
import { panelRules } from './panel-rules.ts'
import type { Emptiness, PanelData, PanelName } from './panel-rules.ts'
import { SpeechContext, languages, words } from './words.ts'

/* Every panel in every state that it can be in, by the words that a reader then sees. */

/** Data that holds nothing for this reason, or why the panel never says so. */
type Case<Name extends PanelName> =
  | { readonly data: PanelData<Name>; readonly isFiltered?: boolean }
  | { readonly never: string }
type Cases = { readonly [Name in PanelName]: { readonly [Why in Emptiness]: Case<Name> } }

type Overview = Answer<'GET /api/v1/overview'>
const isIn = (answer: Overview['verdict']['in']) => ({ verdict: { in: answer } as Overview['verdict'] })

const noDay = { never: 'is about no day that could be open or late' }
const noFilter = { never: 'has no filter' }
const alwaysSome = { never: 'has rows whenever its request succeeds, or its form, which stands there without any' }
const daysAreLate = { never: 'without rows its days are late, and zeros are rows' }
const closedOnly = { never: 'is asked for closed days alone' }

/** A list that may truly be empty. */
const listOf = <Data,>(data: Data) => ({ not_due: noDay, late: noDay, filtered: noFilter, zero: { data } })
/** Rows of closed days, which come every night. */
const nightly = <Data,>(data: Data) => ({ not_due: closedOnly, late: { data }, filtered: noFilter, zero: daysAreLate })
const filled = { not_due: noDay, late: noDay, filtered: noFilter, zero: alwaysSome }

const account = (state: Overview['accounts'][number]['days'][number]['state']) =>
  ({ days: [{ date: '2026-11-21', state }] }) as unknown as Overview['accounts'][number]

const cases = {
  accounts: {
    not_due: { data: { accounts: [account('not_due'), account('not_due')] } },
    late: { data: { accounts: [] } },
    filtered: noFilter,
    zero: { never: 'an account without rows says so in its own row' },
  },
  volume: {
    not_due: { data: { volume: [], ...isIn('not_yet') } },
    late: { data: { volume: [], ...isIn('no') } },
    filtered: noFilter,
    zero: daysAreLate,
  },
  scores: {
    not_due: { data: { quality: [], ...isIn('not_yet') } },
    late: { data: { quality: [{ judged: 0 } as Overview['quality'][number]], ...isIn('no') } },
    filtered: noFilter,
    zero: daysAreLate,
  },
  money: {
    not_due: { data: { money: [], ...isIn('not_yet') } },
    late: { data: { money: [], ...isIn('no') } },
    filtered: noFilter,
    zero: daysAreLate,
  },
  movers: {
    not_due: { data: { movers: [], ...isIn('not_yet') } },
    late: { never: 'what is late is said by the money beside it' },
    filtered: noFilter,
    zero: { data: { movers: [], ...isIn('yes') } },
  },
  campaigns: {
    not_due: { never: 'its range ends yesterday; single days are not told apart' },
    late: { data: { rows: [] } },
    filtered: { data: { rows: [] }, isFiltered: true },
    zero: daysAreLate,
  },
  stages: listOf({ stages: [] }),
  overviewAlerts: listOf({ alerts: [] }),
  runs: listOf({ runs: [] }),
  run: filled,
  backfills: listOf({ backfills: [] }),
  platforms: nightly({ platforms: [] }),
  names: nightly({ names: [] }),
  coverage: nightly({ accounts: [] }),
  connectors: nightly({ accounts: [] }),
  checks: nightly({ checks: [] }),
  scoreDays: nightly({ scores: [] }),
  caveats: listOf({ caveats: [] }),
  restated: listOf({ restated: [] }),
  maturity: listOf({ curve: [] }),
  minutes: listOf({ partitions: [], minutes: [] }),
  liveCampaigns: listOf({ campaigns: [] }),
  counting: listOf({ partitions: [] }),
  reconciled: listOf({ reconciled: [] }),
  feed: listOf({ events: [] }),
  contracts: listOf({ contracts: [] }),
  samples: listOf({ samples: [] }),
  incidents: listOf({ incidents: [] }),
  incident: filled,
  connections: listOf({ connections: [] }),
  lineage: listOf({ nodes: [] }),
  alerts: listOf({ alerts: [] }),
  general: listOf({ general: [] }),
  metrics: filled,
  retention: listOf({ retention: [] }),
  audit: listOf({ lines: [] }),
  keys: filled,
  members: filled,
} as const satisfies Cases

interface Asked {
  readonly data?: unknown
  readonly error?: Error | null
  readonly isFiltered?: boolean
}

const problem = { status: 503, code: 'SERVER_STARTING', title: 'It starts', detail: 'A stage is open', fix: 'Wait' }

/** The panel as the server side of React writes it, with a mark where its content would be. */
function html(name: PanelName, language: 'en' | 'ko', { data, error = null, isFiltered = false }: Asked): string {
  const query = { data, error, dataUpdatedAt: 0, refetch: () => undefined } as unknown as UseQueryResult<never>
  return renderToStaticMarkup(
    <SpeechContext value={{ language, say: words[language] }}>
      <Panel name={name} title="Title" query={query} heightPx={120} isFiltered={isFiltered} onClear={() => undefined}>
        {() => 'CONTENT'}
      </Panel>
    </SpeechContext>,
  )
}

const everyPanel = Object.keys(panelRules) as PanelName[]
const emptinesses = ['not_due', 'late', 'filtered', 'zero'] as const
/** Of the table above what can be. */
const emptyCases = everyPanel.flatMap((name) =>
  emptinesses.flatMap((why) => {
    const one: Asked | { readonly never: string } = cases[name][why]
    return 'never' in one ? [] : [[name, why, one] as const]
  }),
)
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll("'", '&#x27;')
/** What a panel that holds something was given: any rule finds something in it. */
const something = new Proxy(
  {},
  { get: (_, key) => (key === 'verdict' ? { in: 'yes' } : [{ judged: 1, days: [{ state: 'published' }] }]) },
)

describe.for(languages)('in %s', (language) => {
  const say = words[language].states

  test.for(everyPanel)('%s waits, fails, grows old and is shown', (name) => {
    const loading = html(name, language, {})
    expect(loading).toContain(`role="status" aria-label="${say.loading}" style="height:120px"`)
    expect(loading).toContain('aria-busy="true"')
    const failed = html(name, language, { error: new ApiError(problem) })
    for (const said of [
      'role="alert"',
      problem.title,
      problem.code,
      problem.detail,
      problem.fix,
      say.retry,
      say.copyDetails,
    ])
      expect(failed).toContain(said)
    const away = html(name, language, { error: new ApiError({ ...problem, status: 0, code: 'UNREACHABLE' }) })
    expect(away).toContain(escaped(say.unreachable))
    const stale = html(name, language, { data: something, error: new ApiError(problem) })
    expect(stale).toContain('class="ribbon"')
    expect(stale).toContain('CONTENT')
    const shown = html(name, language, { data: something })
    expect(shown).toContain('CONTENT')
    for (const other of [loading, failed, away]) expect(other).not.toContain('CONTENT')
    expect(shown).not.toMatch(/skeleton|ribbon|role="alert"|class="empty/)
  })

  test.for(emptyCases)('%s that is empty because of %s says so', ([name, why, given]) => {
    const empty = html(name, language, given)
    expect(empty).toContain(`class="empty empty-${why}" role="status"`)
    expect(empty).toContain(`<strong>${say[why]}</strong>`)
    const reason = { not_due: say.notDueWhy, late: say.lateWhy, filtered: say.clear, zero: say.zeroWhy }[why]
    expect(empty).toContain(escaped(reason))
    expect(empty).not.toContain('CONTENT')
  })
})
