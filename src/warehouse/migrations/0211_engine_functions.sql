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

-- What decides how the tasks of a run go on, as one text: two of a kind when nothing has ended, been cleared or cancelled in between.
-- A task that was taken meanwhile is as open as it was.
create function engine_standing(p_run uuid) returns text
language sql stable as $$
  select r.state || md5(string_agg(t.task || ' ' || replace(t.state, 'ready', 'running'), ',' order by t.task))
  from engine_run r
  join engine_task t on t.run_id = r.run_id
  where r.run_id = p_run
  group by r.state
$$;

-- A running task by its fence, or by its names when its lease is over, with its run and all its tasks as they stand. Locks nothing.
-- Null when nobody holds it so any more.
create function engine_held(p_fence uuid, p_run uuid, p_task text, p_now timestamptz) returns jsonb
language sql stable as $$
  select jsonb_build_object('runId', t.run_id, 'task', t.task, 'attempt', t.attempt, 'tries', t.tries, 'triesMax', t.tries_max,
    'lost', t.lost, 'retry', t.retry, 'pool', t.pool, 'fence', t.fence, 'cancelled', t.cancel_at is not null, 'sealed', t.sealed,
    'runState', r.state, 'standing', engine_standing(t.run_id),
    'tasks', (
      select jsonb_agg(jsonb_build_object('task', b.task, 'account', b.account, 'state', b.state, 'after', b.after,
        'when', b.trigger_rule) order by b.task)
      from engine_task b where b.run_id = t.run_id))
  from engine_task t
  join engine_run r on r.run_id = t.run_id
  where t.state = 'running'
    and case when p_fence is null then t.run_id = p_run and t.task = p_task and t.lease_until < coalesce(p_now, clock_timestamp())
        else t.fence = p_fence end
$$;

-- Writes how the attempt with that fence ended, what becomes of the tasks behind it, and how the run ended with it (p_run_state, null:
-- it has not). p_ending: state, free, lost, unheard (its lease is over), cancelled and wasSealed as
-- they were looked at, delayMs (null: the task has ended), output, error, attemptState, exitCode, errorClass,
-- blocks (the pool waits as long as the task). Returns `fenced` when nobody holds the task by it any more, `moved` when the run does not
-- stand as it was looked at, and nothing was written then; `waited` when a run of the pipeline waits for one that has ended; `done`.
create function engine_end(p_run uuid, p_fence uuid, p_standing text, p_ending jsonb, p_changed text[], p_states text[], p_run_state text,
  p_channel text, p_now timestamptz) returns text
language plpgsql volatile as $$
declare
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_delay interval := make_interval(secs => (p_ending ->> 'delayMs')::float8 / 1000);
  v_state text := p_ending ->> 'state';
  v_task text;
  v_attempt integer;
  v_pool text;
begin
  -- The run first, and tasks after it, as everything does that ends one; what stands behind the lock is what counts.
  perform 1 from engine_run r where r.run_id = p_run for update;
  if not exists (select 1 from engine_task t where t.fence = p_fence and t.state = 'running') then
    return 'fenced';
  end if;
  if p_standing is distinct from engine_standing(p_run) then
    return 'moved';
  end if;
  update engine_task t
  set state = v_state, fence = null, lease_until = null, worker = null, tries = t.tries - (p_ending -> 'free')::boolean::int,
    lost = t.lost + (p_ending -> 'lost')::boolean::int, not_before = v_now + coalesce(v_delay, interval '0'),
    output = coalesce(p_ending -> 'output', t.output), error = nullif(p_ending -> 'error', 'null'),
    ended_at = case when v_delay is null then v_now end
  where t.fence = p_fence
    -- A heartbeat takes no lock of the run: a lost task that was heard of at this moment is not lost.
    and ((p_ending -> 'unheard')::boolean is not true or t.lease_until < v_now)
    -- Nor does a person who cancels wait: an end that does not know of it is decided anew.
    and (t.cancel_at is not null) = (p_ending -> 'cancelled')::boolean
    and (t.sealed is not null) = (p_ending -> 'wasSealed')::boolean
  returning t.task, t.attempt, t.pool into v_task, v_attempt, v_pool;
  if v_task is null then
    return 'moved';
  end if;
  update engine_attempt a
  set state = p_ending ->> 'attemptState', ended_at = v_now, exit_code = (p_ending ->> 'exitCode')::int,
    error_class = p_ending ->> 'errorClass', error = nullif(p_ending -> 'error', 'null'), retry_at = v_now + v_delay
  where a.run_id = p_run and a.task = v_task and a.attempt = v_attempt;
  if v_state in ('success', 'unchanged', 'skipped') then
    delete from engine_checkpoint c where c.run_id = p_run and c.task = v_task;
  end if;
  if (p_ending -> 'blocks')::boolean then
    update engine_pool p set reason = v_task || ': quota', blocked_until = greatest(p.blocked_until, v_now + v_delay) where p.pool = v_pool;
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
    return 'done';
  end if;
  update engine_run r set state = p_run_state, ended_at = v_now where r.run_id = p_run;
  return case when exists (
    select 1 from engine_run q join engine_run r on r.run_id = p_run where q.pipeline = r.pipeline and q.state = 'queued')
    then 'waited' else 'done' end;
end
$$;

-- Lines are read by run, in their order: one index does it (engine_log_of_run), and a line is written into one instead of three. An
-- identity that is always generated is unique without one.
drop index engine_log_of_task;
alter table engine_log drop constraint engine_log_pkey;
