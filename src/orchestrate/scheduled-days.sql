-- $1 days of each pipeline, newest first.
select d.pipeline, d.day::text as day, d.state, d.due_at as due, a.accounts, a.missing, p.paused
from ledger_pipeline p
cross join lateral (
  select x.pipeline, x.day, x.state, x.due_at from ledger_day x where x.pipeline = p.pipeline order by x.day desc limit $1
) d
cross join lateral (
  select count(*)::int as accounts, count(*) filter (where l.state <> 'ok')::int as missing
  from ledger_account l where l.pipeline = d.pipeline and l.day = d.day
) a
order by d.pipeline, d.day desc
