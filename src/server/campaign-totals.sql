-- $1 from, $2 to, $3 platform or null, $4 currency or null, $5 text or null, $6 ids or names, or null: the sums of each currency over all campaigns that match.
with matching as (
  select platform, account_id, campaign_id from (
    select platform, account_id, campaign_id, (array_agg(campaign_name order by date desc))[1] as campaign_name
    from daily_campaign_metrics
    where date between $1::date and $2::date and ($3::text is null or platform = $3) and ($4::text is null or currency = $4)
    group by platform, account_id, campaign_id) n
  where ($5::text is null or position(lower($5) in lower(campaign_name)) > 0 or campaign_id = $5)
    and ($6::text[] is null or campaign_id in (select unnest($6::text[])) or campaign_name in (select unnest($6::text[])))
), day as (
  select d.* from daily_campaign_metrics d
  join matching m on m.platform = d.platform and m.account_id = d.account_id and m.campaign_id = d.campaign_id
  where d.date between $1::date - ($2::date - $1::date + 1) and $2::date and ($4::text is null or d.currency = $4)
), own as (
  select currency, count(distinct (platform, account_id, campaign_id)) filter (where date >= $1::date) as campaigns,
         sum(cost) filter (where date >= $1::date) as cost, sum(cost) filter (where date < $1::date) as cost_before,
         sum(impressions) filter (where date >= $1::date) as impressions, sum(clicks) filter (where date >= $1::date) as clicks,
         sum(conversions) filter (where date >= $1::date) as conversions, sum(conversion_value) filter (where date >= $1::date) as value
  from day group by currency
)
select campaigns::int, currency, trim_scale(cost)::text as cost, impressions::text, clicks::text, trim_scale(conversions)::text as conversions,
       round(clicks::numeric / nullif(impressions, 0), 8)::text as ctr, round(cost / nullif(clicks, 0), 6)::text as cpc,
       round(conversions / nullif(clicks, 0), 8)::text as cvr, round(cost / nullif(conversions, 0), 6)::text as cpa,
       round(value / nullif(cost, 0), 6)::text as roas, trim_scale(cost_before)::text as "costBefore"
from own where cost is not null order by currency
