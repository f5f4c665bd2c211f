import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import { addDays, day, daysBetween, timeZone } from '../domain/day.ts'
import { decimal } from '../domain/decimal.ts'
import { recountPartitions } from '../warehouse/recount.ts'
import { requestOf, row } from '../warehouse/contract-rows.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { RouteOutput } from './contract.ts'
import { monthPlan, weighed } from './month-plan.ts'
import { startServer } from './server.ts'
import type { Server } from './server.ts'

type Answer = RouteOutput<'GET /api/v1/campaigns'>

const isLong = process.env['MILLRACE_LONG'] === '1'
const seed = 20_261_127
const start = day('2026-02-10')
const dayFrom = (span: number) => fc.integer({ min: 0, max: span }).map((days) => addDays(start, days))

test('months and days with their signs are the days asked for, each once, whatever the range', () => {
  fc.assert(
    fc.property(dayFrom(800), fc.integer({ min: 0, max: 500 }), dayFrom(1_400), (from, length, newest) => {
      const to = addDays(from, length)
      const plan = monthPlan(from, to, newest)
      const counted = new Map<Day, number>()
      const count = (date: Day, by: number) => counted.set(date, (counted.get(date) ?? 0) + by)
      for (const month of plan.months)
        for (let date = month; date.slice(0, 7) === month.slice(0, 7); date = addDays(date, 1)) count(date, 1)
      for (const date of plan.added) count(date, 1)
      for (const date of plan.taken) count(date, -1)
      const days = [...counted].filter(([, times]) => times !== 0)
      expect(days.every(([date, times]) => times === 1 && date >= from && date <= to)).toBe(true)
      expect(days).toHaveLength(length + 1)
      const read = [...plan.added, ...plan.taken].filter((date) => date <= newest)
      expect(read.length).toBeLessThanOrEqual(2 * 15)
      const { months, days: single } = weighed([plan, plan])
      expect([months.weights[0], single.weights[0]]).toEqual([months.weights[1], single.weights[1]])
      expect(new Set(single.dates).size).toBe(single.dates.length)
    }),
    { seed, numRuns: isLong ? 20_000 : 60 },
  )
})

let warehouse: Warehouse
let server: Server

beforeAll(async () => {
  warehouse = await openTestWarehouse()
  server = await startServer({
    host: '127.0.0.1',
    port: 0,
    portSearch: false,
    key: undefined,
    clock: systemClock,
    onError: (error) => {
      throw error
    },
  })
  server.attach({ warehouse, project: { name: 'probe', zone: timeZone('Asia/Seoul'), isDemo: false } })
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await warehouse[Symbol.asyncDispose]()
})

const monthsKept = `select month::text, platform, account_id, entity_id, currency, rows, cost::text, impressions::text, clicks::text, conversions::text,
  conversion_value::text, valued from fact_ad_monthly order by 1, 2, 3, 4, 5`
const monthsCounted = `select date_trunc('month', date)::date::text as month, platform, account_id, entity_id, currency, count(*)::int as rows, sum(cost)::text as cost,
  sum(impressions)::text as impressions, sum(clicks)::text as clicks, sum(conversions)::text as conversions, coalesce(sum(conversion_value), 0.000000)::text as conversion_value,
  count(conversion_value)::int as valued from fact_ad_daily where level = 'campaign' and breakdown_key = '' group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5`

const daysCounted = `select campaign_id as "campaignId", trim_scale(sum(cost) filter (where date >= $1::date))::text as cost,
  trim_scale(sum(cost) filter (where date < $1::date))::text as "costBefore", (sum(clicks) filter (where date >= $1::date))::text as clicks,
  round(sum(conversion_value) filter (where date >= $1::date) / nullif(sum(cost) filter (where date >= $1::date), 0), 6)::text as roas,
  bool_or(completeness <> 'final') filter (where date >= $1::date) as provisional
  from daily_campaign_metrics where date between $1::date - ($2::date - $1::date + 1) and $2::date
  group by campaign_id having count(*) filter (where date >= $1::date) > 0 order by campaign_id`

const fold = () => warehouse.query('select fold_fact_ad_months(platform, account_id) from dim_account where is_current')

/** After a change of facts the sums are not those of the days; counted anew they are. */
async function refolded(): Promise<readonly unknown[]> {
  expect(await warehouse.query(monthsKept)).not.toEqual(await warehouse.query(monthsCounted))
  await fold()
  const kept = await warehouse.query(monthsKept)
  expect(kept).toEqual(await warehouse.query(monthsCounted))
  return kept
}

/** A load of some days in a row: what a campaign has on none of them is withdrawn, what it has otherwise is restated. */
const load = fc.record({
  from: dayFrom(100),
  days: fc.integer({ min: 1, max: 40 }),
  campaigns: fc.uniqueArray(fc.constantFrom('1', '2', '3', '4'), { maxLength: 4 }),
  cost: fc.integer({ min: 0, max: 999_999 }),
  isValued: fc.boolean(),
  isGap: fc.boolean(),
})

test('sums of months are kept by whatever changes facts, and a range made of them is what its days sum to', async () => {
  let sequence = 0
  const put = async ({
    from,
    days: length,
    campaigns,
    cost,
    isValued,
    isGap,
  }: typeof load extends fc.Arbitrary<infer One> ? One : never) => {
    const days = Array.from({ length }, (_, at) => addDays(from, at))
    const rows = days.flatMap((date, at) =>
      campaigns
        .filter((_, which) => !isGap || (at + which) % 3 > 0)
        .map((id) =>
          row(id, date, { cost: decimal(`${cost + at}.${id}`), conversionValue: isValued ? decimal(`${at}.5`) : null }),
        ),
    )
    sequence += 1
    await warehouse.load(requestOf(sequence, rows, { days }))
  }
  const range = fc.tuple(dayFrom(110), fc.integer({ min: 0, max: 120 }))
  await fc.assert(
    fc.asyncProperty(
      fc.array(load, { minLength: 1, maxLength: 3 }),
      fc.array(range, { minLength: 2, maxLength: 2 }),
      fc.boolean(),
      async (loads, ranges, isFolded) => {
        for (const one of loads) await put(one)
        // Some are asked for before the months are counted: their days answer.
        if (isFolded) await fold()
        for (const [from, length] of ranges) {
          const to = addDays(from, length)
          const answer = (await (await fetch(`${server.url}/api/v1/campaigns?from=${from}&to=${to}`)).json()) as Answer
          expect(daysBetween(day(answer.beforeFrom), day(answer.beforeTo))).toBe(length)
          const rows = answer.rows
            .map(({ campaignId, cost, costBefore, clicks, roas, provisional }) => ({
              campaignId,
              cost,
              costBefore,
              clicks,
              roas,
              provisional,
            }))
            .toSorted((a, b) => a.campaignId.localeCompare(b.campaignId))
          expect(rows).toEqual(await warehouse.query(daysCounted, [from, to]))
          expect(answer.totals.map(({ campaigns }) => campaigns)).toEqual(rows.length > 0 ? [rows.length] : [])
        }
        await fold()
        expect(await warehouse.query(monthsKept)).toEqual(await warehouse.query(monthsCounted))
      },
    ),
    { seed, numRuns: isLong ? 300 : 12 },
  )
  // A recount of conversions and a hand change facts by other statements than a load's.
  const partitions = await warehouse.query<{ readonly id: number }>('select partition_id as id from partition_state')
  await warehouse.transaction((session) =>
    recountPartitions(
      session,
      partitions.map(({ id }) => id),
      { goal: 'purchase', pick: 'sum', actionTypes: ['purchase'], windows: ['default'] },
      { version: 2, atMs: 0 },
    ),
  )
  await refolded()
  await warehouse.query(`delete from fact_ad_daily where entity_id = '1'`)
  await refolded()
  await warehouse.query(`update fact_ad_daily set cost = cost + 1, date = date where entity_id = '2'`)
  const kept = await refolded()
  expect(kept.length).toBeGreaterThan(3)
}, 60_000)
