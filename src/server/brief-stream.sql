-- $1 now: events of the last hour, and records that are in the log and not yet counted.
select coalesce((select sum(m.impressions + m.clicks + m.conversions)::int from rt_minute m join stream_live l on l.job_id = m.job_id
                 where m.minute > floor(extract(epoch from $1::timestamptz) / 60) - 60), 0) as events,
       (select to_timestamp(max(m.minute) * 60.0) from rt_minute m join stream_live l on l.job_id = m.job_id) as "lastAt",
       coalesce((select sum(greatest(0, h.next - c.next))::int from stream_cursor c join stream_live l on l.job_id = c.job_id
                 join stream_topic t on t.topic = c.topic join stream_head h on h.topic_id = t.topic_id and h.partition = c.partition), 0) as waiting,
       exists (select from stream_live) as live
