-- $1 run, $2 graph's tasks as JSON, $3 priority of the run, $4 now: the run's tasks, all waiting; the promoter lets the first ones go.
insert into engine_task (run_id, task, kind, account, after, trigger_rule, input, state, tries_max, retry, not_before, pool, slots,
  priority, timeout_ms)
select $1::uuid, t.id, t.kind, t.account, array(select jsonb_array_elements_text(t.after)), t."when", coalesce(t.input, 'null'), 'waiting',
  t."triesMax", t.retry, coalesce($4::timestamptz, clock_timestamp()), t.pool, t.slots, t.priority + $3::int, t."timeoutMs"
from jsonb_to_recordset($2::jsonb) as t (id text, kind text, account text, input jsonb, after jsonb, "when" text, pool text, slots int,
  priority int, "triesMax" int, retry jsonb, "timeoutMs" int)
