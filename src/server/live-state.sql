-- How far the counting is, a row a partition; records that wait are known where the log lies in the warehouse.
select c.topic, c.partition, c.records::text as records, c.duplicates::text as duplicates, c.invalid::text as invalid,
       c.late_dropped::text as late, to_timestamp(c.watermark_ms / 1000.0) as watermark, c.committed_at as "committedAt",
       greatest(0, h.next - c.next)::text as waiting, c.lease_until > now() as running
from stream_cursor c
join stream_live l on l.job_id = c.job_id
left join stream_topic t on t.topic = c.topic
left join stream_head h on h.topic_id = t.topic_id and h.partition = c.partition
order by c.topic, c.partition
