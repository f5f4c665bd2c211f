-- The embedded event log: one row a segment of some hundred events, compressed. Offsets are dense within a partition because the head's
-- row is locked from the moment an append takes its offsets until its commit: no reader can pass an offset that commits later.
create table stream_topic (
  topic_id integer generated always as identity primary key,
  topic text collate "C" not null unique,
  partitions integer not null check (partitions between 1 and 1024),
  created_at timestamptz not null default now()
);

create table stream_head (
  topic_id integer not null references stream_topic on delete cascade,
  partition integer not null,
  -- where the next record goes
  next bigint not null default 0,
  -- append time of the last segment, milliseconds since 1970; never falls
  append_ms bigint not null default 0,
  -- records below may be dropped with their day
  trim_before bigint not null default 0,
  primary key (topic_id, partition)
) with (fillfactor = 50);

create table stream_segment (
  topic_id integer not null,
  partition integer not null,
  base bigint not null,
  -- days since 1970 of append_ms, UTC: what retention drops
  append_day integer not null,
  append_ms bigint not null,
  count integer not null check (count > 0),
  -- 0 plain, 1 zstd
  codec smallint not null,
  -- CRC-32 of the payload
  crc integer not null,
  -- bytes when decompressed
  size integer not null,
  payload bytea not null,
  primary key (topic_id, partition, base, append_day)
) partition by range (append_day);

-- Already compressed; trying again would cost and win nothing.
alter table stream_segment alter payload set storage external;

-- Live counters. Each job counts apart, so that a replay fills shadow counters beside the live ones; stream_live names the job that readers see.
create table stream_job (
  job_id smallint generated always as identity primary key,
  job text collate "C" not null unique,
  created_at timestamptz not null default now()
);

-- Jobs whose cursors were made once, in whatever store: a cursor that is missing afterwards was lost.
create table stream_begun (
  job text collate "C" not null,
  topic text collate "C" not null,
  begun_at timestamptz not null default now(),
  primary key (job, topic)
);

-- Workers that are there; the partitions are shared among them.
create table stream_worker (
  job text collate "C" not null,
  owner text collate "C" not null,
  seen_at timestamptz not null,
  primary key (job, owner)
);

create table stream_live (
  one boolean primary key default true check (one),
  job_id smallint not null references stream_job
);

create table stream_cursor (
  job_id smallint not null references stream_job on delete cascade,
  topic text collate "C" not null,
  partition integer not null,
  next bigint not null,
  epoch bigint not null default 0,
  owner text,
  lease_until timestamptz,
  watermark_ms bigint,
  -- the dedupe window is filled from here before next is read
  dedupe_floor bigint not null,
  committed_at timestamptz,
  records bigint not null default 0,
  duplicates bigint not null default 0,
  invalid bigint not null default 0,
  late_dropped bigint not null default 0,
  skewed bigint not null default 0,
  uncounted bigint not null default 0,
  primary key (job_id, topic, partition)
) with (fillfactor = 50);

-- What is counted apart. The zone is the account's at first sight and stays, so that a replay finds the same buckets.
create table stream_series (
  series_id integer generated always as identity primary key,
  platform text collate "C" not null,
  account_id text collate "C" not null,
  campaign_id text collate "C" not null,
  -- of the money; empty: the account's own
  currency text collate "C" not null,
  timezone text not null,
  first_seen timestamptz not null default now(),
  unique (campaign_id, platform, account_id, currency)
);

create table rt_minute (
  job_id smallint not null,
  series_id integer not null,
  -- minutes since 1970, UTC
  minute integer not null,
  impressions bigint not null,
  clicks bigint not null,
  conversions bigint not null,
  revenue_micros bigint not null,
  cost_micros bigint not null,
  ivt_impressions bigint not null,
  ivt_clicks bigint not null,
  ivt_conversions bigint not null,
  primary key (job_id, series_id, minute)
) partition by range (minute);

create table rt_hour (
  job_id smallint not null,
  series_id integer not null,
  -- hours since 1970, UTC
  hour integer not null,
  impressions bigint not null,
  clicks bigint not null,
  conversions bigint not null,
  revenue_micros bigint not null,
  cost_micros bigint not null,
  ivt_impressions bigint not null,
  ivt_clicks bigint not null,
  ivt_conversions bigint not null,
  primary key (job_id, series_id, hour)
) with (fillfactor = 70);

create table rt_day (
  job_id smallint not null,
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
  primary key (job_id, series_id, day)
) with (fillfactor = 70);

-- Conversions are money: each counts once for as long as its identity is here. age: which grains its buckets were kept in.
create table stream_conversion (
  job_id smallint not null,
  id uuid not null,
  utc_day integer not null,
  series_id integer not null,
  minute integer not null,
  day integer not null,
  age smallint not null,
  revenue_micros bigint not null,
  cost_micros bigint not null,
  ivt boolean not null,
  primary key (job_id, id, utc_day)
) partition by range (utc_day);

-- What could not be counted, whole, in the commit that passed it.
create table dead_letter (
  job_id smallint not null,
  topic text collate "C" not null,
  partition integer not null,
  record_offset bigint not null,
  place integer not null,
  reason text not null,
  raw bytea not null,
  at timestamptz not null default now(),
  retried_at timestamptz,
  primary key (job_id, topic, partition, record_offset, place)
);

create index dead_letter_at on dead_letter (at);

-- What people read: the live job's counters with the campaigns' names for keys, money in units, ratios by nullif.
create view campaign_minute as
select to_timestamp(c.minute * 60.0) as minute, s.platform, s.account_id, s.campaign_id, s.currency,
       c.impressions, c.clicks, c.conversions, c.revenue_micros / 1000000.0 as revenue, c.cost_micros / 1000000.0 as cost,
       c.ivt_impressions, c.ivt_clicks, c.ivt_conversions,
       c.clicks::numeric / nullif(c.impressions, 0) as ctr, c.revenue_micros::numeric / nullif(c.cost_micros, 0) as roas
from rt_minute c
join stream_live l on l.job_id = c.job_id
join stream_series s on s.series_id = c.series_id;

create view campaign_hour as
select to_timestamp(c.hour * 3600.0) as hour, s.platform, s.account_id, s.campaign_id, s.currency,
       c.impressions, c.clicks, c.conversions, c.revenue_micros / 1000000.0 as revenue, c.cost_micros / 1000000.0 as cost,
       c.ivt_impressions, c.ivt_clicks, c.ivt_conversions,
       c.clicks::numeric / nullif(c.impressions, 0) as ctr, c.revenue_micros::numeric / nullif(c.cost_micros, 0) as roas
from rt_hour c
join stream_live l on l.job_id = c.job_id
join stream_series s on s.series_id = c.series_id;

create view campaign_day as
select date '1970-01-01' + c.day as date, s.timezone, s.platform, s.account_id, s.campaign_id, s.currency,
       c.impressions, c.clicks, c.conversions, c.revenue_micros / 1000000.0 as revenue, c.cost_micros / 1000000.0 as cost,
       c.ivt_impressions, c.ivt_clicks, c.ivt_conversions,
       c.clicks::numeric / nullif(c.impressions, 0) as ctr, c.revenue_micros::numeric / nullif(c.cost_micros, 0) as roas
from rt_day c
join stream_live l on l.job_id = c.job_id
join stream_series s on s.series_id = c.series_id;
