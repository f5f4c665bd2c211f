-- One segment: the head's row stays locked until this statement's commit, so offsets become visible in their order.
with head as (
  update stream_head
  set next = next + $3::integer, append_ms = greatest(append_ms, $4::bigint)
  where topic_id = $1 and partition = $2
  returning next - $3::integer as base, append_ms
)
insert into stream_segment (topic_id, partition, base, append_day, append_ms, count, codec, crc, payload, size)
select $1, $2, base, append_ms / 86400000, append_ms, $3, $5, $6, $7, $8
from head
returning base
