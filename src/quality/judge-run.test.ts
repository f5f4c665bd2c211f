import { expect, test } from 'vitest'
import { betaBinomial, heavyTwoSided, negativeBinomial, tail, twoSided } from './distribution.ts'
import { planted, weekly } from './generated-series.ts'
import { judgeRun } from './judge-run.ts'
import type { History } from './judge-run.ts'
import { SortedWindow } from './sorted-window.ts'
import { quantile, spreadOf } from './robust.ts'
import { hoursOf } from './series-time.ts'
import { pLimit, topDown } from './top-down.ts'

const values = (seed: number, factor = 1) => planted(weekly(seed), 89, factor).map(({ value }) => value)

/** An account of five campaigns; each campaign's last day times its factor. */
function account(factors: readonly number[]): readonly History[] {
  const parts = factors.map((factor, nth) => values(nth + 1, factor))
  const whole = parts[0]?.map((_, day) => parts.reduce((sum, part) => sum + (part[day] ?? 0), 0)) ?? []
  return [
    { key: 'account', parent: null, kind: 'volume', values: whole },
    ...parts.map((part, nth): History => ({ key: `c${nth}`, parent: 'account', kind: 'volume', values: part })),
  ]
}

const told = (histories: readonly History[]) =>
  judgeRun(histories, 20_000)
    .findings.filter((one) => one.with === null)
    .map(({ key }) => key)

test('an outage of the whole account is told once, with its campaigns beneath it', () => {
  const { findings } = judgeRun(account([0, 0, 0, 0, 0]), 20_000)
  expect(findings.filter((one) => one.with === null).map(({ key }) => key)).toEqual(['account'])
  expect(findings.filter(({ because }) => because === 'moved with it')).toHaveLength(5)
  const shares = findings[0]?.contributions.map(({ share }) => share) ?? []
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 1)
})

test('one campaign that moves the account is told with it; one that does not is told alone; quiet days tell nothing', () => {
  expect(told(account([6, 1, 1, 1, 1]))).toEqual(['account'])
  expect(judgeRun(account([6, 1, 1, 1, 1]), 20_000).findings.find(({ key }) => key === 'c0')?.because).toBe('drives it')
  expect(told(account([2.2, ...Array<number>(30).fill(1)]))).toEqual(['c0'])
  expect(told(account([1, 1, 1, 1, 1]))).toEqual([])
})

test('a missing last day of an additive series is a day of nothing; the same histories give the same bytes', () => {
  const silent: History = { key: 's', parent: null, kind: 'volume', values: [...values(1).slice(0, -1), null] }
  expect(told([silent])).toEqual(['s'])
  const run = () => JSON.stringify([...judgeRun(account([2, 1, 0.4, 1, 1]), 20_000).judged])
  expect(run()).toBe(run())
})

test('small counts and shares of a run are judged by their own detectors', () => {
  const leads: History = { key: 'l', parent: null, kind: 'count', values: [...Array<number>(60).fill(4), 25] }
  const share: History = {
    key: 'r',
    parent: null,
    kind: 'share',
    values: [...Array.from({ length: 40 }, (_, at) => 95 + ((at * 7) % 11)), 20],
    of: Array<number>(41).fill(5000),
  }
  const { judged } = judgeRun([leads, share], 20_000)
  expect(judged.get('l')?.explanation?.['detector']).toBe('counts')
  expect(judged.get('r')?.explanation?.['detector']).toBe('ratio')
  expect([judged.get('l')?.anomaly, judged.get('r')?.anomaly]).toEqual([true, true])
})

test('Benjamini and Hochberg: the limit is the largest p beneath its line', () => {
  expect(pLimit([0.001, 0.008, 0.039, 0.041, 0.6], 0.05)).toBe(0.008)
  expect(pLimit([0.5, 0.9], 0.1)).toBe(0)
  expect(topDown([])).toEqual([])
})

test('tails agree with tables', () => {
  expect(heavyTwoSided(2.228139)).toBeCloseTo(0.05, 6)
  expect(heavyTwoSided(4.586894)).toBeCloseTo(0.001, 6)
  expect(tail(negativeBinomial(3, 0), 0, 'down')).toBeCloseTo(Math.exp(-3), 12)
  expect(tail(negativeBinomial(4, 0.5), 0, 'down')).toBeCloseTo((1 + 0.5 * 4) ** -2, 12)
  expect(tail(negativeBinomial(3, 0), 8, 'up')).toBeCloseTo(0.0119, 4)
  expect(tail(betaBinomial(10, 0.3, 0), 8, 'up')).toBeCloseTo(0.00159, 5)
  expect(twoSided(betaBinomial(10, 0.5, 0.2), 5)).toBe(1)
})

test('a moving window has the median and the spread of its values', () => {
  const window = new SortedWindow()
  const all = weekly(3, { days: 300 }).map(({ value }) => value ?? 0)
  for (const [at, value] of all.entries()) {
    window.add(value)
    if (at >= 101) window.remove(all[at - 101] ?? 0)
  }
  const last = all.slice(-101)
  expect(window.size).toBe(101)
  expect(window.quantile(0.5)).toBe(quantile(last, 0.5))
  expect(window.spread(900, 1)).toBeCloseTo(
    spreadOf(
      last.map((value) => Math.abs(value - 900)),
      1,
    ),
    9,
  )
})

test.for([
  ['2026-11-26', 2026, 10, 26, 0],
  ['2026-11-26T13:30:00+09:00', 2026, 10, 26, 13.5],
  ['2026-11-26 13:30:00.000000', 2026, 10, 26, 13.5],
  ['2026/11/26 1:30 PM', 2026, 10, 26, 13.5],
  ['11/26/2026', 2026, 10, 26, 0],
  ['26/11/2026 01:00', 2026, 10, 26, 1],
  ['26.11.2026', 2026, 10, 26, 0],
  ['20261126', 2026, 10, 26, 0],
  ['2026112613', 2026, 10, 26, 13],
  ['Nov 26, 2026', 2026, 10, 26, 0],
  ['26-Nov-2026 13:30', 2026, 10, 26, 13.5],
  ['1795699800', 2026, 10, 26, 13.5],
  ['1795699800000', 2026, 10, 26, 13.5],
] as const)('%s is read as a time', ([text, year, month, day, hour]) => {
  expect(hoursOf([text], 1).hours[0]).toBeCloseTo(Date.UTC(year, month, day) / 3_600_000 + hour, 6)
})

test('small whole numbers are steps; what is no time is named', () => {
  expect(hoursOf(['1', '2', '3'], 24).hours).toEqual([24, 48, 72])
  expect(hoursOf(['2026-11-26', 'yesterday'], 24).broken).toEqual({ row: 1, text: 'yesterday' })
  expect(hoursOf(['2026-02-30'], 24).broken?.row).toBe(0)
})
