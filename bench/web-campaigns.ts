// What a change of filter costs the server where there are ten thousand campaigns with a year of days.
import { systemClock } from '../src/domain/clock.ts'
import { timeZone } from '../src/domain/day.ts'
import { startServer } from '../src/server/server.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'

export interface CampaignTimes {
  readonly month30P95Ms: number
  readonly year365P95Ms: number
}

const accounts = 10
const campaignsOfAccount = 1_000
const days = 365
const newest = '2026-11-21'

async function fill(warehouse: Warehouse): Promise<void> {
  const platform = `case when a % 2 = 0 then 'google_ads' else 'meta_ads' end`
  const currency = `case when a % 3 = 0 then 'USD' else 'KRW' end`
  await warehouse.query(
    `insert into dim_account (platform, account_id, name, currency, timezone, first_seen, last_seen)
     select ${platform}, 'account-' || a, 'Account ' || a, ${currency}, 'Asia/Seoul', now(), now() from generate_series(1, $1::int) a`,
    [accounts],
  )
  await warehouse.query(
    `insert into dim_entity (platform, account_id, level, entity_id, name, status_canonical, status_raw, objective_raw, attr_hash, first_seen, last_seen)
     select ${platform}, 'account-' || a, 'campaign', (a * 100000 + c)::text, 'Campaign ' || c || ' of ' || a, 'active', '', '', '', now(), now()
     from generate_series(1, $1::int) a cross join generate_series(1, $2::int) c`,
    [accounts, campaignsOfAccount],
  )
  await warehouse.query(
    `insert into partition_state (platform, account_id, level, breakdown_key, date, day_end, state, rows, completeness, published_at)
     select ${platform}, 'account-' || a, 'campaign', '', d, d + interval '15 hours', 'published', $2::int,
       case when d > date '${newest}' - 30 then 'provisional' else 'final' end, now()
     from generate_series(1, $1::int) a cross join generate_series(0, ${days - 1}) n cross join lateral (select date '${newest}' - n as d) x`,
    [accounts, campaignsOfAccount],
  )
  for (let account = 1; account <= accounts; account++)
    await warehouse.query(
      `insert into fact_ad_daily (partition_id, entity_id, platform, account_id, level, breakdown_key, date, currency, cost, impressions, clicks,
         conversions, conversion_value, extract_id)
       select p.partition_id, ($1::int * 100000 + c)::text, p.platform, p.account_id, 'campaign', '', p.date, d.currency, c * 37 % 9973 + 0.25, c % 5000 + 10,
         c % 300, c % 20, c * 11 % 7919, '0190a000-0000-7000-8000-000000000000'
       from partition_state p join dim_account d using (platform, account_id) cross join generate_series(1, $2::int) c
       where p.account_id = 'account-' || $1::int order by p.partition_id, 2`,
      [account, campaignsOfAccount],
    )
  await warehouse.query(
    `insert into fact_ad_month_stale (platform, account_id, month)
     select distinct platform, account_id, date_trunc('month', date::timestamp)::date from partition_state`,
  )
  await warehouse.query('select fold_fact_ad_months(platform, account_id) from dim_account')
  await warehouse.query('vacuum (analyze) fact_ad_daily, fact_ad_monthly, dim_entity, partition_state')
}

const filters = [
  '',
  '&platform=meta_ads',
  '&currency=USD',
  '&sort=impressions',
  '&sort=cpa',
  '&q=Campaign+7',
  '&platform=google_ads&currency=KRW',
  '&sort=name',
  '&currency=KRW&sort=ctr',
  '&q=of+3&sort=clicks',
]
const rounds = 3

const p95 = (all: readonly number[]): number =>
  all.toSorted((one, other) => one - other)[Math.ceil(all.length * 0.95) - 1] ?? Number.NaN

export async function benchCampaigns(): Promise<CampaignTimes> {
  await using warehouse = await openTestWarehouse()
  await fill(warehouse)
  await using server = await startServer({
    host: '127.0.0.1',
    port: 0,
    portSearch: false,
    key: undefined,
    clock: { ...systemClock, nowMs: () => Date.parse(`${newest}T23:00:00Z`) },
    onError: (error) => {
      throw error
    },
  })
  server.attach({ warehouse, project: { name: 'bench', zone: timeZone('Asia/Seoul'), isDemo: false } })
  const time = async (from: string): Promise<number> => {
    const seen: number[] = []
    for (let round = 0; round < rounds; round++)
      for (const filter of filters) {
        const at = performance.now()
        const answer = await fetch(`${server.url}/api/v1/campaigns?from=${from}&to=${newest}&limit=500${filter}`)
        await answer.arrayBuffer()
        if (!answer.ok) throw new Error(`campaigns answered ${answer.status}`)
        // The first round finds out what Postgres has to read from the disk.
        if (round > 0) seen.push(performance.now() - at)
      }
    return p95(seen)
  }
  return { month30P95Ms: await time('2026-10-23'), year365P95Ms: await time('2025-11-22') }
}
