-- Half as many commits for each task: whoever ends one takes the next in the same transaction. And a run's tasks are made in one place.

-- The tasks of a graph as a run's, all waiting; the promoter lets the first ones go. p_accounts: with those of some accounts only
-- (null: all); those of the whole run then wait for nothing that is left out.
create function engine_add_tasks(p_run uuid, p_tasks jsonb, p_accounts text[], p_priority integer, p_now timestamptz) returns void
language plpgsql volatile as $$
begin
  with wanted as (
    select t.*
    from jsonb_to_recordset(p_tasks) as t (id text, kind text, account text, input jsonb, after jsonb, "when" text, pool text,
      slots int, priority int, "triesMax" int, retry jsonb, "timeoutMs" int)
    where p_accounts is null or t.account is null or t.account = any (p_accounts) or t.kind = 'unreachable'
  )
  insert into engine_task (run_id, task, kind, account, after, trigger_rule, input, state, tries_max, retry, not_before, pool, slots,
    priority, timeout_ms)
  select p_run, t.id, t.kind, t.account, array(
      select a.id from jsonb_array_elements_text(t.after) with ordinality as a (id, place)
      where a.id in (select w.id from wanted w) order by a.place),
    t."when", coalesce(t.input, 'null'), 'waiting', t."triesMax", t.retry, coalesce(p_now, clock_timestamp()), t.pool, t.slots,
    t.priority + p_priority, t."timeoutMs"
  from wanted t;
end
$$;

-- As before, with the tasks from engine_add_tasks.
create or replace function engine_trigger(p_run uuid, p_pipeline text, p_key text, p_kind text, p_backfill uuid, p_priority integer,
  p_conf jsonb, p_accounts text[], p_channel text, p_now timestamptz) returns jsonb
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
  perform engine_add_tasks(p_run, v_graph -> 'tasks', p_accounts, p_priority, v_now);
  return jsonb_build_object('made', true, 'begun', engine_promote(p_pipeline, p_channel, p_now));
end
$$;

-- As engine_finish, and then as engine_claim where something was written: `claimed` is what the worker holds now. Not for an end that
-- blocks a pool: pools are locked in their order when a claim counts them, and one that is blocked would be locked out of it.
create function engine_finish_claim(p_run uuid, p_fence uuid, p_standing text, p_ending jsonb, p_changed text[], p_states text[],
  p_run_state text, p_channel text, p_now timestamptz, p_worker text, p_count integer, p_lease_ms float8) returns jsonb
language plpgsql volatile set plan_cache_mode = force_generic_plan as $$
declare
  v_finished jsonb := engine_finish(p_run, p_fence, p_standing, p_ending, p_changed, p_states, p_run_state, p_channel, p_now);
begin
  if v_finished ->> 'written' not in ('done', 'waited') then
    return v_finished;
  end if;
  return v_finished || jsonb_build_object('claimed', coalesce((
    select jsonb_agg(c.task) from engine_claim(p_worker, p_count, p_lease_ms, p_now) as c (task)), '[]'));
end
$$;
