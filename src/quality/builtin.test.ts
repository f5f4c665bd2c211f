import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays, day } from '../domain/day.ts'
import { addDecimals, decimal, fromUnits } from '../domain/decimal.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { ControlTotals } from '../domain/metric.ts'
import { wordsOf } from './builtin-words.ts'
import { builtinChecks } from './builtin.ts'
import type { BuiltinId } from './builtin.ts'
import type { CheckInput, Judgement, SliceFacts } from './check.ts'
import { cleanMonth, extractOf, settleMs } from './fixture.ts'
import type { CheckResult } from './result.ts'
import { foundText, refusalsOf, tallied } from './result.ts'

const staging = cleanMonth(3)
const zero = '0' as Decimal

function slice(over: Partial<SliceFacts> = {}): SliceFacts {
  return {
    account: staging.account,
    extract: extractOf(staging),
    days: [staging.until],
    nowMs: staging.nowMs,
    settleMs,
    drift: undefined,
    ratedDays: null,
    utm: null,
    past: { rows: new Map(), medianCostPerClick: null },
    staged: new Map(),
    strayRows: 0,
    rows: 8,
    sums: { cost: zero, impressions: zero, clicks: zero, conversions: zero, conversionValue: zero },
    ...over,
  }
}

function judged(id: BuiltinId, over: Partial<Omit<CheckInput, 'slice'>> & { slice?: SliceFacts } = {}): Judgement {
  const partition = { date: staging.until, rows: 1000, distinctEntities: 1000, medianCostPerClick: 0.5 }
  const counts = { fails: 0, warns: 0, excessMax: 0 }
  return builtinChecks.find((check) => check.id === id)!.judge({ partition, counts, slice: slice(), ...over })
}

describe('clicks over impressions: one fact, one tolerance', () => {
  test.each([
    [0, 0, 'pass'],
    [1, 10, 'warn'],
    [2, 1, 'fail'],
    [1, 11, 'fail'],
  ] as const)('%i of 1000 rows over, the worst by %i: %s', (fails, excessMax, outcome) => {
    for (const id of ['ads.ctr_range', 'ads.clicks_le_impressions'] as const)
      expect(judged(id, { counts: { fails, warns: 0, excessMax } }).outcome).toBe(outcome)
  })
})

test('a negative cost is a credit: warned of, not refused', () => {
  expect(judged('ads.nonneg', { counts: { fails: 0, warns: 3, excessMax: 0 } }).outcome).toBe('warn')
})

test('a day without a rate of its currency is a finding that refuses nothing; without any rates there is nothing to judge by', () => {
  const rated = (days: readonly string[]) => slice({ ratedDays: new Set(days.map(day)) })
  expect(judged('ads.fx_present').outcome).toBe('skipped')
  expect(judged('ads.fx_present', { slice: rated([staging.until]) }).outcome).toBe('pass')
  expect(judged('ads.fx_present', { slice: rated([staging.since]) }).outcome).toBe('fail')
  expect(builtinChecks.find((one) => one.id === 'ads.fx_present')?.blocking).toBe(false)
})

test('a share of clicks that lead back falls by more than ten points: a warning; without addresses or clicks nothing is judged', () => {
  const shares = (share: number | null, before: number | null) =>
    judged('ads.utm_coverage', {
      slice: slice({ utm: { byDay: new Map(share === null ? [] : [[staging.until, share]]), before } }),
    }).outcome
  expect(judged('ads.utm_coverage').outcome).toBe('skipped')
  expect(shares(null, 0.9)).toBe('skipped')
  expect(shares(0.8, 0.9)).toBe('pass')
  expect(shares(0.79, 0.9)).toBe('warn')
  expect(shares(0.1, null)).toBe('pass')
  expect(shares(1, 0.2)).toBe('pass')
})

describe('an empty day', () => {
  const empty = { date: staging.until, rows: 0, distinctEntities: 0, medianCostPerClick: null }
  const nights = (counts: readonly number[]) =>
    slice({
      extract: { ...extractOf(staging), since: staging.until },
      past: {
        rows: new Map(counts.map((rows, at) => [addDays(staging.until, -1 - at), rows])),
        medianCostPerClick: null,
      },
    })

  test('is refused while the median of the seven days before has rows, and passes once it has none', () => {
    expect(judged('ads.empty_partition', { partition: empty, slice: nights([0, 0, 0, 5, 5, 5, 5]) }).outcome).toBe(
      'fail',
    )
    expect(judged('ads.empty_partition', { partition: empty, slice: nights([0, 0, 0, 0, 5, 5, 5]) }).outcome).toBe(
      'pass',
    )
    expect(judged('ads.empty_partition', { partition: empty, slice: nights([]) }).outcome).toBe('pass')
  })

  test('that is published as empty may be loaded again', () => {
    const again = nights([5, 5, 5, 5, 5, 5, 5])
    const rows = new Map([...again.past.rows, [staging.until, 0]])
    const past = { ...again.past, rows }
    expect(judged('ads.empty_partition', { partition: empty, slice: { ...again, past } }).outcome).toBe('pass')
  })

  test('is believed when the same extract has rows of a later day', () => {
    const before = addDays(staging.until, -1)
    const { past, ...week } = nights([0, 5, 5, 5, 5, 5, 5, 5])
    const rows = new Map([...past.rows].filter(([date]) => date !== before))
    const later = { ...week, past: { ...past, rows }, staged: new Map([[staging.until, 5]]) }
    const weekend = { ...empty, date: before }
    expect(judged('ads.empty_partition', { partition: weekend, slice: later }).outcome).toBe('pass')
    const nothingLater = { ...later, staged: new Map([[addDays(before, -1), 5]]) }
    expect(judged('ads.empty_partition', { partition: weekend, slice: nothingLater }).outcome).toBe('fail')
  })

  test('days of one slice are judged as they would be one after another', () => {
    const days = Array.from({ length: 7 }, (_, at) => addDays(staging.until, -1 - at))
    const inSlice = slice({ staged: new Map(days.map((date) => [date, 5])) })
    expect(judged('ads.empty_partition', { partition: empty, slice: inSlice }).outcome).toBe('fail')
  })
})

describe('control totals', () => {
  const against = (controlTotals: ControlTotals | null, sums: Partial<SliceFacts['sums']>, rows = 10) =>
    judged('ads.control_total', {
      slice: slice({ extract: { ...extractOf(staging), controlTotals }, sums: { ...slice().sums, ...sums }, rows }),
    })

  test('without totals there is nothing to compare, and that is not a pass', () => {
    expect(against(null, {}).outcome).toBe('skipped')
    expect(against({}, {}).outcome).toBe('skipped')
  })

  test('only the totals that the platform sent are compared', () => {
    expect(against({ clicks: decimal('5') }, { clicks: decimal('5'), cost: decimal('99') }).outcome).toBe('pass')
  })

  test('cost and counts must be equal to the last digit, however they are written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), (units) => {
        const cost = fromUnits(units, 6)
        const padded = (cost.includes('.') ? `${cost}000` : `${cost}.000000`) as Decimal
        expect(against({ cost }, { cost: padded }).outcome).toBe('pass')
        expect(against({ cost }, { cost: addDecimals(cost, decimal('0.000001')) }).outcome).toBe('fail')
      }),
      { seed: 5 },
    )
  })

  test('conversions may differ by the digits that the stage rounds, and by no more', () => {
    const conversions = decimal('12.3456789')
    expect(against({ conversions }, { conversions: decimal('12.345679') }, 1).outcome).toBe('pass')
    expect(against({ conversions }, { conversions: decimal('12.345681') }, 1).outcome).toBe('fail')
    expect(against({ conversions: decimal('1e-7') }, { conversions: decimal('0.01') }, 8).outcome).toBe('fail')
  })

  test('the difference is said with its sign', () => {
    expect(against({ cost: decimal('120') }, { cost: decimal('100.50') }).facts).toMatchObject({
      metric: 'cost',
      difference: '-19.5',
    })
  })
})

describe('drift', () => {
  const with_ = (drift: SliceFacts['drift']) => judged('ads.schema_drift', { slice: slice({ drift }) })

  test('a new column warns; without a count of columns the check is skipped', () => {
    expect(with_({ removed: [], mistyped: [], added: ['x'] }).outcome).toBe('warn')
    expect(with_(undefined).outcome).toBe('skipped')
  })

  test('a thousand new columns are ten names and a count', () => {
    const added = Array.from({ length: 1000 }, (_, at) => `column_${at}`)
    expect(String(with_({ removed: [], mistyped: [], added }).facts?.['added'])).toMatch(/column_9, \+990$/)
  })
})

describe('words', () => {
  test('the guide lists exactly these checks with these rules', () => {
    const guide = readFileSync(join(import.meta.dirname, '../../docs/guide/quality.md'), 'utf8')
    const listed = guide.split('\n').filter((line) => /^\| `ads\.[^|]+\|[^|]+\|[^|]+\| (?:yes|no) \|/.test(line))
    const rows = builtinChecks.map(
      ({ id, dimension, severity, blocking }) =>
        `| \`${id}\` | ${dimension} | ${severity} | ${blocking ? 'yes' : 'no'} | ${wordsOf(id, 'en')?.rule} |`,
    )
    expect(listed).toEqual(rows)
  })

  test('every check has its rule, its finding and its remedy in both languages', () => {
    for (const { id } of builtinChecks) {
      const [english, korean] = [wordsOf(id, 'en'), wordsOf(id, 'ko')]
      expect([id, english?.rule.length, english?.fix.length]).toEqual([id, expect.any(Number), expect.any(Number)])
      expect(korean?.rule).toMatch(/[가-힣]/)
      expect(korean?.fix).toMatch(/[가-힣]/)
    }
    expect(wordsOf('toString', 'en')).toBeUndefined()
  })

  test('no finding leaves a number out', () => {
    for (const check of builtinChecks) {
      const counts = { fails: 5, warns: 2, excessMax: 99 }
      const drift = { removed: ['a'], mistyped: [], added: [] }
      const partition = { date: day('2020-01-01'), rows: 10, distinctEntities: 9, medianCostPerClick: 5e9 }
      const judgement = judged(check.id, {
        counts,
        partition,
        slice: slice({ drift, past: { rows: new Map(), medianCostPerClick: 0.5 } }),
      })
      const result = resultOf(check.id, { ...judgement, facts: { tested: 10, failed: 5, ...judgement.facts } })
      if (check.id === 'ads.empty_partition') continue
      for (const language of ['en', 'ko'] as const)
        expect([check.id, foundText(result, language)]).toEqual([
          check.id,
          expect.not.stringMatching(/undefined|null|NaN/),
        ])
    }
  })
})

function resultOf(checkId: string, over: Partial<CheckResult>): CheckResult {
  return {
    checkId,
    date: staging.until,
    dimension: 'conformity',
    severity: 'error',
    blocking: true,
    onFail: 'block',
    outcome: 'fail',
    tested: 10,
    failed: 5,
    facts: { tested: 10, failed: 5 },
    error: null,
    ...over,
  }
}

describe('refusals', () => {
  const dates = [day('2026-11-18'), day('2026-11-19'), day('2026-11-20')]

  test('days refused by the same checks are one refusal, with the reason in both languages', () => {
    const results = dates.map((date) => resultOf('ads.nonneg', { date }))
    const [one, ...others] = refusalsOf(staging.account, [...results, resultOf('ads.bot_like', { blocking: false })])
    expect(others).toEqual([])
    expect(one?.dates).toEqual(dates)
    expect(one?.facts).toMatchObject({ checks: 'ads.nonneg', dates: '2026-11-18..2026-11-20' })
    expect(one?.facts['foundEn']).toBe('5 of 10 rows have negative impressions, clicks or conversions')
    expect(one?.facts['foundKo']).toContain('음수')
  })

  test('a check that could not be carried out refuses with the database’s own words', () => {
    const [one] = refusalsOf(staging.account, [resultOf('ads.nonneg', { outcome: 'error', error: '42703 no column' })])
    expect(one?.facts['foundEn']).toBe('the check could not be carried out: 42703 no column')
  })

  test('a check without anything to judge by says so', () => {
    const skipped = resultOf('ads.control_total', { outcome: 'skipped', facts: { reason: 'no_totals' } })
    expect(foundText(skipped, 'en')).toBe('not judged: the platform sent no totals')
    expect(foundText({ ...skipped, facts: { reason: 'columns_not_counted' } }, 'ko')).toMatch(/^판정하지 않음/)
  })

  test('an error counts as a failure, a skipped check as nothing', () => {
    const outcomes = ['pass', 'pass', 'warn', 'fail', 'error', 'skipped'] as const
    expect(tallied(outcomes.map((outcome) => ({ outcome })))).toEqual({ pass: 2, warn: 1, fail: 2 })
  })
})
