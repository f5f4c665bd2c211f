-- $1: the first day that is looked at. What the newest checks of each partition said; what is only recorded is
-- nobody's incident, and ends one of a check that was told before.
select distinct on (r.partition, q.check_id) split_part(r.partition, '|', 1) as platform, split_part(r.partition, '|', 2) as "accountId", split_part(r.partition, '|', 3) as level,
       right(r.partition, 10) as day, q.check_id as "checkId",
       case when q.on_fail = 'record' and q.outcome in ('warn', 'fail', 'error') then 'pass' else q.outcome end as outcome, q.severity, q.tested::float8 as tested, q.failed::float8 as failed,
       q.explain, q.error
from dq_run r
join dq_result q on q.run_id = r.run_id
where r.dataset = 'fact_ad_daily' and q.series_key = '' and right(r.partition, 10) >= $1 and q.outcome <> 'superseded'
order by r.partition, q.check_id, r.started_at desc, r.run_id desc
