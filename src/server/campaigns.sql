-- $1 from, $2 to, $3 platform or null, $4 currency or null, $5 text or null, $6 sorted by, $7 how many, $8 ids or names, or null: sums of each campaign, the ratios of
-- the sums, and the cost of as many days before. Amounts are ranked within their currency only.
with own as (
  select platform, account_id, currency, campaign_id, max(account_name) as account_name,
         (array_agg(campaign_name order by date desc))[1] as campaign_name,
         bool_or(completeness <> 'final') filter (where date >= $1::date) as provisional,
         sum(cost) filter (where date >= $1::date) as cost, sum(cost) filter (where date < $1::date) as cost_before,
         sum(impressions) filter (where date >= $1::date) as impressions, sum(clicks) filter (where date >= $1::date) as clicks,
         sum(conversions) filter (where date >= $1::date) as conversions, sum(conversion_value) filter (where date >= $1::date) as value
  from daily_campaign_metrics
  where date between $1::date - ($2::date - $1::date + 1) and $2::date and ($3::text is null or platform = $3)
    and ($4::text is null or currency = $4)
  group by platform, account_id, currency, campaign_id
), named as (
  select *, clicks::numeric / nullif(impressions, 0) as ctr, cost / nullif(conversions, 0) as cpa
  from own
  where cost is not null and ($5::text is null or position(lower($5) in lower(campaign_name)) > 0 or campaign_id = $5)
    and ($8::text[] is null or campaign_id in (select unnest($8::text[])) or campaign_name in (select unnest($8::text[])))
)
select platform, account_id as "accountId", account_name as "accountName", campaign_id as "campaignId", campaign_name as "campaignName",
       coalesce(provisional, false) as provisional, currency, trim_scale(cost)::text as cost, impressions::text, clicks::text,
       trim_scale(conversions)::text as conversions, round(ctr, 8)::text as ctr, round(cost / nullif(clicks, 0), 6)::text as cpc,
       round(conversions / nullif(clicks, 0), 8)::text as cvr, round(cpa, 6)::text as cpa, round(value / nullif(cost, 0), 6)::text as roas,
       trim_scale(cost_before)::text as "costBefore"
from named
order by case when $6 in ('cost', 'cpa') then currency end,
         case $6 when 'cost' then cost when 'impressions' then impressions when 'clicks' then clicks when 'conversions' then conversions
                 when 'ctr' then ctr when 'cpa' then -cpa end desc nulls last,
         campaign_name, platform, account_id, campaign_id
limit $7
