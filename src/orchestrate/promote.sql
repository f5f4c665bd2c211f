-- $1 pipeline, $2 runs that may be active, $3 paused, $4 now. The pipeline's row is locked by the caller, so that two promoters
-- cannot both find the same room. A backfill has a budget of its own and cannot keep today's run waiting.
with plain as (
  select r.run_id
  from engine_run r
  where r.pipeline = $1 and r.state = 'queued' and r.backfill_id is null
    and (not $3::boolean or r.kind in ('manual', 'external'))
  order by r.priority desc, r.partition_key
  limit greatest(0, $2::int - (
    select count(*) from engine_run a
    where a.pipeline = $1 and a.state in ('running', 'cancelling') and a.backfill_id is null and a.attended_until is null))
), filled as (
  select picked.run_id
  from engine_backfill b
  cross join lateral (
    select r.run_id
    from engine_run r
    where r.pipeline = $1 and r.backfill_id = b.backfill_id and r.state = 'queued'
    order by r.priority desc, r.partition_key
    limit greatest(0, b.runs_active_max - (
      select count(*) from engine_run a
      where a.pipeline = $1 and a.state in ('running', 'cancelling') and a.backfill_id = b.backfill_id))
  ) picked
  where b.pipeline = $1 and b.state = 'running' and not $3::boolean
)
update engine_run r
set state = 'running', started_at = coalesce(r.started_at, $4::timestamptz, clock_timestamp())
where r.state = 'queued' and r.run_id in (select run_id from plain union all select run_id from filled)
returning r.run_id as "runId"
