-- $1 run, $2 task, $3 kind, $4 account, $5 after, $6 input: ready to be taken, whatever it was. One try: the other scheduler counts.
-- The last task of the run is there from the beginning, so that the run does not end before it.
with taken_over as (
  update engine_attempt set state = 'lost', ended_at = clock_timestamp(), error_class = 'lost'
  where run_id = $1 and task = $2 and state = 'running'
), last as (
  insert into engine_task (run_id, task, kind, after, trigger_rule, input, state, tries_max, retry, not_before, pool, timeout_ms)
  select $1, 'notify', 'notify', '{}', 'all_done', 'null', 'ready', 1, '{"delayMs":0,"delayMsMax":0}', clock_timestamp(), 'foreground',
    86400000
  where $2 <> 'notify'
  on conflict do nothing
)
insert into engine_task as t (run_id, task, kind, account, after, trigger_rule, input, state, tries_max, retry, not_before, pool, timeout_ms)
values ($1, $2, $3, $4, $5, 'all_done', $6, 'ready', 1, '{"delayMs":0,"delayMsMax":0}', clock_timestamp(), 'foreground', 86400000)
on conflict (run_id, task) do update
set state = 'ready', tries = 0, lost = 0, fence = null, lease_until = null, worker = null, cancel_at = null, ended_at = null,
  not_before = clock_timestamp(), after = excluded.after, input = excluded.input
