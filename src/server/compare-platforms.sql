-- $1 from, $2 to, $3 currency or null: sums of each platform over the days. With a currency, each account's day is converted at that day's
-- reference rates, as the mart cross_platform_daily does; accounts without a rate bring nothing and are counted. Without one, by own currency.
with daily as (
  select m.date, m.platform, m.account_id, m.currency, sum(m.cost) as cost, sum(m.impressions) as impressions, sum(m.clicks) as clicks,
         sum(m.link_clicks) as link_clicks, sum(m.conversions) as conversions, sum(m.conversion_value) as value,
         bool_or(m.completeness <> 'final') as is_provisional
  from daily_campaign_metrics m
  where m.date between $1::date and $2::date
  group by m.date, m.platform, m.account_id, m.currency
), rated as (
  select d.*, coalesce($3::text, d.currency::text) as shown,
         case when $3::text is null or d.currency::text = $3::text then 1
              else round(case when $3::text = 'EUR' then 1 else r.rate end / case when d.currency = 'EUR' then 1 else o.rate end, 10) end as rate
  from daily d
  left join fx_rate o on o.base = 'EUR' and o.quote = d.currency and o.date = d.date
  left join fx_rate r on r.base = 'EUR' and r.quote::text = $3::text and r.date = d.date
), summed as (
  select platform, shown as currency, count(distinct account_id) filter (where rate is not null)::int as accounts,
         count(distinct account_id) filter (where rate is null)::int as "accountsWithoutRate",
         coalesce(bool_or(is_provisional), false) as provisional,
         coalesce(sum(round(cost * rate, 6)), 0) as cost, coalesce(sum(impressions) filter (where rate is not null), 0) as impressions,
         coalesce(sum(clicks) filter (where rate is not null), 0) as clicks, sum(link_clicks) filter (where rate is not null) as link_clicks,
         coalesce(sum(conversions) filter (where rate is not null), 0) as conversions, sum(round(value * rate, 6)) as value
  from rated
  group by platform, shown
)
select platform, currency, accounts, "accountsWithoutRate", provisional, trim_scale(cost)::text as cost, impressions::text, clicks::text,
       link_clicks::text as "linkClicks", trim_scale(conversions)::text as conversions, trim_scale(value)::text as value,
       round(clicks::numeric / nullif(impressions, 0), 8)::text as ctr, round(cost / nullif(clicks, 0), 6)::text as cpc,
       round(cost / nullif(conversions, 0), 6)::text as cpa, round(value / nullif(cost, 0), 6)::text as roas,
       round(cost / nullif(sum(cost) over (partition by currency), 0), 8)::text as "costShare"
from summed
order by currency, platform
