-- Fewer round trips for each run and each task: a run is made, and begun where that needs no rules, in one; whoever claims a task is
-- told how its run stands, so that its end is written without another look.

-- As before, and with `held`: what engine_held answers, as the run stood when the task was taken.
-- Its plan is the same whatever it is asked with, and making it anew costs as much as claiming.
create or replace function engine_claim(p_worker text, p_count integer, p_lease_ms float8, p_now timestamptz) returns setof jsonb
language plpgsql volatile set plan_cache_mode = force_generic_plan as $$
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
    returning t.run_id, t.task, t.kind, t.account, t.input, t.after, t.attempt, t.tries, t.tries_max, t.fence, t.timeout_ms,
      t.started_at, t.lost, t.retry, t.pool
  ), begun as (
    insert into engine_attempt (run_id, task, attempt, state, worker, fence, started_at)
    select k.run_id, k.task, k.attempt, 'running', p_worker, k.fence, k.started_at from taken k
  ), stood as (
    -- Once a run, however many of its tasks were taken. Seen as it was before they were: what is ready is as open as what runs.
    select o.run_id, engine_standing(o.run_id) as standing, (
      select jsonb_agg(jsonb_build_object('task', b.task, 'account', b.account, 'state', b.state, 'after', b.after,
        'when', b.trigger_rule) order by b.task)
      from engine_task b where b.run_id = o.run_id) as tasks
    from (select distinct k.run_id from taken k) o
  )
  select jsonb_build_object('runId', k.run_id, 'pipeline', r.pipeline, 'partitionKey', r.partition_key, 'conf', r.conf, 'task', k.task,
    'kind', k.kind, 'account', k.account, 'input', k.input, 'attempt', k.attempt, 'tries', k.tries, 'triesMax', k.tries_max,
    'fence', k.fence, 'timeoutMs', k.timeout_ms, 'upstream', coalesce((
      select jsonb_object_agg(b.task, b.output) from engine_task b where b.run_id = k.run_id and b.task = any (k.after)), '{}'),
    'held', jsonb_build_object('runId', k.run_id, 'task', k.task, 'attempt', k.attempt, 'tries', k.tries, 'triesMax', k.tries_max,
      'lost', k.lost, 'retry', k.retry, 'pool', k.pool, 'fence', k.fence, 'cancelled', false, 'sealed', null,
      'runState', r.state, 'standing', s.standing, 'tasks', s.tasks))
  from taken k
  join engine_run r on r.run_id = k.run_id
  join stood s on s.run_id = k.run_id;
end
$$;

-- As engine_end, and answers with how the run stands now: `standing` after what was written, or, where it had moved, `held` as it is
-- to be looked at anew.
create function engine_finish(p_run uuid, p_fence uuid, p_standing text, p_ending jsonb, p_changed text[], p_states text[],
  p_run_state text, p_channel text, p_now timestamptz) returns jsonb
language plpgsql volatile as $$
declare
  v_written text := engine_end(p_run, p_fence, p_standing, p_ending, p_changed, p_states, p_run_state, p_channel, p_now);
begin
  return jsonb_build_object('written', v_written,
    'standing', case when v_written in ('done', 'waited') then engine_standing(p_run) end,
    'held', case when v_written = 'moved' then engine_held(p_fence, null, null, p_now) end);
end
$$;

-- Lets queued runs of a pipeline begin, as many as its budget and its backfills' allow, where beginning is no more than letting the
-- tasks go that wait for none. Answers how many began; null, and nothing is written, where one of them needs the rules: its
-- tasks have been done in part, it has none, or one of them begins only after a failure. A backfill has a budget of its own and cannot
-- keep today's run waiting.
create function engine_promote(p_pipeline text, p_channel text, p_now timestamptz) returns integer
language plpgsql volatile as $$
declare
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_max integer;
  v_paused boolean;
  v_runs uuid[];
begin
  -- Locked, so that two promoters cannot both find the same room; what it counts is seen by the next statement.
  select p.runs_active_max, p.paused into v_max, v_paused from engine_pipeline p where p.pipeline = p_pipeline for update;
  if not found then
    return 0;
  end if;
  with plain as (
    select r.run_id
    from engine_run r
    where r.pipeline = p_pipeline and r.state = 'queued' and r.backfill_id is null
      and (not v_paused or r.kind in ('manual', 'external'))
    order by r.priority desc, r.partition_key
    limit greatest(0, v_max - (
      select count(*) from engine_run a
      where a.pipeline = p_pipeline and a.state in ('running', 'cancelling') and a.backfill_id is null and a.attended_until is null))
  ), filled as (
    select picked.run_id
    from engine_backfill b
    cross join lateral (
      select r.run_id
      from engine_run r
      where r.pipeline = p_pipeline and r.backfill_id = b.backfill_id and r.state = 'queued'
      order by r.priority desc, r.partition_key
      limit greatest(0, b.runs_active_max - (
        select count(*) from engine_run a
        where a.pipeline = p_pipeline and a.state in ('running', 'cancelling') and a.backfill_id = b.backfill_id))
    ) picked
    where b.pipeline = p_pipeline and b.state = 'running' and not v_paused
  )
  select array_agg(u.run_id) into v_runs from (select run_id from plain union all select run_id from filled) u;
  if v_runs is null then
    return 0;
  end if;
  if exists (
    select 1 from unnest(v_runs) as u (run_id)
    where not exists (select 1 from engine_task t where t.run_id = u.run_id and t.after = '{}')
      or exists (
        select 1 from engine_task t
        where t.run_id = u.run_id and (t.state <> 'waiting' or (t.after = '{}' and t.trigger_rule = 'one_failed'))))
  then
    return null;
  end if;
  update engine_run r set state = 'running', started_at = coalesce(r.started_at, v_now)
  where r.run_id = any (v_runs) and r.state = 'queued';
  update engine_task t set state = 'ready', not_before = v_now, ended_at = null
  where t.run_id = any (v_runs) and t.state = 'waiting' and t.after = '{}';
  perform pg_notify(p_channel, '');
  return cardinality(v_runs);
end
$$;

-- Makes a run of the pipeline's present graph, with the tasks of some accounts only where they are named (null: all; those of the
-- whole run then wait for nothing that is left out), and begins what may begin. Answers `unknown`, `live` with the run that the
-- partition has already, who attends it and whether its time is over, or `made` and `begun` as engine_promote has it.
create function engine_trigger(p_run uuid, p_pipeline text, p_key text, p_kind text, p_backfill uuid, p_priority integer, p_conf jsonb,
  p_accounts text[], p_channel text, p_now timestamptz) returns jsonb
language plpgsql volatile as $$
declare
  v_now timestamptz := coalesce(p_now, clock_timestamp());
  v_version text;
  v_graph jsonb;
  v_live jsonb;
begin
  -- The row's lock makes two who want the same partition come one after the other.
  select v.version, v.graph into v_version, v_graph
  from engine_pipeline p join engine_version v on v.pipeline = p.pipeline and v.version = p.version
  where p.pipeline = p_pipeline for update of p;
  if not found then
    return jsonb_build_object('unknown', true);
  end if;
  select jsonb_build_object('runId', r.run_id, 'attendedBy', r.attended_by,
    'isOver', coalesce(r.attended_until < clock_timestamp(), false)) into v_live
  from engine_run r
  where r.pipeline = p_pipeline and r.partition_key = p_key and r.state in ('queued', 'running', 'cancelling')
  for update;
  if v_live is not null then
    return jsonb_build_object('live', v_live);
  end if;
  insert into engine_run (run_id, pipeline, version, partition_key, kind, backfill_id, generation, state, priority, conf, queued_at)
  select p_run, p_pipeline, v_version, p_key, p_kind, p_backfill, 1 + coalesce(max(r.generation), 0), 'queued', p_priority, p_conf, v_now
  from engine_run r where r.pipeline = p_pipeline and r.partition_key = p_key;
  with wanted as (
    select t.*
    from jsonb_to_recordset(v_graph -> 'tasks') as t (id text, kind text, account text, input jsonb, after jsonb, "when" text, pool text,
      slots int, priority int, "triesMax" int, retry jsonb, "timeoutMs" int)
    where p_accounts is null or t.account is null or t.account = any (p_accounts) or t.kind = 'unreachable'
  )
  insert into engine_task (run_id, task, kind, account, after, trigger_rule, input, state, tries_max, retry, not_before, pool, slots,
    priority, timeout_ms)
  select p_run, t.id, t.kind, t.account, array(
      select a.id from jsonb_array_elements_text(t.after) with ordinality as a (id, place)
      where a.id in (select w.id from wanted w) order by a.place),
    t."when", coalesce(t.input, 'null'), 'waiting', t."triesMax", t.retry, v_now, t.pool, t.slots, t.priority + p_priority, t."timeoutMs"
  from wanted t;
  return jsonb_build_object('made', true, 'begun', engine_promote(p_pipeline, p_channel, p_now));
end
$$;

-- One page of a run's lines, oldest first; see LogQuery. The index has them in their order. While a run prints, the planner knows of none
-- of its lines yet, and would rather fetch and sort all that are behind the page.
create function engine_log_page(p_run uuid, p_task text, p_after bigint, p_grep text, p_level text, p_offset integer, p_limit integer)
returns table (log_id bigint, task text, attempt integer, at timestamptz, level text, message text)
language sql stable set enable_bitmapscan = off set enable_sort = off set enable_seqscan = off as $$
  select l.log_id, l.task, l.attempt, l.at, l.level, l.message
  from engine_log l
  where l.run_id = p_run and (p_task is null or l.task = p_task) and l.log_id > p_after
    and (p_grep is null or position(p_grep in l.message) > 0) and (p_level is null or l.level = p_level)
  order by l.log_id
  offset p_offset limit p_limit
$$;
