-- What a worker says to the engine for each task, in one round trip each and with plans that a session keeps. A function that is not
-- stable takes a new snapshot for each of its statements, so that what is counted behind a lock is counted as it is now.

-- Takes up to p_count tasks that may begin, best first. What is taken, its fence, its lease and its attempt are there together or not
-- at all. p_now: null is this server's clock.
create function engine_claim(p_worker text, p_count integer, p_lease_ms float8, p_now timestamptz) returns setof jsonb
language plpgsql volatile as $$
declare
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_pools text[];
begin
  -- Locked in one order, before they are counted by the next statement: two claimers cannot both find the last slot.
  select array_agg(l.pool) into v_pools
  from (
    select p.pool from engine_pool p
    where (p.blocked_until is null or p.blocked_until <= v_now)
      and exists (select 1 from engine_task t where t.state = 'ready' and t.pool = p.pool and t.not_before <= v_now)
    order by p.pool for update) l;
  if v_pools is null then
    return;
  end if;
  return query
  with room as (
    select p.pool, p.slots - coalesce((
      select sum(t.slots) from engine_task t where t.state = 'running' and t.pool = p.pool), 0) as free
    from engine_pool p
    where p.pool = any (v_pools)
  ), candidate as (
    select c.run_id, c.task, c.pool, c.slots, c.priority, c.not_before, r.free
    from room r
    cross join lateral (
      select t.run_id, t.task, t.pool, t.slots, t.priority, t.not_before
      from engine_task t
      where t.state = 'ready' and t.pool = r.pool and t.not_before <= v_now
      order by t.priority desc, t.not_before, t.run_id, t.task
      limit least(greatest(r.free, 0), p_count)
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
    limit p_count
  ), taken as (
    update engine_task t
    set state = 'running', attempt = t.attempt + 1, tries = t.tries + 1, worker = p_worker, fence = gen_random_uuid(),
      lease_until = v_now + make_interval(secs => p_lease_ms / 1000), started_at = v_now, ended_at = null, cancel_at = null,
      sealed = null, error = null
    from chosen c
    where t.run_id = c.run_id and t.task = c.task
    returning t.run_id, t.task, t.kind, t.account, t.input, t.after, t.attempt, t.tries, t.tries_max, t.fence, t.timeout_ms, t.started_at
  ), begun as (
    insert into engine_attempt (run_id, task, attempt, state, worker, fence, started_at)
    select k.run_id, k.task, k.attempt, 'running', p_worker, k.fence, k.started_at from taken k
  )
  select jsonb_build_object('runId', k.run_id, 'pipeline', r.pipeline, 'partitionKey', r.partition_key, 'conf', r.conf, 'task', k.task,
    'kind', k.kind, 'account', k.account, 'input', k.input, 'attempt', k.attempt, 'tries', k.tries, 'triesMax', k.tries_max,
    'fence', k.fence, 'timeoutMs', k.timeout_ms, 'upstream', coalesce((
      select jsonb_object_agg(b.task, b.output) from engine_task b where b.run_id = k.run_id and b.task = any (k.after)), '{}'))
  from taken k
  join engine_run r on r.run_id = k.run_id;
end
$$;

-- A running task by its fence, or by its names when its lease is over: locks its run and then itself, and gives it with all tasks of
-- the run as they are behind the locks. Null when nobody holds it so any more.
create function engine_hold(p_fence uuid, p_run uuid, p_task text, p_now timestamptz) returns jsonb
language plpgsql volatile as $$
declare
  v_run uuid;
  v_task text;
  v_held jsonb;
begin
  select t.run_id, t.task into v_run, v_task
  from engine_task t
  where t.state = 'running' and case when p_fence is null then t.run_id = p_run and t.task = p_task else t.fence = p_fence end;
  if v_run is null then
    return null;
  end if;
  perform 1 from engine_run r where r.run_id = v_run for update;
  select jsonb_build_object('runId', t.run_id, 'task', t.task, 'attempt', t.attempt, 'tries', t.tries, 'triesMax', t.tries_max,
    'lost', t.lost, 'retry', t.retry, 'pool', t.pool, 'fence', t.fence, 'cancelled', t.cancel_at is not null, 'sealed', t.sealed)
  into v_held
  from engine_task t
  where t.run_id = v_run and t.task = v_task and t.state = 'running'
    and case when p_fence is null then t.lease_until < coalesce(p_now, clock_timestamp()) else t.fence = p_fence end
  for update;
  if v_held is null then
    return null;
  end if;
  return v_held || jsonb_build_object(
    'runState', (select r.state from engine_run r where r.run_id = v_run),
    'tasks', (
      select jsonb_agg(jsonb_build_object('task', t.task, 'account', t.account, 'state', t.state, 'after', t.after,
        'when', t.trigger_rule) order by t.task)
      from engine_task t where t.run_id = v_run));
end
$$;

-- Writes how an attempt ended, what becomes of the tasks behind it, and how the run ended with it (p_run_state, null: it has not).
-- p_ending: state, free, lost, delayMs (null: the task has ended), output, error, attempt, attemptState, exitCode, errorClass.
-- Returns whether a run of the pipeline waits for one that has ended. All locks are the caller's.
create function engine_end(p_run uuid, p_task text, p_ending jsonb, p_changed text[], p_states text[], p_run_state text, p_channel text,
  p_now timestamptz) returns boolean
language plpgsql volatile as $$
declare
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_delay interval := make_interval(secs => (p_ending ->> 'delayMs')::float8 / 1000);
  v_state text := p_ending ->> 'state';
begin
  update engine_task t
  set state = v_state, fence = null, lease_until = null, worker = null, tries = t.tries - (p_ending -> 'free')::boolean::int,
    lost = t.lost + (p_ending -> 'lost')::boolean::int, not_before = v_now + coalesce(v_delay, interval '0'),
    output = coalesce(p_ending -> 'output', t.output), error = nullif(p_ending -> 'error', 'null'), ended_at = case when v_delay is null then v_now end
  where t.run_id = p_run and t.task = p_task;
  update engine_attempt a
  set state = p_ending ->> 'attemptState', ended_at = v_now, exit_code = (p_ending ->> 'exitCode')::int,
    error_class = p_ending ->> 'errorClass', error = nullif(p_ending -> 'error', 'null'), retry_at = v_now + v_delay
  where a.run_id = p_run and a.task = p_task and a.attempt = (p_ending ->> 'attempt')::int;
  if v_state in ('success', 'unchanged', 'skipped') then
    delete from engine_checkpoint c where c.run_id = p_run and c.task = p_task;
  end if;
  if cardinality(p_changed) > 0 then
    update engine_task t
    set state = c.state, not_before = v_now, ended_at = case when c.state = 'ready' then null else v_now end
    from unnest(p_changed, p_states) as c (task, state)
    where t.run_id = p_run and t.task = c.task and t.state = 'waiting';
  end if;
  if v_state = 'ready' or 'ready' = any (p_states) then
    perform pg_notify(p_channel, '');
  end if;
  if p_run_state is null then
    return false;
  end if;
  update engine_run r set state = p_run_state, ended_at = v_now where r.run_id = p_run;
  return exists (
    select 1 from engine_run q join engine_run r on r.run_id = p_run where q.pipeline = r.pipeline and q.state = 'queued');
end
$$;

-- Lines are read by run, in their order: one index does it (engine_log_of_run), and a line is written into one instead of three. An
-- identity that is always generated is unique without one.
drop index engine_log_of_task;
alter table engine_log drop constraint engine_log_pkey;
