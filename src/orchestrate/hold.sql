-- $1 fence; or $2 run and $3 task whose lease is over at $4 (now).
with found as (
  select t.run_id, t.task
  from engine_task t
  where t.state = 'running' and case when $1::uuid is null then t.run_id = $2::uuid and t.task = $3 else t.fence = $1::uuid end
), locked as materialized (
  select r.run_id, r.state from engine_run r join found f on f.run_id = r.run_id for update of r
)
select t.run_id as "runId", t.task, t.attempt, t.tries, t.tries_max as "triesMax", t.lost, t.retry, t.pool, t.fence,
  t.cancel_at is not null as cancelled, t.sealed, l.state as "runState"
from locked l
join found f on f.run_id = l.run_id
join engine_task t on t.run_id = f.run_id and t.task = f.task
where t.state = 'running'
  and case when $1::uuid is null then t.lease_until < coalesce($4::timestamptz, clock_timestamp()) else t.fence = $1::uuid end
for update of t
