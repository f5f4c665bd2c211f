-- $1: the last day to judge. Sums of each account and campaign by day over 90 days up to it, with the day of the account's newest partition.
with days as (
  select m.platform, m.account_id, m.campaign_id, max(m.campaign_name) as campaign_name, max(m.currency) as currency, m.date,
         sum(m.cost)::float8 as cost, sum(m.impressions)::float8 as impressions, sum(m.clicks)::float8 as clicks, sum(m.conversions)::float8 as conversions
  from daily_campaign_metrics m
  where m.date > $1::date - 90 and m.date <= $1::date
  group by m.platform, m.account_id, m.campaign_id, m.date
)
select platform, account_id as "accountId", campaign_id as "campaignId", max(campaign_name) as "campaignName", max(currency) as currency,
       array_agg(date::text order by date) as days, array_agg(cost order by date) as cost, array_agg(impressions order by date) as impressions,
       array_agg(clicks order by date) as clicks, array_agg(conversions order by date) as conversions
from days
group by platform, account_id, campaign_id
order by platform, account_id, campaign_id
