-- $1 day: the newest run that was about the day, and the newest summary of any run, which names the dbt models it built.
select r.run_id::text as "runId", r.state, r.ended_at as "endedAt", extract(epoch from r.ended_at - r.started_at)::float8 as seconds
from (
  select e.run_id, e.state, e.started_at + e.clock_shift as started_at, e.ended_at + e.clock_shift as ended_at, e.queued_at + e.clock_shift as queued_at
  from engine_run e
  where $1::date::text between split_part(e.partition_key, '/', 1) and split_part(e.partition_key || '/' || e.partition_key, '/', 2)
  union all
  select p.run_id, p.state, p.started_at, p.finished_at, p.started_at from pipeline_run p
  where $1::date between p.interval_start and p.interval_end and not exists (select from engine_run e where e.run_id = p.run_id)
) r
order by r.queued_at desc
limit 1
