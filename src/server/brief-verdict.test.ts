import { expect, test } from 'vitest'
import { percentOf, scoresOf, verdictOf } from './brief-verdict.ts'
import { delimited } from './delimited.ts'

type State = 'published' | 'stale' | 'failed' | 'missing' | 'not_due'

const account = (state: State, totals: 'equal' | 'different' = 'equal', before: State = 'published') => ({
  platform: 'google_ads',
  accountId: '1',
  name: 'One',
  currency: 'KRW',
  zone: 'Asia/Seoul',
  totals,
  days: [
    { date: '2026-11-20', state: before, rows: 1, completeness: null, publishedAt: null, restated: 0, problem: null },
    { date: '2026-11-21', state, rows: 1, completeness: null, publishedAt: null, restated: 2, problem: null },
  ],
})
const counts = (pass: number, fail: number) => [{ date: '2026-11-21', dimension: 'accuracy', pass, warn: 0, fail }]
const verdict = (accounts: Parameters<typeof verdictOf>[0], fail = 0) => {
  const { in: isIn, right } = verdictOf(accounts, counts(3, fail), '2026-11-21')
  return [isIn, right]
}

test('a day is in when nothing of it is owed, and right when nothing speaks against it', () => {
  expect(verdict([account('published')])).toEqual(['yes', 'yes'])
  expect(verdict([account('published'), account('not_due')])).toEqual(['yes', 'yes'])
  expect(verdict([account('not_due')])).toEqual(['not_yet', 'yes'])
  expect(verdict([account('published'), account('missing')])).toEqual(['no', 'yes'])
  expect(verdict([account('stale')])).toEqual(['no', 'no'])
  expect(verdict([account('published', 'different')])).toEqual(['yes', 'no'])
  expect(verdict([account('published')], 1)).toEqual(['yes', 'no'])
  expect(verdictOf([account('published')], [], '2026-11-21').right).toBe('unknown')
  expect(verdictOf([], [], '2026-11-21').in).toBe('no')
})

test('a score of nothing is no score, and a partition that is not due counts nowhere', () => {
  expect(percentOf(0, 0)).toBeNull()
  expect(percentOf(2, 3)).toBe('66.67')
  const scores = scoresOf(counts(3, 1), [account('published'), account('not_due'), account('missing')], {
    date: '2026-11-21',
    before: '2026-11-20',
  })
  expect(scores.map(({ dimension, score, good, judged }) => [dimension, score, good, judged])).toEqual([
    ['completeness', '50', 1, 2],
    ['accuracy', '75', 3, 4],
    ['consistency', null, 0, 0],
    ['timeliness', null, 0, 0],
  ])
})

test('a file keeps Korean, quotes what must be, and makes no formula of a name', () => {
  const text = delimited(
    [
      { name: '=1+1', cost: '-12.50', note: 'a,"b"\nc', none: null },
      { name: '봄 세일', cost: '1', note: '', none: null },
    ],
    ',',
  )
  expect(text).toBe('\uFEFFname,cost,note,none\r\n\'=1+1,-12.50,"a,""b""\nc",\r\n봄 세일,1,,\r\n')
})
