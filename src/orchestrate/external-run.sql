-- $1 run, $2 pipeline, $3 version, $4 partition, $5 the other scheduler's name for it, $6 conf. A day without a task, and it is given
-- up for one of our own: nobody would tell us that the other scheduler has stopped.
insert into engine_run (run_id, pipeline, version, partition_key, kind, external_ref, generation, state, conf, queued_at, started_at,
  attended_until)
select $1::uuid, $2, $3, $4, 'external', $5, 1 + coalesce(max(generation), 0), 'running', $6::jsonb, clock_timestamp(), clock_timestamp(),
  clock_timestamp() + interval '1 day'
from engine_run
where pipeline = $2 and partition_key = $4
on conflict (run_id) do update
set state = 'running', ended_at = null, told_at = null, attended_until = excluded.attended_until
