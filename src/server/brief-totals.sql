-- $1 day: whether the rows of each account sum to the totals that the platform sent.
select distinct on (r.partition) split_part(r.partition, '|', 1) as platform, split_part(r.partition, '|', 2) as "accountId", q.outcome
from dq_run r
join dq_result q on q.run_id = r.run_id and q.check_id = 'ads.control_total'
where r.dataset = 'fact_ad_daily' and r.level = 'campaign' and right(r.partition, 10) = $1::date::text
order by r.partition, r.run_seq desc
