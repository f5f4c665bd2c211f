-- $1 run, $2 task, $3 its next state, $4 the try is given back, $5 it was lost, $6 ms until it may begin again (null: it has ended),
-- $7 output, $8 error, $9 now, $10 attempt, $11 the attempt's state, $12 exit code, $13 error class, $14 channel to wake.
with ended as (
  update engine_task
  set state = $3, fence = null, lease_until = null, worker = null, tries = tries - $4::boolean::int, lost = lost + $5::boolean::int,
    not_before = coalesce($9::timestamptz, clock_timestamp()) + make_interval(secs => coalesce($6::float8, 0) / 1000),
    output = coalesce($7::jsonb, output), error = $8::jsonb,
    ended_at = case when $6::float8 is null then coalesce($9::timestamptz, clock_timestamp()) end
  where run_id = $1 and task = $2
  returning state
), told as (
  update engine_attempt
  set state = $11, ended_at = coalesce($9::timestamptz, clock_timestamp()), exit_code = $12, error_class = $13, error = $8::jsonb,
    retry_at = coalesce($9::timestamptz, clock_timestamp()) + make_interval(secs => $6::float8 / 1000)
  where run_id = $1 and task = $2 and attempt = $10
), spent as (
  delete from engine_checkpoint where run_id = $1 and task = $2 and $3::text in ('success', 'unchanged', 'skipped')
)
select pg_notify($14, '') from ended where state = 'ready'
