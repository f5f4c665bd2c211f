-- $1 day: how the newest audit of each of the day's partitions, and of the day before, came out, by dimension. What a check only records
-- is counted when it passes and is no verdict when it does not.
select r.day as date, q.dimension,
       count(*) filter (where q.outcome = 'pass')::int as pass,
       count(*) filter (where q.outcome = 'warn')::int as warn,
       count(*) filter (where q.outcome in ('fail', 'error'))::int as fail
from (select distinct on (partition, stage) run_id, right(partition, 10)::date as day
      from dq_run
      where dataset = 'fact_ad_daily' and right(partition, 10) in ($1::date::text, ($1::date - 1)::text)
      order by partition, stage, run_seq desc) r
join dq_result q on q.run_id = r.run_id
where q.outcome = 'pass' or (q.outcome in ('warn', 'fail', 'error') and q.on_fail <> 'record')
group by r.day, q.dimension
order by r.day, q.dimension
