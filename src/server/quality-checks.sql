-- $1 day: how each check came out over the newest audit of each partition of the day and of the 6 days before, one row a check and day.
-- What a check only records is no verdict: it is counted by itself when it does not pass.
select q.check_id as "checkId", min(q.dimension) as dimension, bool_or(q.blocking) as blocking, r.day as date,
       count(*) filter (where q.outcome = 'pass')::int as pass, count(*) filter (where q.outcome = 'warn' and q.on_fail <> 'record')::int as warn,
       count(*) filter (where q.outcome in ('fail', 'error') and q.on_fail <> 'record')::int as fail,
       count(*) filter (where q.outcome in ('warn', 'fail', 'error') and q.on_fail = 'record')::int as recorded, count(*) filter (where q.outcome = 'skipped')::int as skipped,
       coalesce(sum(q.tested), 0)::text as tested, coalesce(sum(q.failed), 0)::text as failing
from (select distinct on (partition, stage) run_id, right(partition, 10)::date as day
      from dq_run
      where dataset = 'fact_ad_daily' and right(partition, 10)::date between $1::date - 6 and $1::date
      order by partition, stage, run_seq desc) r
join dq_result q on q.run_id = r.run_id
group by q.check_id, r.day
order by q.check_id, r.day
