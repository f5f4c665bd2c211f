import fc from 'fast-check'
import { Temporal } from 'temporal-polyfill'
import { describe, expect, test } from 'vitest'
import type { AdAccount } from '../domain/account.ts'
import { addDays, day, daysOf, isClosed, timeZone } from '../domain/day.ts'
import { currency } from '../domain/money.ts'
import type { PlanInput, PlannedAccount } from './plan.ts'
import { planRun } from './plan.ts'
import { adDataPipeline } from './pipeline.ts'

const seoul = timeZone('Asia/Seoul')
const settleMs = 3 * 3_600_000

function account(platform: AdAccount['platform'], accountId: string, code: string, zone: string): PlannedAccount {
  return {
    account: { platform, accountId, name: accountId, currency: currency(code), zone: timeZone(zone) },
    connection: platform,
    spec: { rangeDaysMax: 31, retentionDays: 1_110, lookbackDays: 28, settleMs },
  }
}

const three = [
  account('google_ads', '1', 'KRW', 'Asia/Seoul'),
  account('google_ads', '2', 'USD', 'America/Los_Angeles'),
  account('meta_ads', '3', 'EUR', 'Europe/Berlin'),
]

function input(overrides: Partial<PlanInput>): PlanInput {
  return {
    pipeline: adDataPipeline(['google_ads', 'meta_ads'], seoul),
    accounts: three,
    range: null,
    kind: 'advance',
    nowMs: Temporal.ZonedDateTime.from('2026-11-23T02:00[Asia/Seoul]').epochMilliseconds,
    ...overrides,
  }
}

describe('the nightly run at 02:00 in Seoul', () => {
  test('reads each account up to the newest day that is closed on its own clock', () => {
    const plan = planRun(
      input({ nowMs: Temporal.ZonedDateTime.from('2026-11-23T04:00[Asia/Seoul]').epochMilliseconds }),
    )
    expect(plan.accounts.map((one) => one.days.at(-1))).toEqual(['2026-11-22', '2026-11-21', '2026-11-21'])
    expect(plan.accounts.map((one) => one.waiting)).toEqual([[], ['2026-11-22'], ['2026-11-22']])
  })

  test('reads the ages at which platforms still restate, and no others', () => {
    const [first] = planRun(
      input({ nowMs: Temporal.ZonedDateTime.from('2026-11-23T04:00[Asia/Seoul]').epochMilliseconds }),
    ).accounts
    const ages = [0, 1, 2, 4, 6, 9, 13, 20, 27]
    expect(first?.days).toEqual(ages.map((age) => addDays(day('2026-11-22'), -age)).sort())
  })

  test('waits for the settle delay before a day counts as closed', () => {
    const [first] = planRun(input({})).accounts
    expect(first?.days.at(-1)).toBe('2026-11-21')
    expect(first?.waiting).toEqual(['2026-11-22'])
  })
})

test('thirty days of one account are one slice, because one query is one operation', () => {
  const range = { since: day('2026-10-24'), until: day('2026-11-22') }
  const plan = planRun(
    input({ range, nowMs: Temporal.ZonedDateTime.from('2026-11-23T20:00[Asia/Seoul]').epochMilliseconds }),
  )
  expect(plan.accounts.map((one) => one.slices.length)).toEqual([1, 1, 1])
})

test('of a file with a hole its own days are loaded, and the hole is no day of the run', () => {
  const days = [day('2026-09-01'), day('2026-09-02'), day('2026-09-04')]
  const [first] = planRun(input({ range: { since: day('2026-09-01'), until: day('2026-09-04') }, days })).accounts
  expect(first?.days).toEqual(days)
  expect(first?.slices).toMatchObject([
    { since: '2026-09-01', until: '2026-09-02' },
    { since: '2026-09-04', until: '2026-09-04' },
  ])
})

test('days beyond the retention of the platform are named, not asked for', () => {
  const range = { since: day('2022-01-01'), until: day('2022-01-03') }
  const [first] = planRun(input({ range })).accounts
  expect(first?.slices).toEqual([])
  expect(first?.outsideRetention).toEqual(daysOf(range))
})

test('a task waits for its own account, the models wait for every account', () => {
  const plan = planRun(input({}))
  const after = (task: string) => plan.tasks.find((one) => one.task === task)?.after
  expect(after('transform_and_load_data:google_ads/2')).toEqual(['extract_google_ads_data:google_ads/2'])
  expect(after('run_dbt_models')).toEqual([
    'transform_and_load_data:google_ads/1',
    'transform_and_load_data:google_ads/2',
    'transform_and_load_data:meta_ads/3',
  ])
  expect(after('notify')).toEqual(['run_dbt_models'])
})

const zones = [
  'Asia/Seoul',
  'America/Los_Angeles',
  'Europe/Berlin',
  'Pacific/Kiritimati',
  'America/Sao_Paulo',
  'Pacific/Apia',
]

test('slices cover each closed day of the interval once and no open day, at any instant across changes of the clock', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 700 }),
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ min: -5, max: 75 }),
      fc.integer({ min: 0, max: 86_399_999 }),
      fc.constantFrom(...zones),
      (startOffset, length, nowOffset, withinDayMs, zone) => {
        const since = addDays(day('2025-01-01'), startOffset)
        const range = { since, until: addDays(since, length - 1) }
        const nowMs =
          Temporal.PlainDate.from(addDays(since, nowOffset)).toZonedDateTime('UTC').epochMilliseconds + withinDayMs
        const [planned] = planRun(input({ range, nowMs, accounts: [account('google_ads', '1', 'KRW', zone)] })).accounts
        const covered = planned?.slices.flatMap((slice) => daysOf(slice)) ?? []
        const closed = daysOf(range).filter((one) => isClosed(one, timeZone(zone), nowMs, settleMs))
        expect(covered).toEqual(closed)
        expect([...closed, ...(planned?.waiting ?? [])]).toEqual(daysOf(range))
      },
    ),
    { seed: 20261123, numRuns: 200 },
  )
})
