import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressOf, parseSearch, stringifySearch } from './address.ts'
import { ApiError } from './client.ts'
import { isDay, shiftDay } from './format.ts'
import { reasonForms, reasonText } from './live-reasons.ts'
import { walk } from './lineage-walk.ts'
import { panelState } from './panel-state.ts'
import type { Asked, PanelState } from './panel-state.ts'
import { pastedNames } from './pasted.ts'
import { rerunPlan } from './rerun-plan.ts'
import { words } from './words.ts'

const problem = { status: 503, code: 'SERVER_STARTING', title: 't', detail: 'd', fix: 'f' }
const good: Asked = { hasData: true, error: null, ageSeconds: 3, emptiness: null }

const states: readonly (readonly [name: string, asked: Asked, state: PanelState])[] = [
  ['loading', { ...good, hasData: false }, { kind: 'loading' }],
  ['not due', { ...good, emptiness: 'not_due' }, { kind: 'empty', why: 'not_due' }],
  ['late', { ...good, emptiness: 'late' }, { kind: 'empty', why: 'late' }],
  ['filtered empty', { ...good, emptiness: 'filtered' }, { kind: 'empty', why: 'filtered' }],
  ['a true zero', { ...good, emptiness: 'zero' }, { kind: 'empty', why: 'zero' }],
  ['error', { ...good, hasData: false, error: new ApiError(problem) }, { kind: 'error', problem }],
  ['stale', { ...good, error: new ApiError(problem) }, { kind: 'stale', ageSeconds: 3 }],
  ['shown', good, { kind: 'shown' }],
]

test.for(states)('a panel that is %s says so', ([, asked, state]) => {
  expect(panelState(asked)).toEqual(state)
})

test('an address written and read again is the same, and what makes no sense in one is left out', () => {
  const day = fc.integer({ min: -20_000, max: 20_000 }).map((days) => shiftDay('2026-01-01', days))
  const address = fc.record(
    {
      date: day,
      lang: fc.constantFrom('en' as const, 'ko' as const),
      theme: fc.constantFrom('light' as const, 'dark' as const),
      refresh: fc.constantFrom(30 as const, 60 as const, 300 as const, 600 as const),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(address, fc.string(), (one, q) => {
      const search = parseSearch(stringifySearch({ ...one, q }))
      expect(addressOf(search)).toEqual(one)
      expect(search['q'] ?? '').toBe(q)
    }),
    { seed: 20_261_122, numRuns: 500 },
  )
  expect(addressOf({ date: '2026-02-30', lang: 'fr', theme: 'pink', refresh: 5 })).toEqual({})
})

test('days go over the ends of months and years as text', () => {
  expect(shiftDay('2026-03-01', -1)).toBe('2026-02-28')
  expect(shiftDay('2026-12-31', 1)).toBe('2027-01-01')
  const none = ['2026-02-29', '2026-13-01', '2026-00-10', '2026-01-45', 'x']
  expect([...none, '2028-02-29'].filter((text) => isDay(text))).toEqual(['2028-02-29'])
})

/** Every text, the functions called with a mark, by their keys. */
function textsOf(tree: object, path = ''): readonly (readonly [string, string])[] {
  return Object.entries(tree).flatMap(([key, value]): readonly (readonly [string, string])[] => {
    if (typeof value === 'string') return [[`${path}${key}`, value]]
    if (typeof value === 'function')
      return [[`${path}${key}`, (value as (...marks: string[]) => string)('◆', '◆', '◆', '◆')]]
    return textsOf(value as object, `${path}${key}.`)
  })
}

test('both catalogues have the same keys, no text is empty, and no Korean particle stands behind a placeholder', () => {
  const [english, korean] = [textsOf(words.en), textsOf(words.ko)]
  expect(korean.map(([key]) => key)).toEqual(english.map(([key]) => key))
  expect([...english, ...korean].filter(([, text]) => text.trim() === '')).toEqual([])
  expect(korean.filter(([, text]) => /◆(은|는|이|가|을|를|과|와|으로|로)(\s|$)/.test(text))).toEqual([])
})

test('every reason that the stream room writes down has words in both languages, its instants in the project’s zone', () => {
  const texts = [
    'nothing was counted yet',
    'the counters moved while they were read',
    'ad.events/0 has landed up to 10 of 12',
    'ad.events/0 has landed since 2026-11-20T15:00:00.000Z only',
    'nothing has landed yet',
    'the first event was taken at 2026-11-20T15:00:00.000Z',
    'counted up to 2026-11-20T15:00:00.000Z only',
    'no campaign of the day has both events and a published row',
  ]
  const source = ['reconcile.ts', 'reconcile-platform.ts']
    .map((file) => readFileSync(new URL(`../stream/${file}`, import.meta.url), 'utf8'))
    .join('\n')
  for (const [at, [reason, form]] of reasonForms.entries()) {
    expect([reason, form.test(texts[at] ?? '')]).toEqual([reason, true])
    // The words between the values stand in the room's code: when it says something else, this says so.
    const words = form.source.replaceAll(/[\^$]/g, '').split(/ ?\(\S+?\) ?/)
    expect(words.filter((part) => !source.includes(part))).toEqual([])
  }
  const korean = texts.map((text) => reasonText(text, words.ko.live, 'Asia/Seoul'))
  expect(korean.filter((text) => !/[가-힣]/.test(text))).toEqual([])
  expect(korean[5]).toBe('첫 이벤트를 받은 시각: 2026-11-21 00:00:00 KST')
  expect(reasonText('time_zone 2, unexplained 1', words.ko.live, 'UTC')).toBe('시간대 2, 설명되지 않음 1')
})

test('what is done again is what was chosen and what follows it by the graph, whatever the order', () => {
  const tasks = [
    { task: 'models', account: null, state: 'upstream_failed', after: ['load:a', 'load:b'] },
    { task: 'load:a', account: 'a', state: 'success', after: ['extract:a'] },
    { task: 'load:b', account: 'b', state: 'upstream_failed', after: ['extract:b'] },
    { task: 'extract:a', account: 'a', state: 'success', after: [] },
    { task: 'extract:b', account: 'b', state: 'failed', after: [] },
  ]
  expect(rerunPlan(tasks, 'failed', '')).toEqual({ tasks: ['models', 'load:b', 'extract:b'], accounts: ['b'] })
  expect(rerunPlan(tasks, 'downstream', 'load:a')).toEqual({ tasks: ['models', 'load:a'], accounts: ['a'] })
  expect(rerunPlan(tasks, 'one', 'extract:a')).toEqual({ tasks: ['extract:a'], accounts: ['a'] })
  expect(rerunPlan(tasks, 'all', '').tasks).toHaveLength(5)
})

test('what is above a node has the node below it, whatever the graph', () => {
  const edge = fc.tuple(fc.nat(12), fc.nat(12)).filter(([from, to]) => from < to)
  fc.assert(
    fc.property(fc.array(edge, { maxLength: 40 }), (pairs) => {
      const edges = pairs.map(([from, to]) => ({ from: String(from), to: String(to) }))
      const ids = [...new Set(edges.flatMap(({ from, to }) => [from, to]))]
      for (const one of ids)
        for (const other of ids) expect(walk(edges, one, 'up').has(other)).toBe(walk(edges, other, 'down').has(one))
    }),
    { seed: 20_261_127, numRuns: 200 },
  )
})

test('what is pasted is names, a line each, of a row its first cell, as an export writes them', () => {
  const text = 'Autumn\t1.9\t3\r\n"A ""quoted"" name"\n\n\'=1+1\nAutumn\n  여름 세일  '
  expect(pastedNames(text)).toEqual(['Autumn', 'A "quoted" name', '=1+1', '여름 세일'])
})
