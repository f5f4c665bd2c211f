-- $1 how many: the newest runs that have begun, of commands and of the engine. One that goes on has no row among the pipeline's yet,
-- one that was cancelled never gets one.
with begun as (
  select p.run_id, p.pipeline, p.interval_start::text as since, p.interval_end::text as until, p.state, p.started_at, p.finished_at
  from pipeline_run p
  union all
  select r.run_id, r.pipeline, split_part(r.partition_key, '/', 1), split_part(r.partition_key || '/' || r.partition_key, '/', 2), r.state,
    r.started_at + r.clock_shift, r.ended_at + r.clock_shift
  from engine_run r
  where r.started_at is not null and not exists (select from pipeline_run p where p.run_id = r.run_id)
)
select b.run_id as "runId", b.pipeline, b.since, b.until, b.state, b.started_at as "startedAt", b.finished_at as "finishedAt",
  (select t.state from engine_task t where t.run_id = b.run_id and t.kind = 'dbt' limit 1) as models,
  (select count(*)::int from engine_attempt a where a.run_id = b.run_id and a.state = 'lost') as "attemptsLost"
from begun b
order by b.started_at desc
limit $1
