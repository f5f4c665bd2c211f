-- What each account's day was worth, as readers saw it after each change: the present value without what changed later, step by step.
-- The age is counted in days of the account's own zone, from the day to the moment at which the platform was asked.
-- $1 since, $2 until, $3 platforms or null, $4 accounts or null
with days as (
  select p.partition_id, p.platform, p.account_id, p.date, coalesce(a.timezone, 'UTC') as zone
  from partition_state p
  left join dim_account a on a.platform = p.platform and a.account_id = p.account_id and a.is_current
  where p.level = 'campaign' and p.breakdown_key = '' and p.published_at is not null and p.date between $1::date and $2::date
    and ($3::text[] is null or p.platform = any ($3::text[])) and ($4::text[] is null or p.account_id = any ($4::text[]))
), present as (
  select f.partition_id, f.currency, m.metric, sum(m.value) as value
  from fact_ad_daily f
  cross join lateral (values ('cost', f.cost), ('impressions', f.impressions::numeric), ('clicks', f.clicks::numeric),
    ('conversions', f.conversions), ('conversion_value', f.conversion_value)) as m (metric, value)
  where f.partition_id in (select d.partition_id from days d) and m.value is not null
  group by f.partition_id, f.currency, m.metric
), changed as (
  select h.partition_id, coalesce(h.new_currency, h.old_currency) as currency, m.metric, e.requested_at,
         sum(coalesce(m.new_value, 0) - coalesce(m.old_value, 0)) as difference
  from fact_ad_daily_history h
  join extract e on e.extract_id = h.extract_id
  cross join lateral (values ('cost', h.old_cost, h.new_cost), ('impressions', h.old_impressions::numeric, h.new_impressions::numeric),
    ('clicks', h.old_clicks::numeric, h.new_clicks::numeric), ('conversions', h.old_conversions, h.new_conversions),
    ('conversion_value', h.old_conversion_value, h.new_conversion_value)) as m (metric, old_value, new_value)
  where h.partition_id in (select d.partition_id from days d) and m.old_value is distinct from m.new_value
  group by h.partition_id, coalesce(h.new_currency, h.old_currency), m.metric, e.requested_at
), looks as (
  -- the first publication, and each change of the metric
  select x.partition_id, x.currency, x.metric, x.requested_at
  from (
    select c.partition_id, c.currency, c.metric, c.requested_at from changed c
    union
    select n.partition_id, n.currency, n.metric, min(e.requested_at)
    from (select partition_id, currency, metric from present union select partition_id, currency, metric from changed) n
    join partition_version v on v.partition_id = n.partition_id
    join extract e on e.extract_id = v.extract_id
    group by n.partition_id, n.currency, n.metric
  ) x
)
select d.platform, d.account_id as "accountId", d.date, l.metric, l.currency, l.requested_at as "askedAt",
       ((l.requested_at at time zone d.zone)::date - d.date)::int as "ageDays",
       (coalesce(n.value, 0) - coalesce((
         select sum(c.difference) from changed c
         where c.partition_id = l.partition_id and c.currency = l.currency and c.metric = l.metric and c.requested_at > l.requested_at), 0))::text as value
from looks l
join days d on d.partition_id = l.partition_id
left join present n on n.partition_id = l.partition_id and n.currency = l.currency and n.metric = l.metric
order by d.platform, d.account_id, d.date, l.metric, l.currency, l.requested_at
