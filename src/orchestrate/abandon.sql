-- $1 run whose process is gone: what it had begun is over, and its partition is free for another run.
with given_up as (
  update engine_task
  set state = 'cancelled', fence = null, lease_until = null, worker = null, ended_at = clock_timestamp()
  where run_id = $1 and state in ('waiting', 'ready', 'running')
), lost as (
  update engine_attempt set state = 'lost', ended_at = clock_timestamp(), error_class = 'lost'
  where run_id = $1 and state = 'running'
)
update engine_run set state = 'cancelled', ended_at = clock_timestamp() where run_id = $1
