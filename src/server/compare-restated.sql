-- $1 from, $2 to, $3 how many: what platforms changed of published days after the fact, by account, day and metric; the largest share first.
with changed as (
  select h.platform, h.account_id, h.date, coalesce(h.new_currency, h.old_currency)::text as currency, h.at, m.metric,
         coalesce(m.old_value, 0) as old_value, coalesce(m.new_value, 0) as new_value
  from fact_ad_daily_history h
  cross join lateral (values ('cost', h.old_cost, h.new_cost), ('impressions', h.old_impressions::numeric, h.new_impressions::numeric),
    ('clicks', h.old_clicks::numeric, h.new_clicks::numeric), ('conversions', h.old_conversions, h.new_conversions)) as m (metric, old_value, new_value)
  where h.date between $1::date and $2::date and h.level = 'campaign' and h.breakdown_key = '' and m.old_value is distinct from m.new_value
), summed as (
  select platform, account_id, date, metric, currency, count(*)::int as changes, sum(new_value - old_value) as difference, max(at) as last_at
  from changed
  group by platform, account_id, date, metric, currency
), present as (
  select p.platform, p.account_id, p.date, f.currency::text as currency, m.metric, sum(m.value) as value
  from partition_state p
  join fact_ad_daily f on f.partition_id = p.partition_id
  cross join lateral (values ('cost', f.cost), ('impressions', f.impressions::numeric), ('clicks', f.clicks::numeric), ('conversions', f.conversions)) as m (metric, value)
  where p.level = 'campaign' and p.breakdown_key = '' and p.date between $1::date and $2::date
    and exists (select 1 from summed s where s.platform = p.platform and s.account_id = p.account_id and s.date = p.date)
  group by p.platform, p.account_id, p.date, f.currency, m.metric
)
select s.platform, s.account_id as "accountId", s.date, s.metric, case when s.metric = 'cost' then s.currency end as currency, s.changes,
       trim_scale(s.difference)::text as difference, trim_scale(coalesce(n.value, 0))::text as now,
       round(s.difference / nullif(coalesce(n.value, 0) - s.difference, 0), 8)::text as share,
       (s.last_at at time zone coalesce(a.timezone, 'UTC'))::date - s.date as "ageDays"
from summed s
left join present n using (platform, account_id, date, metric, currency)
left join dim_account a on a.platform = s.platform and a.account_id = s.account_id and a.is_current
where s.difference <> 0
order by abs(s.difference / nullif(coalesce(n.value, 0) - s.difference, 0)) desc nulls last, s.date desc, s.platform, s.account_id, s.metric
limit $3
