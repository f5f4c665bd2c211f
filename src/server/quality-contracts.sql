-- $1 day: extracts whose columns were not those of their source's contract, as the newest audit of each of the day's partitions has it.
select r.platform, r.account_id as "accountId", q.outcome, q.explain
from dq_newest_run r
join dq_result q on q.run_id = r.run_id and q.check_id = 'ads.schema_drift'
where r.dataset = 'fact_ad_daily' and r.date = $1::date and q.outcome in ('warn', 'fail')
order by r.platform, r.account_id
