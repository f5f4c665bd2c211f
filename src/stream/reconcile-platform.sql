-- What the platforms say of a day beside what was counted live, a campaign a row: the day is the account's civil day on both sides.
-- $1 the day.
with live as (
  select platform, account_id, campaign_id, timezone, currency,
         sum(impressions) as impressions, sum(clicks) as clicks, sum(conversions) as conversions,
         sum(ivt_impressions) as ivt_impressions, sum(ivt_clicks) as ivt_clicks, sum(ivt_conversions) as ivt_conversions
  from campaign_day where date = $1::date group by 1, 2, 3, 4, 5
),
batch as (
  select platform, account_id, campaign_id, currency,
         sum(impressions) as impressions, sum(clicks) as clicks, sum(conversions) as conversions
  from daily_campaign_metrics where date = $1::date group by 1, 2, 3, 4
)
select b.platform, b.account_id, b.campaign_id, b.impressions::text as batch_impressions, b.clicks::text as batch_clicks,
       b.conversions::text as batch_conversions, l.impressions::text as live_impressions, l.clicks::text as live_clicks,
       l.conversions::text as live_conversions, l.ivt_impressions::text as ivt_impressions, l.ivt_clicks::text as ivt_clicks,
       l.ivt_conversions::text as ivt_conversions,
       a.timezone is distinct from l.timezone as other_zone,
       l.currency <> '' and l.currency <> b.currency as other_currency
from batch b
join live l on l.campaign_id = b.campaign_id and l.platform in ('', b.platform) and l.account_id in ('', b.account_id)
left join dim_account a on a.platform = b.platform and a.account_id = b.account_id and a.is_current
order by b.platform, b.account_id, b.campaign_id
