-- $1 run: its tasks with their attempts.
select t.task, t.kind, t.account, t.state, t.after, t.tries, t.tries_max as "triesMax", t.output, t.error,
  t.started_at as "startedAt", t.ended_at as "endedAt", t.not_before as "notBefore",
  coalesce((
    select jsonb_agg(jsonb_build_object('attempt', a.attempt, 'state', a.state, 'worker', a.worker, 'errorClass', a.error_class,
      'error', a.error, 'exitCode', a.exit_code, 'startedAt', a.started_at, 'endedAt', a.ended_at, 'retryAt', a.retry_at)
      order by a.attempt)
    from engine_attempt a where a.run_id = t.run_id and a.task = t.task), '[]') as attempts
from engine_task t
where t.run_id = $1
order by t.task
