-- $1 from, $2 to, $3 platform or null, $4 currency or null, $5 text or null, $6 sorted by, $7 how many, $8 ids or names, or null,
-- $9 months, $12 days: how often each counts in the range ($10, $13) and in as many days before ($11, $14), -1 for what a month has too much:
-- sums of each campaign that has rows in the range, and of all of them by currency; the ratios are of the sums. A campaign's name is the
-- one that it bore at the end of its account's newest day. Amounts are ranked within their currency only. A month whose sums are not
-- counted yet is taken by its days.
with part as (
  select m.now, m.before, f.platform, f.account_id, f.entity_id, f.currency, sum(f.rows) as rows, sum(f.cost) as cost,
         sum(f.impressions) as impressions, sum(f.clicks) as clicks, sum(f.conversions) as conversions, sum(f.valued) as valued,
         sum(f.conversion_value) as value
  from unnest($9::date[], $10::int[], $11::int[]) as m (month, now, before)
  join fact_ad_monthly f on f.month = m.month
  where ($3::text is null or f.platform = $3) and ($4::text is null or f.currency = $4)
    and not exists (select from fact_ad_month_stale s where s.platform = f.platform and s.account_id = f.account_id and s.month = m.month)
  group by f.entity_id, f.platform, f.account_id, f.currency, m.now, m.before
  union all
  select m.now, m.before, f.platform, f.account_id, f.entity_id, f.currency, count(*), sum(f.cost), sum(f.impressions), sum(f.clicks),
         sum(f.conversions), count(f.conversion_value), sum(f.conversion_value)
  from unnest($9::date[], $10::int[], $11::int[]) as m (month, now, before)
  join (select distinct platform, account_id, month from fact_ad_month_stale) s on s.month = m.month
  join partition_state p on p.platform = s.platform and p.account_id = s.account_id and p.level = 'campaign' and p.breakdown_key = ''
    and p.date >= m.month and p.date < m.month + interval '1 month' and ($3::text is null or p.platform = $3)
  join fact_ad_daily f on f.partition_id = p.partition_id
  where $4::text is null or f.currency = $4
  group by f.entity_id, f.platform, f.account_id, f.currency, m.now, m.before
  union all
  select d.now, d.before, f.platform, f.account_id, f.entity_id, f.currency, count(*), sum(f.cost), sum(f.impressions), sum(f.clicks),
         sum(f.conversions), count(f.conversion_value), sum(f.conversion_value)
  from unnest($12::date[], $13::int[], $14::int[]) as d (date, now, before)
  join partition_state p on p.date = d.date and p.level = 'campaign' and p.breakdown_key = '' and ($3::text is null or p.platform = $3)
  join fact_ad_daily f on f.partition_id = p.partition_id
  where $4::text is null or f.currency = $4
  group by f.entity_id, f.platform, f.account_id, f.currency, d.now, d.before
), own as (
  select platform, account_id, entity_id, currency, sum(now * cost) as cost,
         case when sum(before * rows) > 0 then sum(before * cost) end as cost_before,
         sum(now * impressions) as impressions, sum(now * clicks) as clicks, sum(now * conversions) as conversions,
         case when sum(now * valued) > 0 then sum(now * value) end as value
  from part
  group by platform, account_id, entity_id, currency
  having sum(now * rows) > 0
), newest as (
  select platform, account_id, max(day_end) as day_end from partition_state
  where level = 'campaign' and breakdown_key = '' and date between $1::date and $2::date
  group by platform, account_id
), named as materialized (
  select o.*, coalesce(e.name, o.entity_id) as campaign_name
  from own o
  join newest n on n.platform = o.platform and n.account_id = o.account_id
  left join dim_entity e on e.platform = o.platform and e.account_id = o.account_id and e.level = 'campaign' and e.entity_id = o.entity_id
    and e.valid_from < n.day_end and e.valid_to >= n.day_end
  where ($5::text is null or position(lower($5) in lower(coalesce(e.name, o.entity_id))) > 0 or o.entity_id = $5)
    and ($8::text[] is null or o.entity_id in (select unnest($8::text[])) or coalesce(e.name, o.entity_id) in (select unnest($8::text[])))
), ranked as (
  select named.*, row_number() over (
    order by case when $6 in ('cost', 'cpa') then currency end,
             case $6 when 'cost' then cost when 'impressions' then impressions when 'clicks' then clicks when 'conversions' then conversions
                     when 'ctr' then clicks::numeric / nullif(impressions, 0) when 'cpa' then -cost / nullif(conversions, 0) end desc nulls last,
             campaign_name, platform, account_id, entity_id, currency) as place
  from named
  order by place
  limit $7
), shown as (
  select null as platform, null as account_id, null as entity_id, null as campaign_name, count(*)::int as campaigns, row_number() over (order by currency) as place,
         currency, sum(cost) as cost, sum(cost_before) as cost_before, sum(impressions) as impressions, sum(clicks) as clicks,
         sum(conversions) as conversions, sum(value) as value
  from named group by currency
  union all
  select platform, account_id, entity_id, campaign_name, null, place, currency, cost, cost_before, impressions, clicks, conversions, value from ranked
)
select s.platform, s.account_id as "accountId", coalesce(a.name, s.account_id) as "accountName", s.entity_id as "campaignId",
       s.campaign_name as "campaignName", s.campaigns,
       exists (select 1 from partition_state p join fact_ad_daily f on f.partition_id = p.partition_id and f.entity_id = s.entity_id
               where p.platform = s.platform and p.account_id = s.account_id and p.level = 'campaign' and p.breakdown_key = ''
                 and p.date between $1::date and $2::date and p.completeness <> 'final') as provisional,
       s.currency, trim_scale(s.cost)::text as cost, s.impressions::text, s.clicks::text, trim_scale(s.conversions)::text as conversions,
       round(s.clicks::numeric / nullif(s.impressions, 0), 8)::text as ctr, round(s.cost / nullif(s.clicks, 0), 6)::text as cpc,
       round(s.conversions / nullif(s.clicks, 0), 8)::text as cvr, round(s.cost / nullif(s.conversions, 0), 6)::text as cpa,
       round(s.value / nullif(s.cost, 0), 6)::text as roas, trim_scale(s.cost_before)::text as "costBefore"
from shown s
left join dim_account a on a.platform = s.platform and a.account_id = s.account_id and a.is_current
order by s.campaigns is null, s.place
