-- $1 from (an instant): minutes that each run spent in its stages, from the first begin to the last end of each. Runs of the
-- foreground have no tasks; their downloads and loads are in the ledger of extracts.
select t.started_at + t.clock_shift as at, t.run_id::text as "runId",
       extract(epoch from max(k.ended_at) filter (where k.kind = 'extract') - min(k.started_at) filter (where k.kind = 'extract'))::float8 / 60 as extraction,
       extract(epoch from max(k.ended_at) filter (where k.kind = 'dbt') - min(k.started_at) filter (where k.kind = 'dbt'))::float8 / 60 as transformation,
       extract(epoch from max(k.ended_at) filter (where k.kind = 'load') - min(k.started_at) filter (where k.kind = 'load'))::float8 / 60 as loading
from engine_run t
join engine_task k on k.run_id = t.run_id
where t.started_at + t.clock_shift >= $1::timestamptz and t.ended_at is not null
group by t.run_id, t.started_at, t.clock_shift
union all
select p.started_at, p.run_id::text,
       extract(epoch from max(x.finished_at) - min(x.requested_at))::float8 / 60,
       null,
       extract(epoch from max(x.loaded_at) - min(x.finished_at))::float8 / 60
from pipeline_run p
left join extract x on x.requested_at >= p.started_at and x.requested_at <= p.finished_at
where p.started_at >= $1::timestamptz and p.finished_at is not null
  and not exists (select from engine_run e where e.run_id = p.run_id)
group by p.run_id, p.started_at
order by at
