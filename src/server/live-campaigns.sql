-- $1 now, $2 a campaign or null, $3 rows at most: campaigns of the day that runs in their own zone, the busiest first.
select d.date::text as date, d.timezone as zone, d.platform, d.account_id as "accountId", d.campaign_id as "campaignId", d.currency,
       d.impressions::text as impressions, d.clicks::text as clicks, d.conversions::text as conversions,
       trim_scale(d.revenue)::text as revenue, trim_scale(d.cost)::text as cost, round(d.ctr, 6)::text as ctr, round(d.roas, 4)::text as roas,
       d.cost_source as "costSource", d.cost_as_of as "costAsOf", d.roas_why as "roasWhy"
from campaign_day d
where d.date = ($1::timestamptz at time zone d.timezone)::date and ($2::text is null or d.campaign_id = $2)
order by d.impressions + d.clicks + d.conversions desc, d.platform, d.account_id, d.campaign_id, d.currency
limit $3
