-- Raw events in the lake, exactly once: a file exists when it is listed here, and it is listed in the commit that moves the cursor over it.
create table land_cursor (
  topic text collate "C" not null,
  partition integer not null,
  next bigint not null,
  epoch bigint not null default 0,
  lease_until timestamptz,
  primary key (topic, partition)
);

create table lake_event_file (
  file_id bigint generated always as identity primary key,
  topic text collate "C" not null,
  partition integer not null,
  -- records [first_offset, next_offset) of the log; there are none of the topic between a partition's files
  first_offset bigint not null,
  next_offset bigint not null check (next_offset > first_offset),
  key text collate "C" not null unique,
  rows bigint not null,
  bytes bigint not null,
  sha256 text not null,
  -- append time of the first and of the last record, milliseconds since 1970
  append_ms_min bigint not null,
  append_ms_max bigint not null,
  -- counted time of the events in it; null where no record is an event
  event_ms_min bigint,
  event_ms_max bigint,
  landed_at timestamptz not null,
  -- a compaction wrote its rows elsewhere; readers of before may still hold it
  replaced_at timestamptz
);

create unique index lake_event_file_range on lake_event_file (topic, partition, first_offset) where replaced_at is null;

-- What a recount of the lake found the counters to be off by, signed; the views of days add it. One row a finding, never changed.
create table stream_adjustment (
  adjustment_id bigint generated always as identity primary key,
  job_id smallint not null references stream_job on delete cascade,
  series_id integer not null,
  -- days since 1970 of the civil day in the series' zone
  day integer not null,
  impressions bigint not null,
  clicks bigint not null,
  conversions bigint not null,
  revenue_micros bigint not null,
  cost_micros bigint not null,
  ivt_impressions bigint not null,
  ivt_clicks bigint not null,
  ivt_conversions bigint not null,
  reason text not null check (reason in ('duplicate')),
  found_at timestamptz not null
);

create index stream_adjustment_day on stream_adjustment (job_id, series_id, day);

-- What every reconciliation came to, a row a day and kind: what people and the quality room read.
create table stream_reconciliation (
  reconciliation_id bigint generated always as identity primary key,
  topic text collate "C" not null,
  kind text not null check (kind in ('lake', 'platform')),
  day date not null,
  outcome text not null check (outcome in ('equal', 'adjusted', 'within', 'outside', 'not_measured')),
  campaigns integer not null,
  differing integer not null,
  detail text not null,
  at timestamptz not null
);

create index stream_reconciliation_day on stream_reconciliation (topic, kind, day, at);

create or replace view campaign_day as
select date '1970-01-01' + c.day as date, s.timezone, s.platform, s.account_id, s.campaign_id, s.currency,
       c.impressions + coalesce(a.impressions, 0)::bigint as impressions, c.clicks + coalesce(a.clicks, 0)::bigint as clicks,
       c.conversions + coalesce(a.conversions, 0)::bigint as conversions,
       (c.revenue_micros + coalesce(a.revenue_micros, 0)::bigint) / 1000000.0 as revenue,
       (c.cost_micros + coalesce(a.cost_micros, 0)::bigint) / 1000000.0 as cost,
       c.ivt_impressions + coalesce(a.ivt_impressions, 0)::bigint as ivt_impressions,
       c.ivt_clicks + coalesce(a.ivt_clicks, 0)::bigint as ivt_clicks,
       c.ivt_conversions + coalesce(a.ivt_conversions, 0)::bigint as ivt_conversions,
       (c.clicks + coalesce(a.clicks, 0)) / nullif(c.impressions + coalesce(a.impressions, 0), 0)::numeric as ctr,
       (c.revenue_micros + coalesce(a.revenue_micros, 0)) / nullif(c.cost_micros + coalesce(a.cost_micros, 0), 0)::numeric as roas
from rt_day c
join stream_live l on l.job_id = c.job_id
join stream_series s on s.series_id = c.series_id
left join lateral (
  select sum(x.impressions) as impressions, sum(x.clicks) as clicks, sum(x.conversions) as conversions,
         sum(x.revenue_micros) as revenue_micros, sum(x.cost_micros) as cost_micros, sum(x.ivt_impressions) as ivt_impressions,
         sum(x.ivt_clicks) as ivt_clicks, sum(x.ivt_conversions) as ivt_conversions
  from stream_adjustment x
  where x.job_id = c.job_id and x.series_id = c.series_id and x.day = c.day
) a on true;
