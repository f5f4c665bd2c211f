-- The newest finding of each day and kind, of the last seven days that have one.
select distinct on (r.day, r.kind) r.day::text as day, r.kind, r.outcome, r.campaigns, r.differing, r.detail, r.at
from stream_reconciliation r
where r.day > $1::date - 7
order by r.day desc, r.kind, r.at desc
