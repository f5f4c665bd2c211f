-- Which share of its settled value a day had at each age, as readers saw it: median and the tenth and ninetieth of hundred days, per
-- platform and metric, over the days that were looked at when they were at least so old. A share has no currency, so accounts of
-- different ones may stand in one curve. Days that another conversion definition counted anew tell nothing about their conversions.
-- $1 horizon in days, $2 platforms or null, $3 accounts or null
with days as (
  select p.partition_id, p.platform, p.date,
         coalesce(a.timezone, 'UTC') as zone,
         (p.requested_at at time zone coalesce(a.timezone, 'UTC'))::date - p.date as age_last,
         exists (select 1 from conversion_recount r where r.partition_id = p.partition_id) as is_recounted
  from partition_state p
  left join dim_account a on a.platform = p.platform and a.account_id = p.account_id and a.is_current
  where p.level = 'campaign' and p.breakdown_key = '' and p.published_at is not null
    and ($2::text[] is null or p.platform = any ($2::text[])) and ($3::text[] is null or p.account_id = any ($3::text[]))
), settled as (
  select d.partition_id, d.platform, d.date, d.zone, d.is_recounted,
         min((e.requested_at at time zone d.zone)::date - d.date) as age_first
  from days d
  join partition_version v on v.partition_id = d.partition_id
  join extract e on e.extract_id = v.extract_id
  where d.age_last >= $1::integer
  group by d.partition_id, d.platform, d.date, d.zone, d.is_recounted
), present as (
  select f.partition_id, m.metric, sum(m.value) as value
  from fact_ad_daily f
  cross join lateral (values ('cost', f.cost), ('impressions', f.impressions::numeric), ('clicks', f.clicks::numeric),
    ('conversions', f.conversions), ('conversion_value', f.conversion_value)) as m (metric, value)
  where f.partition_id in (select s.partition_id from settled s)
  group by f.partition_id, m.metric
  having sum(m.value) <> 0
), changed as (
  select h.partition_id, m.metric, (e.requested_at at time zone s.zone)::date - s.date as age,
         sum(coalesce(m.new_value, 0) - coalesce(m.old_value, 0)) as difference
  from settled s
  join fact_ad_daily_history h on h.partition_id = s.partition_id
  join extract e on e.extract_id = h.extract_id
  cross join lateral (values ('cost', h.old_cost, h.new_cost), ('impressions', h.old_impressions::numeric, h.new_impressions::numeric),
    ('clicks', h.old_clicks::numeric, h.new_clicks::numeric), ('conversions', h.old_conversions, h.new_conversions),
    ('conversion_value', h.old_conversion_value, h.new_conversion_value)) as m (metric, old_value, new_value)
  where m.old_value is distinct from m.new_value
  group by h.partition_id, m.metric, (e.requested_at at time zone s.zone)::date - s.date
), seen as (
  select s.platform, n.metric, k.age,
         ((n.value - coalesce((select sum(c.difference) from changed c
                               where c.partition_id = s.partition_id and c.metric = n.metric and c.age > k.age), 0)) / n.value)::float8 as share
  from settled s
  join present n on n.partition_id = s.partition_id
  cross join lateral generate_series(greatest(s.age_first, 0), $1::integer) as k (age)
  where not (s.is_recounted and n.metric in ('conversions', 'conversion_value'))
)
select platform, metric, age as "ageDays", count(*)::int as days,
       percentile_cont(0.5) within group (order by share) as share,
       percentile_cont(0.1) within group (order by share) as low,
       percentile_cont(0.9) within group (order by share) as high
from seen
group by platform, metric, age
order by platform, metric, age
