-- What readers see of an extract's days against the totals that the platform gave for them. whole: every day of it still shows that extract.
, seen as (
  select e.extract_id, e.control_totals as totals, e.until - e.since + 1 as days, count(*) as shown
  from extract e
  join partition_state p on p.extract_id = e.extract_id
  where e.extract_id in (select s.extract_id from scope s)
  group by e.extract_id, e.control_totals, e.until, e.since
), summed as (
  select p.extract_id, sum(f.cost) as cost, sum(f.impressions) as impressions, sum(f.clicks) as clicks, sum(f.conversions) as conversions,
         sum(f.conversion_value) as conversion_value
  from partition_state p
  join fact_ad_daily f on f.partition_id = p.partition_id
  where p.extract_id in (select s.extract_id from scope s)
  group by p.extract_id
)
select s.platform, s.account_id as "accountId", s.date, e.totals, coalesce(e.shown = e.days, false) as whole,
       jsonb_build_object('cost', coalesce(v.cost, 0)::text, 'impressions', coalesce(v.impressions, 0)::text, 'clicks', coalesce(v.clicks, 0)::text,
         'conversions', coalesce(v.conversions, 0)::text, 'conversionValue', coalesce(v.conversion_value, 0)::text) as sums
from scope s
left join seen e on e.extract_id = s.extract_id
left join summed v on v.extract_id = s.extract_id
where s.published_at is not null
