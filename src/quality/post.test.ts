import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addDays } from '../domain/day.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { Staging } from './fixture.ts'
import type { PublishedFault } from './post-faults.fixture.ts'
import { buildMart, pacedDays, publishedFaults, settle } from './post-faults.fixture.ts'
import { postChecks } from './post-checks.ts'
import { judgeReconcile, judgeRestatement, reconcileTolerances } from './post-judge.ts'
import { runPostChecks } from './post.ts'
import type { CheckResult } from './result.ts'
import { foundText } from './result.ts'
import { builtinSuite } from './suite.ts'

/* The checks of published days: each must find its planted faults on days in which it finds nothing. */

let warehouse: Warehouse
let seed = 400

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})

afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
})

/** What the checks say of the last day, ten hours after it has been due. */
async function lastDay(staging: Staging): Promise<readonly CheckResult[]> {
  const { account, until, nowMs } = staging
  const runs = await runPostChecks(warehouse, {
    since: until,
    until,
    accountIds: [account.accountId],
    nowMs: nowMs + 20 * 3_600_000,
    suite: builtinSuite,
  })
  return runs[0]?.results ?? []
}

async function planted({ before, after }: PublishedFault, withMart = true): Promise<Staging> {
  seed += 1
  const staging = pacedDays(seed)
  before?.(staging)
  await settle(warehouse, staging)
  if (withMart) await buildMart(warehouse)
  await after?.(warehouse, staging)
  return staging
}

test('of a clean week every check that has something to look at passes', async () => {
  const results = await lastDay(await planted({}))
  expect(results.map((one) => [one.checkId, one.outcome, one.error])).toEqual(
    postChecks.map(({ id }) => [id, id === 'ads.dst_day' ? 'skipped' : 'pass', null]),
  )
})

const isOfMart = (id: string) => id === 'ads.mart_reconcile' || id === 'ads.derived_identity'

describe('every planted fault is found by its own check', () => {
  for (const [id, faults] of Object.entries(publishedFaults)) {
    test.each(Object.entries(faults))(`${id}: %s`, async (_, fault) => {
      const results = await lastDay(await planted(fault, isOfMart(id)))
      const own = results.find((one) => one.checkId === id)
      expect(own).toMatchObject({ outcome: expect.stringMatching(/^(fail|warn)$/), error: null })
      expect(own!.blocking).toBe(false)
      for (const language of ['en', 'ko'] as const) expect(foundText(own!, language)).not.toMatch(/undefined|null|NaN/)
    })
  }

  test('there are at least three of every check', () => {
    const thin = Object.entries(publishedFaults).filter(([, faults]) => Object.keys(faults).length < 3)
    expect(thin).toEqual([])
  })
})

describe('what is stored', () => {
  test('a run a partition, beside its audit, with the scores that both leave', async () => {
    const staging = await planted({
      after: (at, { account }) =>
        at.query(`update dim_entity set is_stub = true where account_id = $1 and entity_id like '%0'`, [
          account.accountId,
        ]),
    })
    await lastDay(staging)
    const { accountId } = staging.account
    const runs = await warehouse.query(
      `select stage, status from dq_newest_run where account_id = $1 and date = $2 order by stage`,
      [accountId, staging.until],
    )
    expect(runs).toEqual([
      { stage: 'audit', status: 'passed' },
      { stage: 'post', status: 'warned' },
    ])
    const [overall] = await warehouse.query<{ readonly score: number; readonly measured: number }>(
      `select score, measured from dq_newest_score where account_id = $1 and date = $2 and axis = 'overall'`,
      [accountId, staging.until],
    )
    // Checks of the audit and of the day after it; an error caps at 79.
    expect(overall!.score).toBe(79)
    expect(overall!.measured).toBeGreaterThan(15)
    const [before] = await warehouse.query(
      `select score from dq_newest_score where account_id = $1 and date = $2 and axis = 'overall'`,
      [accountId, addDays(staging.until, -1)],
    )
    expect(before).toEqual({ score: 100 })
  })

  test('the same moment again gives the same results to the byte', async () => {
    const staging = await planted({})
    expect(JSON.stringify(await lastDay(staging))).toBe(JSON.stringify(await lastDay(staging)))
  })

  test('an account that nothing is known of has no run', async () => {
    const staging = pacedDays(999)
    expect(await lastDay(staging)).toEqual([])
  })
})

describe('judgements at their edges', () => {
  const sums = { cost: '100.5', impressions: '0', clicks: '0', conversions: '0', conversionValue: '0' }

  test('a sum exactly at its tolerance passes, a millionth more fails, and the score falls to 0 at ten times', () => {
    const at = (cost: string) =>
      judgeReconcile({ totals: { cost: '100' }, whole: true, sums: { ...sums, cost } }, reconcileTolerances)
    expect(at('100.5')).toMatchObject({ outcome: 'pass', score: 1 })
    expect(at('100.500001')).toMatchObject({ outcome: 'fail' })
    expect(at('105').score).toBe(0)
    expect(at('102.5').score).toBeCloseTo(0.5)
  })

  test('a platform that says nothing was spent and rows that say otherwise are infinitely apart', () => {
    const judged = judgeReconcile({ totals: { cost: '0' }, whole: true, sums }, reconcileTolerances)
    expect(judged).toMatchObject({ outcome: 'fail', score: 0 })
  })

  test('a large change without a past to compare with is learned from, and neither passed nor failed', () => {
    const row = { share: '0.4', age: 1, known: 4, shareMax: '0.03', completeness: 'settling' }
    expect(judgeRestatement(row).outcome).toBe('learning')
    expect(judgeRestatement({ ...row, known: 5 }).outcome).toBe('warn')
    expect(judgeRestatement({ ...row, known: 5, shareMax: '0.2' }).outcome).toBe('pass')
  })
})
