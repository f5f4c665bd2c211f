import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { differenceOf, readExplanations } from './explain.ts'
import type { Staging } from './fixture.ts'
import { audited, cleanMonth, loaded } from './fixture.ts'
import { addMute, endMutes, readMutes } from './mute.ts'
import { runPostChecks } from './post.ts'
import { groupScores, readScores } from './scores.ts'
import { builtinSuite } from './suite.ts'

/* What people ask of the results: scores, explanations and mutes. */

let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})

afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
})

const week = (seed: number): Staging => cleanMonth(seed, undefined, 7)

describe('scores', () => {
  test('by account, platform, day and over everything are the means of their partitions, gaps left out', async () => {
    const [clean, bad] = [week(3_003), week(3_004)]
    bad.controlTotals = null
    for (const row of bad.rows) row.clicks = '-1'
    await audited(warehouse, clean)
    await audited(warehouse, bad)
    const partitions = await readScores(warehouse, { since: clean.since, until: clean.until })
    expect(partitions).toHaveLength(14)
    const by = (grouping: 'account' | 'platform' | 'day' | 'all') => groupScores(partitions, grouping)
    expect(by('account').map(({ name, overall, partitions: count }) => [name, overall, count])).toEqual([
      ['google_ads/acc-3003', 100, 7],
      ['meta_ads/acc-3004', 79, 7],
    ])
    expect(by('platform').map(({ name, overall }) => [name, overall])).toEqual([
      ['google_ads', 100],
      ['meta_ads', 79],
    ])
    expect(by('day').map(({ overall }) => overall)).toEqual(Array.from({ length: 7 }, () => 89.5))
    const [all] = by('all')
    expect(all).toMatchObject({ overall: 89.5, partitions: 14 })
    // Only the account with control totals measured accuracy: a gap is not averaged as 0 or 100.
    expect(all!.axes.accuracy).toBe(100)
    expect(by('account')[1]!.axes.accuracy).toBeNull()
  })

  test('of a range that nothing was checked in there are none', async () => {
    const partitions = await readScores(warehouse, {
      since: week(1).since,
      until: week(1).until,
      platforms: ['tiktok_ads'],
    })
    expect(groupScores(partitions, 'all')).toEqual([])
  })
})

describe('an explanation', () => {
  test('has every number that was stored, and rows', async () => {
    const staging = week(3_010)
    staging.controlTotals = null
    Object.assign(staging.rows[2]!, { clicks: '-1' })
    await audited(warehouse, staging)
    const found = await readExplanations(warehouse, {
      since: staging.since,
      until: staging.until,
      checkId: 'ads.nonneg',
      accountIds: [staging.account.accountId],
    })
    expect(found).toHaveLength(7)
    expect(found[0]).toMatchObject({ result: { outcome: 'fail', failed: 1, tested: 8 }, samples: [{ clicks: -1 }] })
    expect(found[1]).toMatchObject({ result: { outcome: 'pass' }, samples: [] })
  })

  test('of a contract is a difference, a line a column', async () => {
    const staging = week(3_011)
    staging.facts = {
      drift: {
        removed: ['spend', 'reach'],
        mistyped: [{ name: 'clicks', type: 'bigint', rows: 3, example: '1,234' }],
        added: ['amount_spent'],
      },
    }
    await audited(warehouse, staging)
    const [found] = await readExplanations(warehouse, {
      since: staging.since,
      until: staging.since,
      checkId: 'ads.schema_drift',
      accountIds: [staging.account.accountId],
    })
    expect(found!.difference).toEqual(['- spend', '- reach', '~ clicks (bigint, "1,234")', '+ amount_spent'])
  })

  test('without a difference has no lines', () => {
    expect(differenceOf({ removed: '–', mistyped: '–', added: '–' })).toEqual([])
  })
})

describe('a mute by command', () => {
  const dayMs = 86_400_000

  test('is in force for its account until its end, is listed, and ends early when somebody says so', async () => {
    const staging = week(3_020)
    staging.controlTotals = null
    Object.assign(staging.rows[2]!, { clicks: '-1' })
    const { nowMs, account } = staging
    const refused = async () => (await audited(warehouse, staging)).refusedBy
    expect(await refused()).toEqual(['ads.nonneg'])
    const mute = {
      checkId: 'ads.nonneg',
      accountId: account.accountId,
      reason: 'known',
      by: 'ops',
      untilMs: nowMs + dayMs,
    }
    await addMute(warehouse, mute, nowMs)
    expect(await refused()).toEqual([])
    expect(await readMutes(warehouse, builtinSuite, nowMs)).toMatchObject([
      { check: 'ads.nonneg', reason: 'known', by: 'ops' },
    ])
    staging.nowMs = nowMs + 2 * dayMs
    expect(await refused()).toEqual(['ads.nonneg'])
    staging.nowMs = nowMs
    expect(await endMutes(warehouse, { checkId: 'ads.nonneg' }, nowMs)).toBe(1)
    expect(await refused()).toEqual(['ads.nonneg'])
  })

  test('of another account mutes nothing here, and one of the future nothing yet', async () => {
    const staging = week(3_021)
    staging.controlTotals = null
    Object.assign(staging.rows[2]!, { clicks: '-1' })
    const { nowMs, account } = staging
    const mute = { checkId: 'ads.nonneg', reason: 'known', by: 'ops', untilMs: nowMs + 90 * dayMs }
    await addMute(warehouse, { ...mute, accountId: 'another' }, nowMs)
    await addMute(warehouse, { ...mute, accountId: account.accountId }, nowMs + dayMs)
    expect((await audited(warehouse, staging)).refusedBy).toEqual(['ads.nonneg'])
  })
})

test('later checks of a day are run for the partitions that were asked for, and one by one', async () => {
  const staging = week(3_030)
  await loaded(warehouse, staging)
  const { since, account, nowMs } = staging
  const only = await runPostChecks(warehouse, {
    since,
    until: since,
    accountIds: [account.accountId],
    checkIds: ['ads.orphan_campaign'],
    nowMs,
    suite: builtinSuite,
  })
  expect(only.map(({ key, results }) => [key.date, results.map((one) => one.checkId)])).toEqual([
    [since, ['ads.orphan_campaign']],
  ])
})
