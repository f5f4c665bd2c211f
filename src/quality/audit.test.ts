import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addDays } from '../domain/day.ts'
import { decimal } from '../domain/decimal.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { PartitionKey } from '../domain/metric.ts'
import { observeEntities } from '../warehouse/entities.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import { storeRates } from '../warehouse/rates.ts'
import type { Session, Warehouse } from '../warehouse/warehouse.ts'
import { attempt } from './attempt.ts'
import { blockingAudit } from './audit.ts'
import { builtinChecks } from './builtin.ts'
import type { Check, RowRule } from './check.ts'
import { judgeRows } from './check.ts'
import type { Staging } from './fixture.ts'
import { audited, cleanMonth, published, settleMs } from './fixture.ts'
import { sql } from './fragment.ts'
import { tallied } from './result.ts'
import { countResults, newestResults } from './stored.ts'

let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})

afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
})

let seed = 500

/** Seven days of an account of its own. */
function week(): Staging {
  seed += 1
  return cleanMonth(seed, undefined, 7)
}

function check(id: string, fails: RowRule['fails'], blocking = true): Check {
  return { id, dimension: 'accuracy', severity: 'error', blocking, rows: { fails }, judge: judgeRows }
}

const keyOf = (staging: Staging, date = staging.until): PartitionKey => ({
  platform: staging.account.platform,
  accountId: staging.account.accountId,
  level: 'campaign',
  breakdownKey: '',
  date,
})

test('a currency without a rate is told of and published all the same; before any rate is loaded nothing is judged', async () => {
  const staging = week()
  const outcomes = async () => {
    const { results, refusedBy } = await audited(warehouse, staging)
    expect(refusedBy).toEqual([])
    return results.filter((one) => one.checkId === 'ads.fx_present').map((one) => one.outcome)
  }
  expect(await outcomes()).toEqual(Array.from({ length: 7 }, () => 'skipped'))
  const rates = [staging.since, addDays(staging.since, 1)].map((date) => ({
    date,
    currency: staging.account.currency,
    perEuro: decimal('1.5'),
  }))
  const stored = { source: 'test', atMs: staging.nowMs }
  // Of another currency only: the planted fault. EUR itself is 1 on every day that has any rate.
  await storeRates(warehouse, [{ ...rates[0]!, currency: 'XXX' }], stored)
  const isEuro = staging.account.currency === 'EUR'
  expect(new Set(await outcomes())).toEqual(new Set([isEuro ? 'pass' : 'fail']))
  if (!isEuro) await storeRates(warehouse, rates, stored)
  // Two days of rates stand for the five after them.
  expect(new Set(await outcomes())).toEqual(new Set(['pass']))
  await warehouse.query('truncate fx_rate')
})

test('campaigns that lose their UTM parameters are found, and the week before keeps those that it had', async () => {
  const before = { ...week(), account: { ...week().account, platform: 'google_ads' as const } }
  const { account } = before
  await published(warehouse, before)
  await warehouse.query(
    `update partition_state set day_end = (date + 1)::timestamptz, published_at = date where account_id = $1`,
    [account.accountId],
  )
  const ids = [...new Set(before.rows.map((one) => one.entityId ?? ''))]
  const observed = (entityId: string, finalUrlSuffix: string | null) => ({
    platform: account.platform,
    accountId: account.accountId,
    level: 'campaign' as const,
    entityId,
    parentId: null,
    name: entityId,
    status: 'active' as const,
    statusRaw: '',
    dailyBudget: null,
    objectiveRaw: '',
    urls: { trackingTemplate: null, finalUrlSuffix, urlTags: null },
  })
  const look = (suffix: string | null, atMs: number) =>
    warehouse.transaction((session) =>
      observeEntities(
        session,
        ids.map((id) => observed(id, suffix)),
        atMs,
      ),
    )
  const next = { ...cleanMonth(900, addDays(before.until, 1), 7), account }
  const rows = next.rows.map((one, at) => ({ ...one, entityId: ids[at % ids.length] ?? null }))
  const outcomes = async () => {
    const { results, refusedBy } = await audited(warehouse, { ...next, rows, controlTotals: null })
    expect(refusedBy).not.toContain('ads.utm_coverage')
    return new Set(results.filter((one) => one.checkId === 'ads.utm_coverage').map((one) => one.outcome))
  }
  expect(await outcomes()).toEqual(new Set(['skipped']))
  await look('utm_source=google&utm_campaign={campaignid}', Date.parse(before.since))
  expect(await outcomes()).toEqual(new Set(['pass']))
  // The planted fault: somebody takes the suffix away, or misspells its macro, after the week.
  await look('utm_source=google&utm_campaign={campaign_id}', Date.parse(addDays(before.until, 2)))
  expect(await outcomes()).toEqual(new Set(['warn']))
})

describe('the verdict', () => {
  test('refuses only the days that are wrong', async () => {
    const staging = week()
    staging.rows[8 * 2]!.clicks = '-1'
    staging.controlTotals = null
    const { verdicts } = await audited(warehouse, staging)
    const wrong = staging.rows[8 * 2]!.date
    expect(verdicts.map((one) => one.refusedBy)).toEqual(
      verdicts.map((one) => (one.date === wrong ? ['ads.nonneg'] : [])),
    )
  })

  test('a total that does not agree refuses every day of the slice', async () => {
    const staging = week()
    staging.rows.pop()
    const { verdicts } = await audited(warehouse, staging)
    expect(verdicts.every((one) => one.refusedBy.includes('ads.control_total'))).toBe(true)
  })

  test('a credit is published, with a warning and without a refusal', async () => {
    const staging = week()
    staging.rows[0]!.cost = '-12.5'
    staging.controlTotals = null
    const { refusedBy, results } = await audited(warehouse, staging)
    expect(refusedBy).toEqual([])
    expect(results.filter((one) => one.outcome === 'warn').map((one) => one.checkId)).toEqual(['ads.nonneg'])
  })

  test('rows that look like robots are told and published', async () => {
    const staging = week()
    Object.assign(staging.rows[0]!, { impressions: '100', clicks: '60' })
    staging.controlTotals = null
    const { refusedBy, results } = await audited(warehouse, staging)
    expect(refusedBy).toEqual([])
    expect(results.find((one) => one.outcome === 'warn')?.checkId).toBe('ads.bot_like')
  })
})

describe('a check that cannot be carried out', () => {
  test('is an error, refuses when it blocks, and leaves the other checks judged', async () => {
    const staging = week()
    staging.rows[0]!.clicks = '-1'
    staging.controlTotals = null
    const checks = [
      ...builtinChecks,
      check('my.broken', () => sql`no_such_column > 0`),
      check('my.divides', () => sql`cost / (impressions - impressions) > 1`, false),
    ]
    staging.facts = { ...staging.facts, checks }
    const { verdicts, results } = await audited(warehouse, staging)
    expect(verdicts.map((one) => one.refusedBy)).toEqual([
      ['ads.nonneg', 'my.broken'],
      ...verdicts.slice(1).map(() => ['my.broken']),
    ])
    const broken = results.filter((one) => one.checkId === 'my.broken')
    expect(broken.map((one) => one.outcome)).toEqual(verdicts.map(() => 'error'))
    expect(broken[0]?.error).toContain('42703')
    expect(results.find((one) => one.checkId === 'my.divides')?.error).toContain('22012')
    expect(results.find((one) => one.checkId === 'ads.unique_grain')?.outcome).toBe('pass')
  })

  test('a rule that throws is an error too', async () => {
    const staging = week()
    const throws: Check = {
      ...check('my.throws', () => sql`false`),
      judge: () => {
        throw new TypeError('value is not a number')
      },
    }
    staging.facts = { checks: [throws] }
    const { refusedBy, results } = await audited(warehouse, staging)
    expect(refusedBy).toEqual(['my.throws'])
    expect(results[0]?.error).toBe('value is not a number')
  })

  test('a failure that is not the check’s ends the load instead', async () => {
    const deadlock = Object.assign(new Error('deadlock detected'), { code: '40P01' })
    const session: Session = {
      query: (text) => (text.includes('savepoint') ? Promise.resolve([]) : Promise.reject(deadlock)),
    }
    await expect(attempt(session, () => session.query('select 1'))).rejects.toBe(deadlock)
  })

  test.each(['', 'Ads.x', 'a b', '1a', 'a'.repeat(64), 'a"b'])('the id %j is refused before anything runs', (id) => {
    const error = (() => {
      try {
        return blockingAudit({ nowMs: 0, settleMs, checks: [check(id, () => sql`false`)] })
      } catch (thrown) {
        return thrown
      }
    })()
    expect(isMillraceError(error, 'QUALITY_CHECK_ID_INVALID')).toBe(true)
  })
})

describe('what is kept', () => {
  test('one run a day and one result a check and day, readable as they were judged', async () => {
    const staging = week()
    staging.rows[0]!.clicks = '-1'
    staging.controlTotals = null
    const { extract, results } = await audited(warehouse, staging)
    expect(results.length).toBe(7 * builtinChecks.length)
    expect(await countResults(warehouse, [extract.extractId])).toEqual(tallied(results))
    const keys = [keyOf(staging, staging.since), keyOf(staging)]
    const stored = await newestResults(warehouse, [...keys, { ...keys[0]!, accountId: 'never seen' }])
    expect([...stored.keys()]).toEqual(keys)
    for (const key of keys) {
      const asJudged = results.filter((one) => one.date === key.date).sort((a, b) => (a.checkId < b.checkId ? -1 : 1))
      const plain = stored.get(key)?.map(({ value: _v, expectedLow: _l, expectedHigh: _h, ...one }) => one)
      expect(plain).toEqual(asJudged.map(({ value: _v, expectedLow: _l, expectedHigh: _h, ...one }) => one))
    }
  })

  test('a later audit of the same day is added, and is the newest', async () => {
    const staging = week()
    const bad = { ...staging, rows: staging.rows.slice(1) }
    const first = await audited(warehouse, bad)
    staging.nowMs += 60_000
    const second = await audited(warehouse, staging)
    const stored = await newestResults(warehouse, [keyOf(staging)])
    expect([...stored.values()][0]?.find((one) => one.checkId === 'ads.control_total')?.outcome).toBe('pass')
    expect((await countResults(warehouse, [first.extract.extractId])).fail).toBe(7)
    expect((await countResults(warehouse, [second.extract.extractId])).fail).toBe(0)
  })

  test('up to twenty rows of each failing check and day, and none of the passing ones', async () => {
    const staging = cleanMonth(7_000, undefined, 2, 60)
    for (const one of staging.rows.slice(0, 60)) one.conversions = '-1'
    staging.rows[60]!.conversions = '-2'
    staging.controlTotals = null
    const { extract } = await audited(warehouse, staging)
    const samples = await warehouse.query<{ check_id: string; partition: string; rows: string; conversions: string }>(
      `select s.check_id, r.partition, count(*)::text as rows, min(s.row->>'conversions') as conversions
       from dq_sample s join dq_run r on r.run_id = s.run_id where r.load_version = $1 group by 1, 2 order by 2`,
      [extract.extractId],
    )
    expect(samples.map(({ check_id, rows, conversions }) => [check_id, rows, conversions])).toEqual([
      ['ads.nonneg', '20', '-1.000000'],
      ['ads.nonneg', '1', '-2.000000'],
    ])
  })

  test('rows without an id are among the samples of a doubled grain', async () => {
    const staging = cleanMonth(7_001, undefined, 1)
    staging.rows.push({ ...staging.rows[0]! })
    staging.rows[1]!.entityId = null
    staging.controlTotals = null
    const { extract } = await audited(warehouse, staging)
    const ids = await warehouse.query<{ id: string | null }>(
      `select s.row->>'entity_id' as id from dq_sample s join dq_run r on r.run_id = s.run_id where r.load_version = $1 order by 1 nulls last`,
      [extract.extractId],
    )
    expect(ids.map((one) => one.id)).toEqual([staging.rows[0]!.entityId, staging.rows[0]!.entityId, null])
  })

  test('nothing, when the load is rolled back', async () => {
    const staging = week()
    let extractId = ''
    const failing: Warehouse = {
      ...warehouse,
      transaction: (work) =>
        warehouse.transaction(async (session) => {
          await work(session)
          const [run] = await session.query<{ id: string }>('select max(load_version::text) as id from dq_run')
          extractId = run?.id ?? ''
          throw new Error('killed')
        }),
    }
    await expect(audited(failing, staging)).rejects.toThrow('killed')
    expect(extractId).not.toBe('')
    expect(await countResults(warehouse, ['00000000-0000-4000-8000-000000000000'])).toEqual({
      pass: 0,
      warn: 0,
      fail: 0,
    })
    const stored = await newestResults(warehouse, [keyOf(staging)])
    expect(stored.size).toBe(0)
  })
})

test('all row rules are one scan: as many statements for a hundred days as for one', async () => {
  const statements = async (days: number) => {
    const seen: string[] = []
    const counting: Warehouse = {
      ...warehouse,
      transaction: (work) =>
        warehouse.transaction((session) =>
          work({
            query: (text, values) => {
              seen.push(text)
              return session.query(text, values)
            },
          }),
        ),
    }
    seed += 1
    await audited(counting, cleanMonth(seed, undefined, days))
    return seen.filter((text) => !text.includes('savepoint'))
  }
  const [one, many] = [await statements(1), await statements(100)]
  expect(many.length).toBe(one.length)
  const scans = many.filter((text) => text.includes('from "stage under audit"'))
  expect(scans.filter((text) => text.includes('filter (where'))).toHaveLength(1)
  // The other one counts ids, which no row says alone.
  expect(scans).toHaveLength(2)
})
