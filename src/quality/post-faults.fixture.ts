import { isoInstant } from '../domain/clock.ts'
import { addDays } from '../domain/day.ts'
import { sumDecimals } from '../domain/decimal.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { Staging } from './fixture.ts'
import { cleanMonth, loaded, totalsOf } from './fixture.ts'
import type { PostId } from './post-checks.ts'

/** A fault of what is published, planted in the rows before they are loaded or in the warehouse afterwards. */
export interface PublishedFault {
  readonly before?: (staging: Staging) => void
  readonly after?: (warehouse: Warehouse, staging: Staging) => Promise<unknown>
}

const dayMs = 86_400_000

/** Days that are enough for every later check to have its past. */
const days = 10

/** Some days of an account on Google, known for long, with campaigns that are described and spend what their budgets say. */
export function pacedDays(seed: number): Staging {
  // Every third seed is another platform's account.
  const staging = cleanMonth(seed * 3, undefined, days)
  for (const row of staging.rows.filter((one) => one.date === staging.until))
    row.cost = meanCost(staging, row.entityId ?? '')
  staging.controlTotals = totalsOf(staging.rows)
  return staging
}

function meanCost(staging: Staging, entityId: string): string {
  const own = staging.rows.filter((one) => one.entityId === entityId && one.date !== staging.until)
  return (Number(sumDecimals(own.map((one) => one.cost as Decimal))) / own.length).toFixed(6)
}

/** Loads the days, describes its campaigns, builds a mart over it as the default dbt project does, and streams the same counts. */
export async function settle(warehouse: Warehouse, staging: Staging): Promise<void> {
  const budgets = staging.rows
    .filter((one) => one.date === staging.until)
    .map((one) => ({ id: one.entityId, budget: meanCost(staging, one.entityId ?? '') }))
  await loaded(warehouse, staging)
  const { platform, accountId } = staging.account
  await warehouse.query(
    `update dim_entity e set is_stub = false, status_canonical = 'active', budget = b.budget
     from jsonb_to_recordset($1::jsonb) as b (id text, budget numeric) where e.platform = $2 and e.account_id = $3 and e.entity_id = b.id`,
    [JSON.stringify(budgets), platform, accountId],
  )
  await warehouse.query(`update dim_account set first_seen = $1 where account_id = $2`, [
    isoInstant(staging.nowMs - 60 * dayMs),
    accountId,
  ])
  await stream(warehouse, staging)
  await levelsBelow(warehouse, staging)
}

/** Two ad groups under every campaign, the second an asset group of its own level, as published as the campaigns are. */
async function levelsBelow(warehouse: Warehouse, { account }: Staging): Promise<void> {
  const values = [account.platform, account.accountId]
  await warehouse.query(
    `insert into partition_state (platform, account_id, level, breakdown_key, date, day_end, state, rows, extract_id, published_at)
     select p.platform, p.account_id, l.level, '', p.date, p.day_end, 'published', p.rows, gen_random_uuid(), p.published_at
     from partition_state p cross join (values ('ad_group'), ('asset_group')) as l (level)
     where p.platform = $1 and p.account_id = $2 and p.level = 'campaign' and p.published_at is not null`,
    values,
  )
  const half = (name: string) =>
    `case when d.level = 'ad_group' then trunc(f.${name} / 2.0) else f.${name} - trunc(f.${name} / 2.0) end`
  await warehouse.query(
    `insert into fact_ad_daily (partition_id, entity_id, platform, account_id, level, breakdown_key, date, currency, cost, impressions, clicks, conversions, extract_id)
     select d.partition_id, d.level || f.entity_id, f.platform, f.account_id, d.level, '', f.date, f.currency,
            ${half('cost')}, ${half('impressions')}, ${half('clicks')}, ${half('conversions')}, d.extract_id
     from fact_ad_daily f
     join partition_state d on d.platform = f.platform and d.account_id = f.account_id and d.date = f.date and d.level in ('ad_group', 'asset_group')
     where f.platform = $1 and f.account_id = $2 and f.level = 'campaign'`,
    values,
  )
  await warehouse.query(
    `insert into dim_entity (platform, account_id, level, entity_id, parent_id, name, status_canonical, status_raw, objective_raw, attr_hash, first_seen, last_seen)
     select distinct f.platform, f.account_id, f.level, f.entity_id, replace(f.entity_id, f.level, ''), f.entity_id, 'active', '', '', '', now(), now()
     from fact_ad_daily f where f.platform = $1 and f.account_id = $2 and f.level <> 'campaign'`,
    values,
  )
}

async function stream(warehouse: Warehouse, { account, since, until }: Staging): Promise<void> {
  const { platform, accountId, zone } = account
  await warehouse.query(`insert into stream_job (job) values ('live') on conflict do nothing`)
  await warehouse.query(
    `insert into stream_live (job_id) select job_id from stream_job where job = 'live' on conflict do nothing`,
  )
  await warehouse.query(
    `insert into stream_series (platform, account_id, campaign_id, currency, timezone)
     select distinct $1, $2, f.entity_id, '', $3 from fact_ad_daily f where f.account_id = $2 and f.platform = $1`,
    [platform, accountId, zone],
  )
  await warehouse.query(
    `insert into rt_day (job_id, series_id, day, impressions, clicks, conversions, revenue_micros, cost_micros, ivt_impressions, ivt_clicks, ivt_conversions)
     select j.job_id, s.series_id, d.date::date - date '1970-01-01', coalesce(f.impressions, 1), coalesce(f.clicks, 1), 0, 0, 0, 0, 0, 0
     from stream_job j join stream_series s on s.platform = $1 and s.account_id = $2
     cross join generate_series($3::date - 1, $4::date + 1, interval '1 day') as d (date)
     left join fact_ad_daily f on f.platform = s.platform and f.account_id = s.account_id and f.entity_id = s.campaign_id and f.date = d.date`,
    [platform, accountId, since, until],
  )
}

/** The two relations of the default dbt project that the later checks compare, over what is published now. */
export async function buildMart(warehouse: Warehouse): Promise<void> {
  await warehouse.transaction(async (session) => {
    await session.query('create schema if not exists analytics')
    await session.query('drop table if exists analytics.campaign_performance_summary')
    await session.query('drop table if exists analytics.stg_campaign_metrics')
    await session.query('create table analytics.stg_campaign_metrics as table daily_campaign_metrics')
    await session.query(
      `create table analytics.campaign_performance_summary as
       select date, platform, account_id, campaign_id, impressions as total_impressions, clicks as total_clicks, cost as total_cost,
              conversions as total_conversions, ctr, cpc, cvr, cpa from daily_campaign_metrics`,
    )
  })
}

const ofLastDay = (s: Staging) => s.rows.filter((one) => one.date === s.until)
const biggest = (s: Staging) => ofLastDay(s).reduce((a, b) => (Number(b.cost) > Number(a.cost) ? b : a))

const without = (leave: (s: Staging) => readonly unknown[]): PublishedFault => ({
  before: (s) => {
    const gone = new Set(leave(s))
    s.rows = s.rows.filter((one) => !gone.has(one))
    s.controlTotals = totalsOf(s.rows)
  },
})

const still = (which: (s: Staging) => readonly object[]): PublishedFault => ({
  before: (s) => {
    for (const one of which(s))
      Object.assign(one, { impressions: '0', clicks: '0', cost: '0', conversions: '0', conversionValue: '0' })
    s.controlTotals = totalsOf(s.rows)
  },
})

const run = (text: string): PublishedFault => ({
  after: (warehouse, { account, until }) =>
    warehouse.query(text.replaceAll('{account}', `'${account.accountId}'`).replaceAll('{date}', `date '${until}'`)),
})

/** Six days that moved by 3 % when they were a day old, then the last one by a share of its own. */
const restated = (share: number): PublishedFault => ({
  after: async (warehouse, staging) => {
    const change = (date: string, part: number) =>
      warehouse.query(
        `insert into fact_ad_daily_history (partition_id, entity_id, platform, account_id, level, breakdown_key, date, action, old_cost, new_cost, extract_id, at)
         select f.partition_id, f.entity_id, f.platform, f.account_id, f.level, f.breakdown_key, f.date, 'update', f.cost / (1 + $3::numeric), f.cost, f.extract_id,
                $2::date + 1 + time '20:00' from fact_ad_daily f where f.account_id = $1 and f.date = $2`,
        [staging.account.accountId, date, String(part)],
      )
    for (let back = 6; back >= 1; back -= 1) await change(addDays(staging.until, -back), 0.03)
    await change(staging.until, share)
  },
})

const rt = (set: string, where = '') =>
  run(
    `update rt_day r set ${set} from stream_series s where s.series_id = r.series_id and s.account_id = {account} and r.day = {date} - date '1970-01-01' ${where}`,
  )

const below = (change: string, which: string) =>
  run(`${change} where f.account_id = {account} and f.date = {date} and f.level <> 'campaign' ${which}`)

const mart = (rest: string) => run(rest.replaceAll('{mart}', 'analytics.campaign_performance_summary'))
const ofMart = 'where account_id = {account} and date = {date}'
const oneOfMart = `where ctid = (select ctid from {mart} ${ofMart} and total_clicks > 0 limit 1)`

/** At least three faults of every later check, by its id: each must be found on the last day of days in which nothing is. */
export const publishedFaults: Readonly<
  Record<Exclude<PostId, 'ads.dst_day'>, Readonly<Record<string, PublishedFault>>>
> = {
  'ads.missing_campaign_days': {
    'the biggest campaign has no row': without((s) => [biggest(s)]),
    'half of the campaigns have none': without((s) => ofLastDay(s).slice(0, 4)),
    'all but one have none': without((s) => ofLastDay(s).slice(1)),
  },
  'ads.zero_delivery': {
    'the biggest campaign stands still': still((s) => [biggest(s)]),
    'two campaigns stand still': still((s) => ofLastDay(s).slice(0, 2)),
    'every campaign stands still': still(ofLastDay),
  },
  'ads.restatement': {
    'a day grows by two fifths': restated(0.4),
    'a day doubles': restated(1),
    'a day loses a third': restated(-0.33),
  },
  'ads.reconcile_platform': {
    'a row was edited': run(
      `update fact_ad_daily set cost = cost * 2 + 100 where account_id = {account} and date = {date}`,
    ),
    'rows were removed': run(`delete from fact_ad_daily where account_id = {account} and date >= {date} - 3`),
    'clicks were doubled': run(`update fact_ad_daily set clicks = clicks * 2 where account_id = {account}`),
  },
  'ads.orphan_campaign': {
    'nobody described a campaign': run(
      `update dim_entity set is_stub = true where account_id = {account} and entity_id = (select min(entity_id) from dim_entity where account_id = {account})`,
    ),
    'half of the campaigns are stubs': run(
      `update dim_entity set is_stub = true where account_id = {account} and right(entity_id, 1) in ('1', '3', '5', '7')`,
    ),
    'a campaign’s entity is gone': run(
      `delete from dim_entity where account_id = {account} and entity_id = (select max(entity_id) from dim_entity where account_id = {account} and level = 'campaign')`,
    ),
  },
  'ads.budget_pacing': {
    'a day spends ten times its budget': run(`update dim_entity set budget = budget / 10 where account_id = {account}`),
    'a campaign is far ahead of its budget': run(
      `update dim_entity set budget = budget / 1.9 where account_id = {account} and entity_id = (select min(entity_id) from dim_entity where account_id = {account})`,
    ),
    'the campaigns spend a tenth of their budgets': run(
      `update dim_entity set budget = budget * 10 where account_id = {account}`,
    ),
  },
  'ads.freshness_sla': {
    'published in the evening': run(
      `update partition_version v set at = p.day_end + interval '20 hours' from partition_state p where p.partition_id = v.partition_id and p.account_id = {account}`,
    ),
    'published three days late': run(
      `update partition_version v set at = p.day_end + interval '3 days' from partition_state p where p.partition_id = v.partition_id and p.account_id = {account}`,
    ),
    'not published at all': run(
      `with gone as (delete from partition_version v using partition_state p where p.partition_id = v.partition_id and p.account_id = {account} and p.date = {date})
       update partition_state set state = 'failed', published_at = null, problem_at = now(), day_end = day_end - interval '30 hours' where account_id = {account} and date = {date}`,
    ),
  },
  'ads.stream_vs_batch': {
    'clicks were counted twice': rt('clicks = clicks * 2 + 50'),
    'half of the impressions are missing': rt('impressions = impressions / 2'),
    'a campaign sends no events': rt(
      'impressions = 0, clicks = 0',
      `and s.campaign_id = (select f.entity_id from fact_ad_daily f where f.account_id = {account} and f.date = {date} order by f.impressions desc limit 1)`,
    ),
  },
  'ads.mart_reconcile': {
    'the mart lost a row': mart(`delete from {mart} ${oneOfMart}`),
    'the mart doubled its rows': mart(`insert into {mart} select * from {mart} ${ofMart}`),
    'the mart is off by a millionth': mart(`update {mart} set total_cost = total_cost + 0.000001 ${oneOfMart}`),
    'the staged model filters': run(
      `delete from analytics.stg_campaign_metrics where account_id = {account} and date = {date} and cost > 0 and campaign_id like '%0'`,
    ),
  },
  'ads.level_reconcile': {
    'an ad group is missing': below(
      'delete from fact_ad_daily f',
      'and f.entity_id = (select min(entity_id) from fact_ad_daily g where g.partition_id = f.partition_id)',
    ),
    'Performance Max is missing below': below('delete from fact_ad_daily f', "and f.level = 'asset_group'"),
    'an ad group is doubled': below('update fact_ad_daily f set cost = cost * 2 + 1', "and f.level = 'ad_group'"),
    'an ad group hangs below another campaign': run(
      `update dim_entity set parent_id = 'another' where account_id = {account} and level = 'ad_group' and entity_id = (select min(entity_id) from dim_entity where account_id = {account} and level = 'ad_group')`,
    ),
  },
  'ads.derived_identity': {
    'a ratio is an average': mart(`update {mart} set ctr = ctr * 1.1 ${oneOfMart}`),
    'cost per click where there is no click': mart(`update {mart} set total_clicks = 0, cpc = total_cost ${oneOfMart}`),
    'zero where there is nothing to divide by': mart(`update {mart} set total_conversions = 0, cpa = 0 ${oneOfMart}`),
  },
}
