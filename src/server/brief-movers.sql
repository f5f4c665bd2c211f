-- $1 day: the campaigns that moved the cost of their currency most against the same weekday a week before, three a currency.
with both_days as (
  select platform, account_id, currency, campaign_id, max(campaign_name) filter (where date = $1::date) as name_now, max(campaign_name) as name,
         coalesce(sum(cost) filter (where date = $1::date), 0) as cost,
         coalesce(sum(cost) filter (where date = $1::date), 0) - coalesce(sum(cost) filter (where date < $1::date), 0) as change,
         coalesce(sum(conversions) filter (where date = $1::date), 0)
           - coalesce(sum(conversions) filter (where date < $1::date), 0) as conversions_change
  from daily_campaign_metrics
  where date in ($1::date, $1::date - 7)
  group by platform, account_id, currency, campaign_id
), ranked as (
  select *, row_number() over (partition by currency order by abs(change) desc, platform, account_id, campaign_id) as place from both_days
  -- Without the day of a week before everything would seem to have moved.
  where change <> 0 and exists (select from daily_campaign_metrics b where b.date = $1::date - 7)
)
select platform, account_id as "accountId", currency, campaign_id as "campaignId", coalesce(name_now, name) as "campaignName",
       trim_scale(cost)::text as cost, trim_scale(change)::text as "costChange", trim_scale(conversions_change)::text as "conversionsChange"
from ranked where place <= 3
order by currency, place
