-- $1 pipeline or null, $2 state or null, $3 run or null, $4 how many: runs of the engine and of the foreground, newest first.
select r.run_id as "runId", r.pipeline, r.kind, r.since, r.until, r.state, r.queued_at as "queuedAt", r.started_at as "startedAt",
       r.ended_at as "endedAt", r.source,
       (select count(*)::int from engine_attempt a where a.run_id = r.run_id and a.state = 'lost') as "attemptsLost"
from (
  select e.run_id, e.pipeline, e.kind, split_part(e.partition_key, '/', 1) as since,
         split_part(e.partition_key || '/' || e.partition_key, '/', 2) as until, e.state, e.queued_at + e.clock_shift as queued_at,
         e.started_at + e.clock_shift as started_at, e.ended_at + e.clock_shift as ended_at, 'engine' as source
  from engine_run e
  union all
  select p.run_id, p.pipeline, 'direct', p.interval_start::text, p.interval_end::text, p.state, p.started_at, p.started_at,
         p.finished_at, 'direct'
  from pipeline_run p
  where not exists (select from engine_run e where e.run_id = p.run_id)
) r
where ($1::text is null or r.pipeline = $1) and ($2::text is null or r.state = $2) and ($3::uuid is null or r.run_id = $3)
order by r.queued_at desc, r.run_id desc
limit $4
