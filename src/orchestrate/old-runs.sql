-- $1 instant: runs that ended before it and of whose partition there is a newer one.
select r.run_id
from engine_run r
where r.ended_at < $1 and r.state in ('success', 'partial', 'failed', 'cancelled')
  and exists (
    select from engine_run n
    where n.pipeline = r.pipeline and n.partition_key = r.partition_key and n.generation > r.generation)
