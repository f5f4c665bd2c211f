-- $1 now: days that are owed and have no run. A day with accounts is owed when the first of them has closed and settled.
select d.pipeline, p.catchup, d.day, extract(epoch from coalesce(a.due_at, d.due_at))::float8 * 1000 as due_ms
from ledger_day d
join ledger_pipeline p on p.pipeline = d.pipeline
join engine_pipeline e on e.pipeline = d.pipeline
cross join lateral (
  select min(l.due_at) as due_at from ledger_account l
  where l.pipeline = d.pipeline and l.day = d.day and l.state not in ('skipped', 'excluded')
) a
where d.state in ('due', 'late') and not p.paused and d.run_id is null and (a.due_at is null or a.due_at <= $1)
order by d.pipeline, d.day
