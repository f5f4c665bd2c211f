-- Facts of campaigns that nobody has described: their entity is a stub, or there is none. described: campaigns of the account that somebody has.
, described as (
  select e.platform, e.account_id, count(*)::int as campaigns
  from dim_entity e
  where e.level = 'campaign' and e.is_current and not e.is_stub
  group by e.platform, e.account_id
)
select s.platform, s.account_id as "accountId", s.date, count(f.entity_id)::int as rows,
       count(f.entity_id) filter (where coalesce(e.is_stub, true))::int as orphans, coalesce(max(d.campaigns), 0) as described,
       (array_agg(f.entity_id order by f.entity_id) filter (where coalesce(e.is_stub, true)))[1] as example
from scope s
left join fact_ad_daily f on f.partition_id = s.partition_id
left join dim_entity e on e.platform = s.platform and e.account_id = s.account_id and e.level = 'campaign' and e.entity_id = f.entity_id and e.is_current
left join described d on d.platform = s.platform and d.account_id = s.account_id
where s.published_at is not null
group by s.platform, s.account_id, s.date
