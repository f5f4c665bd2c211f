-- How many campaigns, and how much of the money that they spent since a day, bear a name that the rules in force read. Shares of money
-- are within one account, whose money is of one currency. $1 since, $2 platforms or null, $3 accounts or null
with spent as (
  select m.platform, m.account_id, m.campaign_id, sum(m.cost) as cost
  from daily_campaign_metrics m
  where m.date >= $1::date
  group by m.platform, m.account_id, m.campaign_id
)
select n.platform, n.account_id as "accountId", max(n.version)::int as version, count(*)::int as campaigns,
       count(*) filter (where n.outcome = 'matched')::int as matched,
       count(*) filter (where n.outcome = 'ambiguous')::int as ambiguous,
       count(*) filter (where n.outcome = 'violation')::int as violations,
       round(count(*) filter (where n.outcome = 'matched')::numeric / count(*), 4)::text as coverage,
       round(coalesce(sum(s.cost) filter (where n.outcome = 'matched'), 0) / nullif(sum(s.cost), 0), 4)::text as "costCoverage"
from campaign_names n
left join spent s on s.platform = n.platform and s.account_id = n.account_id and s.campaign_id = n.campaign_id
where ($2::text[] is null or n.platform = any ($2::text[])) and ($3::text[] is null or n.account_id = any ($3::text[]))
group by n.platform, n.account_id
order by n.platform, n.account_id
