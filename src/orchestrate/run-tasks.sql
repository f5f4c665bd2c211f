-- $1 run: its tasks as everybody reads them who does not know the engine, with the extracts that each of them made.
insert into run_task (run_id, task, kind, platform, account_id, state, started_at, finished_at, detail)
select t.run_id, t.task, t.kind, split_part(t.account, '/', 1), nullif(split_part(t.account, '/', 2), '*'), t.state, t.started_at, t.ended_at,
  jsonb_build_object('attempts', t.attempt, 'error', t.error, 'extracts', (
    select jsonb_agg(x.extract_id) from run_extract x where x.run_id = t.run_id and x.task = t.task))
from engine_task t
where t.run_id = $1
on conflict (run_id, task) do update
set state = excluded.state, started_at = excluded.started_at, finished_at = excluded.finished_at, detail = excluded.detail
