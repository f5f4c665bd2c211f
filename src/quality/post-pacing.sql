-- Spend of the month so far against the daily budgets of the days on which a campaign had a row, and the day's spend against its budget.
-- Each fact is met once: sums run on from day to day, and a day that is looked at takes each campaign's newest row of its month up to it.
-- Each step is kept whole: where nothing was analyzed yet the planner expects one row and would count the month anew for every day.
, months as materialized (
  select h.partition_id, h.platform, h.account_id, h.date, date_trunc('month', h.date)::date as month,
         coalesce(h.day_end, (h.date + 1)::timestamp at time zone s.timezone) as day_end
  from partition_state h
  join (select platform, account_id, min(timezone) as timezone, min(date) as first, max(date) as last from scope group by platform, account_id) s
    on s.platform = h.platform and s.account_id = h.account_id
  where h.level = 'campaign' and h.breakdown_key = '' and h.date between date_trunc('month', s.first)::date and s.last
), running as materialized (
  select h.platform, h.account_id, h.month, h.date, f.entity_id, f.cost, e.budget,
         sum(f.cost) over upto as spend_so_far, sum(e.budget) over upto as budget_so_far, count(*) over upto as days_so_far,
         lead(h.date) over upto as next_date
  from months h
  join fact_ad_daily f on f.partition_id = h.partition_id
  join dim_entity e on e.platform = h.platform and e.account_id = h.account_id and e.level = 'campaign' and e.entity_id = f.entity_id
    and e.valid_from < h.day_end and e.valid_to >= h.day_end and e.budget > 0
  window upto as (partition by h.platform, h.account_id, h.month, f.entity_id order by h.date)
), paced as materialized (
  select s.partition_id, r.entity_id, r.spend_so_far as spend, r.budget_so_far as budget, r.days_so_far as days,
         case when r.date = s.date then r.cost end as day_spend, case when r.date = s.date then r.budget end as day_budget
  from scope s
  join running r on r.platform = s.platform and r.account_id = s.account_id and r.month = date_trunc('month', s.date)::date
    and r.date <= s.date and (r.next_date is null or r.next_date > s.date)
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
