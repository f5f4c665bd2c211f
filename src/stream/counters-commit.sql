-- The whole effect of a range of the log, or nothing: every part hangs on the cursor having been where we think it is.
with job as materialized (
  select job_id from stream_job where job = $1
),
cursor as materialized (
  update stream_cursor c
  set next = $7, watermark_ms = $8, dedupe_floor = $9, committed_at = now(),
      lease_until = now() + $10::double precision * interval '1 millisecond',
      records = c.records + $11, duplicates = c.duplicates + $12, invalid = c.invalid + $13,
      late_dropped = c.late_dropped + $14, skewed = c.skewed + $15, uncounted = c.uncounted + $16
  from job j
  where c.job_id = j.job_id and c.topic = $2 and c.partition = $3 and c.owner = $4 and c.epoch = $5 and c.next = $6
  returning c.job_id
),
-- Conversions that this store has not counted yet; the others change nothing.
fresh as (
  insert into stream_conversion (job_id, id, utc_day, series_id, minute, day, age, revenue_micros, cost_micros, ivt)
  select k.job_id, x.id, x.utc_day, x.series_id, x.minute, x.day, x.age, x.revenue_micros, x.cost_micros, x.ivt
  from cursor k,
       unnest($17::uuid[], $18::int[], $19::int[], $20::int[], $21::int[], $22::smallint[], $23::bigint[], $24::bigint[], $25::boolean[])
         as x (id, utc_day, series_id, minute, day, age, revenue_micros, cost_micros, ivt)
  on conflict do nothing
  returning series_id, minute, day, age, revenue_micros, cost_micros, ivt::int as ivt
),
minutes as (
  insert into rt_minute as t (job_id, series_id, minute, impressions, clicks, conversions, revenue_micros, cost_micros, ivt_impressions, ivt_clicks, ivt_conversions)
  select k.job_id, x.series_id, x.bucket, sum(x.impressions), sum(x.clicks), sum(x.conversions), sum(x.revenue), sum(x.cost), sum(x.ivt_i), sum(x.ivt_c), sum(x.ivt_v)
  from cursor k, (
    select series_id, bucket, coalesce(impressions, 0) as impressions, coalesce(clicks, 0) as clicks, 0 as conversions, 0 as revenue,
           coalesce(cost, 0) as cost, coalesce(ivt_i, 0) as ivt_i, coalesce(ivt_c, 0) as ivt_c, 0 as ivt_v
    from unnest($26::int[], $27::int[], $28::bigint[], $29::bigint[], $30::bigint[], $31::bigint[], $32::bigint[])
      as d (series_id, bucket, impressions, clicks, cost, ivt_i, ivt_c)
    union all
    select series_id, minute, 0, 0, 1, revenue_micros, cost_micros, 0, 0, ivt from fresh where age = 0
  ) x
  group by 1, 2, 3
  order by 1, 2, 3
  on conflict (job_id, series_id, minute) do update
  set impressions = t.impressions + excluded.impressions, clicks = t.clicks + excluded.clicks,
      conversions = t.conversions + excluded.conversions, revenue_micros = t.revenue_micros + excluded.revenue_micros,
      cost_micros = t.cost_micros + excluded.cost_micros, ivt_impressions = t.ivt_impressions + excluded.ivt_impressions,
      ivt_clicks = t.ivt_clicks + excluded.ivt_clicks, ivt_conversions = t.ivt_conversions + excluded.ivt_conversions
),
hours as (
  insert into rt_hour as t (job_id, series_id, hour, impressions, clicks, conversions, revenue_micros, cost_micros, ivt_impressions, ivt_clicks, ivt_conversions)
  select k.job_id, x.series_id, x.bucket, sum(x.impressions), sum(x.clicks), sum(x.conversions), sum(x.revenue), sum(x.cost), sum(x.ivt_i), sum(x.ivt_c), sum(x.ivt_v)
  from cursor k, (
    select series_id, bucket, coalesce(impressions, 0) as impressions, coalesce(clicks, 0) as clicks, 0 as conversions, 0 as revenue,
           coalesce(cost, 0) as cost, coalesce(ivt_i, 0) as ivt_i, coalesce(ivt_c, 0) as ivt_c, 0 as ivt_v
    from unnest($33::int[], $34::int[], $35::bigint[], $36::bigint[], $37::bigint[], $38::bigint[], $39::bigint[])
      as d (series_id, bucket, impressions, clicks, cost, ivt_i, ivt_c)
    union all
    select series_id, minute / 60, 0, 0, 1, revenue_micros, cost_micros, 0, 0, ivt from fresh where age <= 1
  ) x
  group by 1, 2, 3
  order by 1, 2, 3
  on conflict (job_id, series_id, hour) do update
  set impressions = t.impressions + excluded.impressions, clicks = t.clicks + excluded.clicks,
      conversions = t.conversions + excluded.conversions, revenue_micros = t.revenue_micros + excluded.revenue_micros,
      cost_micros = t.cost_micros + excluded.cost_micros, ivt_impressions = t.ivt_impressions + excluded.ivt_impressions,
      ivt_clicks = t.ivt_clicks + excluded.ivt_clicks, ivt_conversions = t.ivt_conversions + excluded.ivt_conversions
),
days as (
  insert into rt_day as t (job_id, series_id, day, impressions, clicks, conversions, revenue_micros, cost_micros, ivt_impressions, ivt_clicks, ivt_conversions)
  select k.job_id, x.series_id, x.bucket, sum(x.impressions), sum(x.clicks), sum(x.conversions), sum(x.revenue), sum(x.cost), sum(x.ivt_i), sum(x.ivt_c), sum(x.ivt_v)
  from cursor k, (
    select series_id, bucket, coalesce(impressions, 0) as impressions, coalesce(clicks, 0) as clicks, 0 as conversions, 0 as revenue,
           coalesce(cost, 0) as cost, coalesce(ivt_i, 0) as ivt_i, coalesce(ivt_c, 0) as ivt_c, 0 as ivt_v
    from unnest($40::int[], $41::int[], $42::bigint[], $43::bigint[], $44::bigint[], $45::bigint[], $46::bigint[])
      as d (series_id, bucket, impressions, clicks, cost, ivt_i, ivt_c)
    union all
    select series_id, day, 0, 0, 1, revenue_micros, cost_micros, 0, 0, ivt from fresh
  ) x
  group by 1, 2, 3
  order by 1, 2, 3
  on conflict (job_id, series_id, day) do update
  set impressions = t.impressions + excluded.impressions, clicks = t.clicks + excluded.clicks,
      conversions = t.conversions + excluded.conversions, revenue_micros = t.revenue_micros + excluded.revenue_micros,
      cost_micros = t.cost_micros + excluded.cost_micros, ivt_impressions = t.ivt_impressions + excluded.ivt_impressions,
      ivt_clicks = t.ivt_clicks + excluded.ivt_clicks, ivt_conversions = t.ivt_conversions + excluded.ivt_conversions
),
dead as (
  insert into dead_letter (job_id, topic, partition, record_offset, place, reason, raw)
  select k.job_id, $2, $3, x.record_offset, x.place, x.reason, x.raw
  from cursor k, unnest($47::bigint[], $48::int[], $49::text[], $50::bytea[]) as x (record_offset, place, reason, raw)
  on conflict do nothing
)
select count(*)::int as moved from cursor
