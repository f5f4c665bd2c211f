-- $1 run: every day of every extract that the run made, with what loading it changed and whether it is what readers see now.
select x.task, e.platform, e.account_id as "accountId", d.day as date, d.key as "rawKey", e.extract_id::text as "extractId",
       l.outcome, l.rows, l.inserted, l.updated, l.deleted, p.state, p.fingerprint as hash,
       coalesce(p.extract_id = e.extract_id, false) as "isShown", cardinality(e.request_ids) as requests
from run_extract x
join extract e on e.extract_id = x.extract_id
cross join lateral jsonb_each_text(e.raw_keys) as d (day, key)
left join partition_state p on p.platform = e.platform and p.account_id = e.account_id and p.level = e.level
  and p.breakdown_key = e.breakdown_key and p.date = d.day::date
left join lateral (
  select r.outcome, r.rows, r.inserted, r.updated, r.deleted
  from engine_task t
  cross join lateral jsonb_array_elements(t.output -> 'loads') as n (load)
  cross join lateral jsonb_to_recordset(n.load -> 'partitions') as r (date text, outcome text, rows int, inserted int, updated int, deleted int)
  where t.run_id = x.run_id and t.kind = 'load' and jsonb_typeof(t.output -> 'loads') = 'array'
    and t.account = e.platform || '/' || e.account_id and r.date = d.day
  limit 1
) l on true
where x.run_id = $1
order by e.platform, e.account_id, d.day desc, e.requested_at
limit 20000
