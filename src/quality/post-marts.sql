-- Sums of what was loaded, of what dbt stages and of the mart, for each account's day; and rows of the mart whose ratios are not those of its sums.
-- {staging} and {mart} are the two relations' names, quoted.
, loaded as (
  select s.partition_id, sum(f.cost) as cost, sum(f.impressions) as impressions, sum(f.clicks) as clicks, sum(f.conversions) as conversions
  from scope s join fact_ad_daily f on f.partition_id = s.partition_id
  group by s.partition_id
), staged as (
  select m.platform, m.account_id, m.date, sum(m.cost) as cost, sum(m.impressions) as impressions, sum(m.clicks) as clicks, sum(m.conversions) as conversions
  from {staging} m
  where m.date between $1::date and $2::date
  group by m.platform, m.account_id, m.date
), mart as (
  select m.platform, m.account_id, m.date, sum(m.total_cost) as cost, sum(m.total_impressions) as impressions, sum(m.total_clicks) as clicks,
         sum(m.total_conversions) as conversions, count(*)::int as rows,
         count(*) filter (where (m.ctr is null) <> (m.total_impressions = 0) or abs(m.ctr - m.total_clicks::numeric / nullif(m.total_impressions, 0)) > 0.000001
           or (m.cpc is null) <> (m.total_clicks = 0) or abs(m.cpc - m.total_cost / nullif(m.total_clicks, 0)) > 0.000001 * greatest(1, abs(m.cpc))
           or (m.cvr is null) <> (m.total_clicks = 0) or abs(m.cvr - m.total_conversions / nullif(m.total_clicks, 0)) > 0.000001 * greatest(1, abs(m.cvr))
           or (m.cpa is null) <> (m.total_conversions = 0)
           or abs(m.cpa - m.total_cost / nullif(m.total_conversions, 0)) > 0.000001 * greatest(1, abs(m.cpa)))::int as wrong
  from {mart} m
  where m.date between $1::date and $2::date
  group by m.platform, m.account_id, m.date
)
select s.platform, s.account_id as "accountId", s.date,
       jsonb_build_object('cost', coalesce(l.cost, 0)::text, 'impressions', coalesce(l.impressions, 0)::text, 'clicks', coalesce(l.clicks, 0)::text,
         'conversions', coalesce(l.conversions, 0)::text) as loaded,
       jsonb_build_object('cost', coalesce(g.cost, 0)::text, 'impressions', coalesce(g.impressions, 0)::text, 'clicks', coalesce(g.clicks, 0)::text,
         'conversions', coalesce(g.conversions, 0)::text) as staged,
       jsonb_build_object('cost', coalesce(m.cost, 0)::text, 'impressions', coalesce(m.impressions, 0)::text, 'clicks', coalesce(m.clicks, 0)::text,
         'conversions', coalesce(m.conversions, 0)::text) as mart,
       coalesce(m.rows, 0) as rows, coalesce(m.wrong, 0) as wrong
from scope s
left join loaded l on l.partition_id = s.partition_id
left join staged g on g.platform = s.platform and g.account_id = s.account_id and g.date = s.date
left join mart m on m.platform = s.platform and m.account_id = s.account_id and m.date = s.date
where s.published_at is not null
