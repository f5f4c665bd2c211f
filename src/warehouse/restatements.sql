-- What platforms changed of days that were published before, by account, day and metric: $1 since when (instant), $2 platforms or null, $3 accounts or null
with changed as (
  select h.platform, h.account_id, h.date, h.at, h.action,
         (h.at at time zone 'UTC')::date - h.date as age_days,
         coalesce(h.new_currency, h.old_currency) as currency,
         m.metric, coalesce(m.old_value, 0) as old_value, coalesce(m.new_value, 0) as new_value
  from fact_ad_daily_history h
  cross join lateral (values
    ('cost', h.old_cost, h.new_cost),
    ('impressions', h.old_impressions::numeric, h.new_impressions::numeric),
    ('clicks', h.old_clicks::numeric, h.new_clicks::numeric),
    ('conversions', h.old_conversions, h.new_conversions),
    ('conversion_value', h.old_conversion_value, h.new_conversion_value)
  ) as m (metric, old_value, new_value)
  where h.at >= $1::timestamptz and h.level = 'campaign' and h.breakdown_key = ''
    and ($2::text[] is null or h.platform = any ($2::text[]))
    and ($3::text[] is null or h.account_id = any ($3::text[]))
    and m.old_value is distinct from m.new_value
)
select c.platform, c.account_id as "accountId", c.date, c.metric,
       case when c.metric in ('cost', 'conversion_value') then c.currency end as currency,
       min(c.age_days)::int as "ageDaysMin", max(c.age_days)::int as "ageDaysMax",
       count(*)::int as changes, sum(c.new_value - c.old_value)::text as difference, sum(c.old_value)::text as before, sum(c.new_value)::text as after,
       max(c.at) as "lastAt"
from changed c
group by c.platform, c.account_id, c.date, c.metric, case when c.metric in ('cost', 'conversion_value') then c.currency end
order by c.platform, c.account_id, c.date, c.metric
