-- Spend of the month so far against the daily budgets of the days on which a campaign had a row, and the day's spend against its budget.
, paced as (
  select s.partition_id, f.entity_id, sum(f.cost) as spend, sum(e.budget) as budget, count(*) as days,
         max(f.cost) filter (where h.date = s.date) as day_spend, max(e.budget) filter (where h.date = s.date) as day_budget
  from scope s
  join partition_state h on h.platform = s.platform and h.account_id = s.account_id and h.level = 'campaign' and h.breakdown_key = ''
    and h.date between date_trunc('month', s.date)::date and s.date
  join fact_ad_daily f on f.partition_id = h.partition_id
  join dim_entity e on e.platform = s.platform and e.account_id = s.account_id and e.level = 'campaign' and e.entity_id = f.entity_id
    and e.valid_from < coalesce(h.day_end, s.day_end) and e.valid_to >= coalesce(h.day_end, s.day_end) and e.budget > 0
  group by s.partition_id, f.entity_id
)
select s.platform, s.account_id as "accountId", s.date, count(p.entity_id)::int as campaigns,
       count(*) filter (where p.day_spend > 2 * p.day_budget)::int as impossible,
       count(*) filter (where p.days >= 7 and p.spend > 1.2 * p.budget)::int as above,
       count(*) filter (where p.days >= 7 and p.spend < 0.8 * p.budget)::int as below,
       (sum(p.spend) / nullif(sum(p.budget), 0))::text as pace,
       (array_agg(p.entity_id order by p.day_spend / p.day_budget desc nulls last))[1] as example
from scope s
left join paced p on p.partition_id = s.partition_id
where s.published_at is not null
group by s.platform, s.account_id, s.date
