import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import { openReadOnly } from '../warehouse/read-only.ts'
import type { ReadOnly } from '../warehouse/read-only.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { AuditFacts } from './audit.ts'
import { checkQuality } from './config-check.ts'
import type { QualityConfig } from './config-schema.ts'
import type { Staging } from './fixture.ts'
import { audited, cleanMonth, loaded } from './fixture.ts'
import type { CheckResult } from './result.ts'
import { foundText } from './result.ts'
import { compileSuite } from './suite.ts'
import { expectedRange, holds } from './threshold.ts'

/* A project's own checks, from their configuration to what they do to a load, on a real Postgres. */

let warehouse: Warehouse
let reader: ReadOnly

beforeAll(async () => {
  warehouse = await openTestWarehouse()
  reader = openReadOnly(warehouse)
})

afterAll(async () => {
  await reader[Symbol.asyncDispose]()
  await warehouse[Symbol.asyncDispose]()
})

function suiteOf(config: Omit<QualityConfig, 'dataset'>): Partial<AuditFacts> {
  const { parsed, problems } = checkQuality({ dataset: 'daily_campaign_metrics', ...config })
  expect(problems).toEqual([])
  return { suite: compileSuite([parsed]), reader }
}

let seed = 1_500

/** Two days of an account of its own, without the platform's totals, so that a test may bend the rows. */
function twoDays(config: Omit<QualityConfig, 'dataset'>): Staging {
  seed += 1
  const staging = cleanMonth(seed, undefined, 2)
  staging.controlTotals = null
  staging.facts = { ...staging.facts, ...suiteOf(config) }
  return staging
}

const own = (results: readonly CheckResult[], id = 'own') => results.filter((one) => one.checkId === id)

describe('operators', () => {
  test.each([
    ['mustBe', 5, [5], [4.99, 5.01, Number.NaN]],
    ['mustNotBe', 5, [4, 6], [5, Number.NaN]],
    ['mustBeGreaterThan', 5, [5.01], [5, 4, Number.NaN]],
    ['mustBeGreaterOrEqualTo', 5, [5], [4.99]],
    ['mustBeLessThan', 5, [4.99], [5, Number.NaN]],
    ['mustBeLessOrEqualTo', 5, [5], [5.01]],
    ['mustBeBetween', [1, 5], [1, 3, 5], [0.99, 5.01, Number.NaN]],
    ['mustNotBeBetween', [1, 5], [0.99, 5.01], [1, 3, 5, Number.NaN]],
  ] as const)('%s %s', (name, bound, kept, broken) => {
    const threshold = { [name]: bound }
    for (const value of kept) expect([value, holds(threshold, value)]).toEqual([value, true])
    for (const value of broken) expect([value, holds(threshold, value)]).toEqual([value, false])
  })

  test('have the ends that a result stores', () => {
    expect(expectedRange({ mustBeLessThan: 5 })).toEqual({ low: null, high: '5' })
    expect(expectedRange({ mustBeGreaterThan: 5 })).toEqual({ low: '5', high: null })
    expect(expectedRange({ mustBeBetween: [1, 5] })).toEqual({ low: '1', high: '5' })
  })
})

type Bend = (staging: Staging) => void

const first =
  (change: object): Bend =>
  (staging) =>
    void Object.assign(staging.rows[0]!, change)

describe('each library metric finds what it is for, and nothing on clean rows', () => {
  test.each<readonly [string, NonNullable<QualityConfig['checks']>[string], Bend, number]>([
    [
      'null values',
      { column: 'conversion_value', metric: 'nullValues', mustBe: 0 },
      first({ conversionValue: null }),
      1,
    ],
    [
      'missing values',
      { column: 'campaign_id', metric: 'missingValues', arguments: { missingValues: ['n/a', '-'] }, mustBe: 0 },
      first({ entityId: 'n/a' }),
      1,
    ],
    [
      'below the least',
      { column: 'cost', metric: 'invalidValues', arguments: { min: 0 }, mustBe: 0 },
      first({ cost: '-0.01' }),
      1,
    ],
    [
      'above the most',
      { column: 'cost', metric: 'invalidValues', arguments: { max: 1e9 }, mustBe: 0 },
      first({ cost: '1000000001' }),
      1,
    ],
    [
      'not a number',
      { column: 'cost', metric: 'invalidValues', arguments: { min: 0 }, mustBe: 0 },
      first({ cost: 'NaN' }),
      1,
    ],
    [
      'below another column',
      { column: 'impressions', metric: 'invalidValues', arguments: { minColumn: 'clicks' }, mustBe: 0 },
      first({ clicks: '999999999' }),
      1,
    ],
    [
      'above another column',
      { column: 'clicks', metric: 'invalidValues', arguments: { maxColumn: 'impressions' }, mustBe: 0 },
      first({ clicks: '999999999' }),
      1,
    ],
    [
      'a ratio',
      { column: 'ctr', metric: 'invalidValues', arguments: { max: 1 }, mustBe: 0 },
      first({ clicks: '999999999' }),
      1,
    ],
    [
      'not in the list',
      { column: 'currency', metric: 'invalidValues', arguments: { validValues: ['KRW', 'USD', 'EUR'] }, mustBe: 0 },
      first({ currency: 'JPY' }),
      1,
    ],
    [
      'not of the shape',
      { column: 'campaign_id', metric: 'invalidValues', arguments: { pattern: '\\d+' }, mustBe: 0 },
      first({ entityId: '12a' }),
      1,
    ],
    [
      'too short',
      { column: 'campaign_id', metric: 'invalidValues', arguments: { minLength: 3 }, mustBe: 0 },
      first({ entityId: '1' }),
      1,
    ],
    [
      'doubles',
      { columns: ['campaign_id', 'currency'], metric: 'duplicateValues', mustBe: 0 },
      (s) => s.rows.push({ ...s.rows[0]! }),
      1,
    ],
    ['too few rows', { metric: 'rowCount', mustBeGreaterOrEqualTo: 8 }, (s) => void s.rows.shift(), 1],
  ])('%s', async (_, check, bend, failed) => {
    const staging = twoDays({ checks: { own: check } })
    const clean = own((await audited(warehouse, staging)).results)
    expect(clean.map((one) => [one.outcome, one.error])).toEqual([
      ['pass', null],
      ['pass', null],
    ])
    bend(staging)
    const { results, refusedBy } = await audited(warehouse, staging)
    expect(own(results)[0]).toMatchObject({ outcome: 'fail', failed, onFail: 'block' })
    expect(own(results)[1]).toMatchObject({ outcome: 'pass' })
    expect(refusedBy).toContain('own')
    for (const language of ['en', 'ko'] as const)
      expect(foundText(own(results)[0]!, language)).not.toMatch(/undefined|null|NaN/)
  })
})

describe('bad input', () => {
  test('division by nothing is no value: it breaks no range and no check', async () => {
    const staging = twoDays({
      checks: { own: { column: 'cpa', metric: 'invalidValues', arguments: { min: 0 }, mustBe: 0 } },
    })
    for (const row of staging.rows) row.conversions = '0'
    expect(own((await audited(warehouse, staging)).results)[0]!.outcome).toBe('pass')
  })

  test('a pattern that Postgres does not understand is an error, which refuses, and leaves the others judged', async () => {
    const staging = twoDays({
      checks: { own: { column: 'campaign_id', metric: 'invalidValues', arguments: { pattern: '[' }, mustBe: 0 } },
    })
    const { results, refusedBy } = await audited(warehouse, staging)
    expect(own(results)[0]).toMatchObject({ outcome: 'error', error: expect.stringContaining('2201B') })
    expect(refusedBy).toEqual(['own'])
    expect(own(results, 'ads.nonneg')[0]!.outcome).toBe('pass')
  })

  test('an empty table and an all-null column are judged as what they are', async () => {
    const staging = twoDays({
      checks: {
        own: { column: 'conversion_value', metric: 'nullValues', mustBeLessThan: 50, unit: 'percent' },
        rows: { metric: 'rowCount', mustBeGreaterThan: 0 },
      },
    })
    for (const row of staging.rows) row.conversionValue = null
    const nulls = await audited(warehouse, staging)
    expect(own(nulls.results)[0]).toMatchObject({ outcome: 'fail', failed: 8, tested: 8, value: '100' })
    staging.rows = []
    const empty = await audited(warehouse, staging)
    expect(own(empty.results)[0]).toMatchObject({ outcome: 'skipped', facts: { reason: 'no_rows' } })
    expect(own(empty.results, 'rows')[0]).toMatchObject({ outcome: 'fail', value: '0' })
  })

  test('of ten thousand failing rows twenty are kept, without the tagged column', async () => {
    const staging = twoDays({
      checks: { own: { column: 'cost', metric: 'invalidValues', arguments: { min: 0 }, mustBe: 0 } },
      tags: { campaign_id: ['pii'] },
    })
    const [row] = staging.rows
    staging.rows = Array.from({ length: 10_000 }, (_, at) => ({ ...row!, entityId: `c${at}`, cost: '-1' }))
    const { results, extract } = await audited(warehouse, staging)
    expect(own(results)[0]).toMatchObject({ outcome: 'fail', failed: 10_000 })
    const samples = await warehouse.query<{ readonly row: object }>(
      `select s.row from dq_sample s join dq_run r using (run_id) where r.load_version = $1 and s.check_id = 'own'`,
      [extract.extractId],
    )
    expect(samples).toHaveLength(20)
    expect(Object.keys(samples[0]!.row)).not.toContain('entity_id')
    expect(Object.keys(samples[0]!.row)).toContain('cost')
  })

  test('a thousand failing checks at once are a thousand failures of one load', async () => {
    const checks = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, at) => [
        `own_${at}`,
        { column: 'cost', metric: 'invalidValues', arguments: { max: -at }, mustBe: 0 } as const,
      ]),
    )
    const staging = twoDays({ checks })
    for (const row of staging.rows) row.cost = '5'
    staging.until = staging.since
    staging.rows = staging.rows.slice(0, 8)
    const { results, verdicts } = await audited(warehouse, staging)
    expect(results.filter((one) => one.checkId.startsWith('own_') && one.outcome === 'fail')).toHaveLength(1_000)
    expect(verdicts[0]!.refusedBy).toHaveLength(1_000)
  })
})

describe('what a failure does', () => {
  const cost = { column: 'cost', metric: 'invalidValues', arguments: { min: 0 }, mustBe: 0 } as const

  test.each(['warn', 'record'] as const)('%s: the day is published, and the failure kept', async (onFail) => {
    const staging = twoDays({ checks: { own: { ...cost, onFail } } })
    Object.assign(staging.rows[0]!, { cost: '-5' })
    const reports = await loaded(warehouse, staging)
    expect(reports.map((one) => one.outcome)).toEqual(['published', 'published'])
    const [stored] = await warehouse.query(
      `select q.outcome, q.on_fail from dq_result q join dq_run r using (run_id) where r.account_id = $1 and q.check_id = 'own' and q.outcome = 'fail'`,
      [staging.account.accountId],
    )
    expect(stored).toEqual({ outcome: 'fail', on_fail: onFail })
  })

  test('quarantine: the failing rows are kept aside whole, the others are published, and a second load changes nothing', async () => {
    const staging = twoDays({ checks: { own: { ...cost, onFail: 'quarantine' } } })
    Object.assign(staging.rows[0]!, { cost: '-5' })
    const [report] = await loaded(warehouse, staging)
    expect(report).toMatchObject({ outcome: 'published', rows: 7 })
    const [aside] = await warehouse.query<{ readonly row: Record<string, unknown> }>(
      `select a.row from dq_quarantine a join dq_run r using (run_id) where r.account_id = $1`,
      [staging.account.accountId],
    )
    expect(aside!.row).toMatchObject({ entity_id: staging.rows[0]!.entityId, cost: -5 })
    expect((await loaded(warehouse, staging))[0]).toMatchObject({ outcome: 'unchanged', rows: 7 })
    // The row that was bad is right now: it is published with the others.
    Object.assign(staging.rows[0]!, { cost: '5' })
    expect((await loaded(warehouse, staging))[0]).toMatchObject({ outcome: 'published', rows: 8, inserted: 1 })
  })

  test('quarantine of every row of a day refuses the day', async () => {
    const staging = twoDays({ checks: { own: { ...cost, onFail: 'quarantine' } } })
    for (const row of staging.rows.slice(0, 8)) row.cost = '-5'
    const reports = await loaded(warehouse, staging)
    expect(reports.map((one) => one.outcome)).toEqual(['refused', 'published'])
  })

  test('a built-in check can be given another threshold, severity and consequence', async () => {
    const staging = twoDays({
      checks: { ctr: { use: 'ads.ctr_range', unit: 'percent', mustBeLessThan: 20, severity: 'warn', onFail: 'warn' } },
    })
    Object.assign(staging.rows[0]!, { impressions: '10', clicks: '1000' })
    const { results } = await audited(warehouse, staging)
    expect(own(results, 'ads.ctr_range')[0]).toMatchObject({
      outcome: 'pass',
      value: '12.5',
      severity: 'warn',
      blocking: false,
    })
  })
})

describe('overrides and mutes', () => {
  const cost = { column: 'cost', metric: 'invalidValues', arguments: { min: 0 }, mustBe: 0 } as const
  const bent = (config: Omit<QualityConfig, 'dataset' | 'checks'>) => {
    const staging = twoDays({ checks: { own: cost }, ...config })
    Object.assign(staging.rows[0]!, { cost: '-5' })
    return staging
  }

  test('an override holds for its platform until its last day, and not a day longer', async () => {
    const override = (until: string, platform: string) => [
      { match: { platform }, checks: { own: { onFail: 'warn' } }, reason: 'known', until } as const,
    ]
    const staging = bent({})
    const { platform } = staging.account
    const outcome = async (until: string, of = platform as string) => {
      staging.facts = { ...staging.facts, ...suiteOf({ checks: { own: cost }, overrides: override(until, of) }) }
      return (await audited(warehouse, staging)).refusedBy
    }
    expect(await outcome('2026-12-01')).toEqual([])
    expect(await outcome('2026-10-01')).toEqual(['own'])
    expect(await outcome('2026-12-01', 'tiktok_ads')).toEqual(['own'])
  })

  test('a muted failure neither refuses nor counts, and says who, why and until when', async () => {
    const staging = bent({ mute: [{ check: 'own', until: '2026-12-01', reason: 'black friday', by: 'ops' }] })
    const { results, refusedBy } = await audited(warehouse, staging)
    expect(refusedBy).toEqual([])
    expect(own(results)[0]).toMatchObject({
      outcome: 'muted',
      failed: 1,
      facts: {
        mutedOutcome: 'fail',
        muteReason: 'black friday',
        mutedBy: 'ops',
        mutedUntil: '2026-12-01T23:59:59.999Z',
      },
    })
    expect(foundText(own(results)[0]!, 'en')).toContain('black friday')
  })

  test('a mute that has ended mutes nothing', async () => {
    const staging = bent({ mute: [{ check: 'own', until: '2026-10-01', reason: 'black friday', by: 'ops' }] })
    expect((await audited(warehouse, staging)).refusedBy).toEqual(['own'])
  })

  test('an error is not muted', async () => {
    const staging = twoDays({
      checks: { own: { column: 'campaign_id', metric: 'invalidValues', arguments: { pattern: '[' }, mustBe: 0 } },
      mute: [{ check: 'own', until: '2026-12-01', reason: 'r', by: 'ops' }],
    })
    expect((await audited(warehouse, staging)).refusedBy).toEqual(['own'])
  })
})
