-- Hashes and sorts of a few hundred thousand staged rows stay in memory, in the audit, too.
set local work_mem = '64MB';

-- Two tables that only this session sees. They are made once a connection and emptied at each commit: making and dropping
-- them for every load would cost more than a small load itself.
create temporary table if not exists stage_fact (
  entity_id text collate "C" not null,
  date date not null,
  currency char(3) not null,
  cost numeric(20, 6) not null,
  impressions bigint not null,
  clicks bigint not null,
  link_clicks bigint,
  video_views bigint,
  conversions numeric(20, 6) not null,
  conversion_value numeric(20, 6),
  -- [[action, window, conversions, value], …]; null where the platform tells no actions
  actions text
) on commit delete rows;

create temporary table if not exists stage_change (
  partition_id integer not null,
  entity_id text collate "C" not null,
  date date not null,
  action text not null,
  -- where the published row lies; it cannot move while this session holds the partition's lock
  row_at tid,
  old_currency char(3),
  new_currency char(3),
  old_cost numeric(20, 6),
  new_cost numeric(20, 6),
  old_impressions bigint,
  new_impressions bigint,
  old_clicks bigint,
  new_clicks bigint,
  old_link_clicks bigint,
  new_link_clicks bigint,
  old_video_views bigint,
  new_video_views bigint,
  old_conversions numeric(20, 6),
  new_conversions numeric(20, 6),
  old_conversion_value numeric(20, 6),
  new_conversion_value numeric(20, 6)
) on commit delete rows;
