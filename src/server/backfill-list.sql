-- Every backfill with how far it is, newest first.
select b.backfill_id::text as "backfillId", b.pipeline, b.since::text, b.until::text, b.reprocess,
  case when b.state = 'running' and r.open = 0 then 'done' else b.state end as state, b.created_at as "createdAt", r.done, r.failed, r.open
from engine_backfill b
cross join lateral (
  select count(*) filter (where x.state = 'success')::int as done,
    count(*) filter (where x.state in ('failed', 'partial', 'cancelled'))::int as failed,
    count(*) filter (where x.state in ('queued', 'running', 'cancelling'))::int as open
  from engine_run x where x.backfill_id = b.backfill_id
) r
order by b.created_at desc
limit 50
