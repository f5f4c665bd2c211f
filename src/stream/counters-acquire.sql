-- A partition that is free, expired, or ours. The epoch rises when the owner changes, so that what the former owner still sends is refused.
update stream_cursor c
set owner = $4,
    epoch = case when c.owner = $4 and c.lease_until > now() then c.epoch else c.epoch + 1 end,
    lease_until = now() + $5::double precision * interval '1 millisecond'
from stream_job j
where j.job = $1 and c.job_id = j.job_id and c.topic = $2 and c.partition = $3
  and (c.owner is null or c.owner = $4 or c.lease_until <= now())
returning c.next, c.epoch, c.watermark_ms, c.dedupe_floor
