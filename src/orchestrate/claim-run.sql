-- $1 worker, $2 tasks at most, $3 lease in ms, $4 run, $5 one task of it or null, $6 whether tasks that wait for no other, downloads, may be
-- among them. As engine_claim, for who carries out one run or one task itself: pools are for workers that share. What is downloaded is loaded
-- before more is downloaded, so that readers have the first account as soon as it can be had, not when all are there.
with chosen as (
  select t.run_id, t.task
  from engine_task t
  where t.run_id = $4 and t.state = 'ready' and ($5::text is null or t.task = $5) and t.not_before <= clock_timestamp()
    and ($6 or cardinality(t.after) > 0)
  order by t.priority desc, cardinality(t.after) = 0, t.not_before, t.task
  limit $2
  for update skip locked
), taken as (
  update engine_task t
  set state = 'running', attempt = t.attempt + 1, tries = t.tries + 1, worker = $1, fence = gen_random_uuid(),
    lease_until = clock_timestamp() + make_interval(secs => $3::float8 / 1000), started_at = clock_timestamp(), ended_at = null,
    cancel_at = null, sealed = null, error = null
  from chosen c
  where t.run_id = c.run_id and t.task = c.task
  returning t.run_id, t.task, t.kind, t.account, t.input, t.after, t.attempt, t.tries, t.tries_max, t.fence, t.timeout_ms, t.started_at
), begun as (
  insert into engine_attempt (run_id, task, attempt, state, worker, fence, started_at)
  select run_id, task, attempt, 'running', $1, fence, started_at from taken
)
select t.run_id as "runId", r.pipeline, r.partition_key as "partitionKey", r.conf, t.task, t.kind, t.account, t.input, t.attempt,
  t.tries, t.tries_max as "triesMax", t.fence, t.timeout_ms as "timeoutMs",
  coalesce((
    select jsonb_object_agg(b.task, b.output) from engine_task b where b.run_id = t.run_id and b.task = any (t.after)), '{}') as upstream
from taken t
join engine_run r on r.run_id = t.run_id
