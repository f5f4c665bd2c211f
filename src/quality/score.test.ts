import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dimensions, outcomes, severities } from './check.ts'
import type { Scored } from './score.ts'
import { axes, axisOf, meanScore, resultScore, scorecard } from './score.ts'

const runs = process.env['MILLRACE_LONG'] === '1' ? 20_000 : 500
const settings = { seed: 4_300, numRuns: runs }

const scored: fc.Arbitrary<Scored> = fc
  .record({
    checkId: fc.stringMatching(/^[a-z]{1,3}$/),
    dimension: fc.constantFrom(...dimensions),
    severity: fc.constantFrom(...severities),
    outcome: fc.constantFrom(...outcomes),
    tested: fc.nat(100_000),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    score: fc.option(fc.double({ min: -2, max: 2 }), { nil: undefined }),
    detector: fc.option(fc.constant('weekday-robust'), { nil: null, freq: 5 }),
  })
  .map(({ share, ...one }) => ({ ...one, failed: Math.floor(one.tested * share), facts: {} }))

const results = fc.uniqueArray(scored, { maxLength: 30, selector: (one) => one.checkId })

describe('a score', () => {
  test('lies in 0 to 100, on every axis and overall', () => {
    fc.assert(
      fc.property(results, (all) => {
        const card = scorecard(all)
        const scores = [...axes.map((axis) => card.axes[axis].score), card.overall.score]
        expect(scores.filter((one) => one !== null && !(one >= 0 && one <= 100))).toEqual([])
      }),
      settings,
    )
  })

  test('is the same in whatever order the checks ran', () => {
    const shuffled = results.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    )
    fc.assert(
      fc.property(shuffled, ([all, other]) => {
        expect(JSON.stringify(scorecard(other))).toBe(JSON.stringify(scorecard(all)))
      }),
      settings,
    )
  })

  test('is never raised by one more failing row', () => {
    const bent = fc.tuple(
      results.filter((all) => all.length > 0),
      fc.nat(29),
    )
    fc.assert(
      fc.property(bent, ([all, at]) => {
        const index = at % all.length
        const worse = all.map((one, place): Scored => {
          if (place !== index || !['pass', 'warn', 'fail'].includes(one.outcome) || one.detector) return one
          return { ...one, tested: one.tested + 1, failed: one.failed + 1, outcome: 'fail' }
        })
        // A check that had nothing to look at measured nothing; its first row is a first measurement and not one more.
        if (all[index]!.tested === 0) return
        const [before, after] = [scorecard(all), scorecard(worse)]
        for (const axis of axes) expect(after.axes[axis].score ?? 0).toBeLessThanOrEqual(before.axes[axis].score ?? 100)
        expect(after.overall.score ?? 0).toBeLessThanOrEqual(before.overall.score ?? 100)
      }),
      settings,
    )
  })

  test('is null exactly where nothing was measured', () => {
    fc.assert(
      fc.property(results, (all) => {
        const card = scorecard(all)
        for (const axis of axes) {
          const ran = all.some((one) => axisOf[one.dimension] === axis && resultScore(one) !== null)
          expect(card.axes[axis].score !== null).toBe(ran)
        }
        expect(card.overall.score !== null).toBe(all.some((one) => resultScore(one) !== null))
      }),
      settings,
    )
  })

  test('is at most 59 with a failed critical check and at most 79 with a failed error, however much passes', () => {
    fc.assert(
      fc.property(results, (all) => {
        const failed = (severity: string) =>
          all.some((one) => one.severity === severity && ['fail', 'error'].includes(one.outcome) && !one.detector)
        const { score } = scorecard(all).overall
        expect(score ?? 0).toBeLessThanOrEqual(failed('critical') ? 59 : failed('error') ? 79 : 100)
      }),
      settings,
    )
  })
})

const one = (over: Partial<Scored>): Scored => ({
  checkId: 'a',
  dimension: 'accuracy',
  severity: 'error',
  outcome: 'pass',
  tested: 10,
  failed: 0,
  facts: {},
  ...over,
})

describe('the score of one check', () => {
  test.each([
    ['a quarter of the rows fail', one({ outcome: 'fail', failed: 5, tested: 20 }), 0.75],
    ['it could not be carried out', one({ outcome: 'error', tested: 0 }), 0],
    ['it was skipped', one({ outcome: 'skipped', tested: 0 }), null],
    ['it is still learning', one({ outcome: 'learning' }), null],
    ['it was muted', one({ outcome: 'muted', failed: 10 }), null],
    ['no rows to look at', one({ tested: 0 }), null],
    ['it failed without a count', one({ outcome: 'fail', tested: 0 }), 0],
    ['half of the rows are warned of', one({ outcome: 'warn', facts: { warned: 5 } }), 0.75],
    ['it knows how near it came', one({ outcome: 'warn', failed: 1, tested: 1, score: 0.9 }), 0.9],
    ['its own score is no number', one({ score: Number.NaN }), 0],
    ['an anomaly that nobody confirmed', one({ outcome: 'fail', failed: 10, detector: 'daily' }), null],
  ])('%s', (_, result, expected) => {
    expect(resultScore(result)).toBe(expected)
  })
})

describe('weights and means', () => {
  test('a critical failure on one row is not drowned by an info check over ten million', () => {
    const card = scorecard([
      one({ checkId: 'fatal', severity: 'critical', outcome: 'fail', tested: 1, failed: 1 }),
      one({ checkId: 'trivial', severity: 'info', tested: 10_000_000 }),
    ])
    expect(card.axes.accuracy).toEqual({ score: 11.11, measured: 2, defined: 2 })
    expect(card.overall).toEqual({ score: 11.11, measured: 2, defined: 2, cappedBy: 'critical' })
  })

  test('a mean leaves gaps out, and may weigh by spend', () => {
    expect(meanScore([100, null, 50])).toBe(75)
    expect(meanScore([100, null, 50], (at) => [3, 9, 1][at]!)).toBe(87.5)
    expect(meanScore([null, null])).toBeNull()
    expect(meanScore([])).toBeNull()
  })
})
