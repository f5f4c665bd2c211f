-- $1 the grid's runs in their order: the state and the time of every task in each, one row a task.
select t.task, min(t.kind) as kind, min(t.account) as account,
       array_agg(r.place::int - 1 order by r.place) as runs,
       array_agg(t.state order by r.place) as states,
       array_agg(extract(epoch from t.ended_at - t.started_at)::float8 order by r.place) as seconds
from unnest($1::uuid[]) with ordinality as r (run_id, place)
join engine_task t on t.run_id = r.run_id
group by t.task
order by min(coalesce(array_length(t.after, 1), 0)), t.task
