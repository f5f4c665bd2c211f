-- $1 ended at or behind it: runs in the order in which they ended, with what they published first and what they found changed since.
select r.run_id, r.ended_at as at, r.partition_key as day, r.state, count(t.*) filter (where t.kind = 'extract')::int as accounts,
  coalesce(sum(x.inserted), 0)::int as rows, coalesce(sum(x.changed), 0)::int as restated
from engine_run r
join engine_task t on t.run_id = r.run_id
left join lateral (
  select sum((p ->> 'inserted')::int) as inserted, sum((p ->> 'updated')::int + (p ->> 'deleted')::int) as changed
  from jsonb_array_elements(t.output -> 'loads') l, jsonb_array_elements(l -> 'partitions') p
) x on t.kind = 'load'
where r.state in ('success', 'partial', 'failed') and r.ended_at >= $1
group by r.run_id
order by r.ended_at, r.run_id
