-- Campaigns that spent on at least four of the seven days before and are not paused, with and without a row on the day.
, recent as (
  select s.partition_id, f.entity_id, sum(f.cost) / 7 as spend
  from scope s
  join partition_state h on h.platform = s.platform and h.account_id = s.account_id and h.level = 'campaign' and h.breakdown_key = ''
    and h.date between s.date - 7 and s.date - 1
  join fact_ad_daily f on f.partition_id = h.partition_id
  group by s.partition_id, f.entity_id
  having count(*) filter (where f.cost > 0) >= 4
), expected as (
  select r.partition_id, r.entity_id, r.spend, coalesce(e.budget, 0) > 0 as has_budget
  from recent r
  join scope s on s.partition_id = r.partition_id
  left join dim_entity e on e.platform = s.platform and e.account_id = s.account_id and e.level = 'campaign' and e.entity_id = r.entity_id
    and e.valid_from < s.day_end and e.valid_to >= s.day_end
  where coalesce(e.status_canonical, 'unknown') in ('active', 'unknown')
)
select s.platform, s.account_id as "accountId", s.date,
       count(e.entity_id)::int as expected,
       count(e.entity_id) filter (where f.entity_id is null)::int as missing,
       count(f.entity_id) filter (where e.has_budget)::int as running,
       count(f.entity_id) filter (where e.has_budget and f.impressions = 0)::int as still,
       coalesce(sum(e.spend), 0)::text as spend,
       coalesce(sum(e.spend) filter (where f.entity_id is null), 0)::text as "missingSpend"
from scope s
left join expected e on e.partition_id = s.partition_id
left join fact_ad_daily f on f.partition_id = e.partition_id and f.entity_id = e.entity_id
where s.published_at is not null
group by s.platform, s.account_id, s.date
