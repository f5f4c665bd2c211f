-- $1 now: tasks whose worker has not been heard of in time. The runs' rows are locked first, as everything that ends a task does.
select t.run_id as "runId", t.task, t.attempt, t.worker
from engine_task t
where t.state = 'running' and t.lease_until < coalesce($1::timestamptz, clock_timestamp())
order by t.run_id, t.task
limit 500
