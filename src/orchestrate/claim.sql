-- $1 worker, $2 tasks at most, $3 lease in ms, $4 pools whose rows the caller has locked, $5 now. One statement: what is taken,
-- its fence, its lease and its attempt are there together or not at all.
with room as (
  select p.pool, p.slots - coalesce((
    select sum(t.slots) from engine_task t where t.state = 'running' and t.pool = p.pool), 0) as free
  from engine_pool p
  where p.pool = any ($4::text[])
), candidate as (
  select c.run_id, c.task, c.pool, c.slots, c.priority, c.not_before, r.free
  from room r
  cross join lateral (
    select t.run_id, t.task, t.pool, t.slots, t.priority, t.not_before
    from engine_task t
    where t.state = 'ready' and t.pool = r.pool and t.not_before <= coalesce($5::timestamptz, clock_timestamp())
    order by t.priority desc, t.not_before, t.run_id, t.task
    limit least(greatest(r.free, 0), $2::int)
    for update skip locked
  ) c
), counted as (
  select c.run_id, c.task, c.priority, c.not_before, c.free,
    sum(c.slots) over (partition by c.pool order by c.priority desc, c.not_before, c.run_id, c.task) as used
  from candidate c
), chosen as (
  select c.run_id, c.task
  from counted c
  where c.used <= c.free
  order by c.priority desc, c.not_before, c.run_id, c.task
  limit $2::int
), taken as (
  update engine_task t
  set state = 'running', attempt = t.attempt + 1, tries = t.tries + 1, worker = $1, fence = gen_random_uuid(),
    lease_until = coalesce($5::timestamptz, clock_timestamp()) + make_interval(secs => $3::float8 / 1000),
    started_at = coalesce($5::timestamptz, clock_timestamp()), ended_at = null, cancel_at = null, sealed = null, error = null
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
