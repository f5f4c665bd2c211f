-- Days all of whose segments, of every topic and partition, lie below what may be trimmed.
select distinct s.append_day as day
from stream_segment s
where s.append_day < $1
  and not exists (
    select 1
    from stream_segment k
    join stream_head h on h.topic_id = k.topic_id and h.partition = k.partition
    where k.append_day = s.append_day and k.base + k.count > h.trim_before
  )
order by day
