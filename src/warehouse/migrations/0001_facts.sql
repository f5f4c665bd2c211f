-- The canonical model: who is advertised for (dim_account), what is advertised (dim_entity), what was downloaded (extract),
-- what is published of it (partition_state, fact_ad_daily) and what was changed afterwards (fact_ad_daily_history).
-- Ids are text and compared as bytes (collate "C"): that is what equality of a key means, and several times faster than a language's order.

create table dim_account (
  platform text collate "C" not null,
  account_id text collate "C" not null,
  name text not null,
  currency char(3) not null,
  -- IANA name; the account's days are days in this zone
  timezone text not null,
  valid_from timestamptz not null default '-infinity',
  valid_to timestamptz not null default 'infinity',
  is_current boolean not null default true,
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  primary key (platform, account_id, valid_from),
  check (valid_from < valid_to),
  check (is_current = (valid_to = 'infinity'))
);

create unique index dim_account_current on dim_account (platform, account_id) where is_current;

-- One row for each state an entity was seen in. Platforms tell no history: the moment of looking is valid_from. The first row
-- begins at -infinity, so that a fact of any day finds a name; a row made for an id that nobody described yet is a stub.
create table dim_entity (
  entity_key bigint generated always as identity primary key,
  platform text collate "C" not null,
  account_id text collate "C" not null,
  level text collate "C" not null,
  entity_id text collate "C" not null,
  parent_id text collate "C",
  name text not null,
  status_canonical text not null check (status_canonical in ('active', 'paused', 'removed', 'archived', 'unknown')),
  status_raw text not null,
  objective_raw text not null,
  -- daily budget in the account's currency
  budget numeric(20, 6),
  attr_hash text not null,
  valid_from timestamptz not null default '-infinity',
  valid_to timestamptz not null default 'infinity',
  is_current boolean not null default true,
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  is_stub boolean not null default false,
  unique (platform, account_id, level, entity_id, valid_from),
  check (valid_from < valid_to),
  check (is_current = (valid_to = 'infinity'))
);

create unique index dim_entity_current on dim_entity (platform, account_id, level, entity_id) where is_current;

-- The ledger of downloads; raw_keys names the lake's file of each day, from which the facts can be made again.
create table extract (
  extract_id uuid primary key,
  platform text collate "C" not null,
  account_id text collate "C" not null,
  level text collate "C" not null,
  breakdown_key text collate "C" not null,
  kind text not null check (kind in ('advance', 'refresh', 'repair')),
  since date not null,
  until date not null,
  requested_at timestamptz not null,
  finished_at timestamptz not null,
  rows bigint not null,
  api_version text not null,
  request_ids text[] not null,
  control_totals jsonb,
  map_version integer not null,
  raw_keys jsonb not null,
  loaded_at timestamptz not null
);

create index extract_account on extract (platform, account_id, since);

-- One row a partition. `state`: published, what was loaded last is what readers see; stale, the last load was refused or failed
-- and readers see the one before; failed, nothing was ever published. The problem_… columns say what went wrong last, and are empty when published.
create table partition_state (
  partition_id integer generated always as identity primary key,
  platform text collate "C" not null,
  account_id text collate "C" not null,
  level text collate "C" not null,
  breakdown_key text collate "C" not null,
  date date not null,
  -- the instant at which the day ends in the account's zone; written by the load, so that readers compute no zones a row
  day_end timestamptz,
  state text not null default 'failed' check (state in ('published', 'stale', 'failed')),
  rows integer not null default 0,
  -- how final the platform's numbers were when they were asked for
  completeness text check (completeness in ('provisional', 'settling', 'final')),
  -- the extract that readers see, when it was asked for, when its rows last changed, when it was last found right
  extract_id uuid,
  requested_at timestamptz,
  published_at timestamptz,
  confirmed_at timestamptz,
  problem_extract_id uuid,
  problem_codes text[] not null default '{}',
  problem_message text,
  problem_at timestamptz,
  unique (platform, account_id, level, breakdown_key, date),
  check ((state = 'failed') = (published_at is null)),
  check ((state = 'published') = (problem_at is null))
);

create index partition_state_date on partition_state (date);

-- The facts. The key is the partition's number and the entity: a third of the six-column text key's index, and loads twice as fast;
-- the six columns stay in the row, so that a query needs no join. There is no foreign key: rows are only ever written by the load,
-- under the partition's lock, and a trigger a row would cost as much as the insert.
create table fact_ad_daily (
  partition_id integer not null,
  entity_id text collate "C" not null,
  platform text collate "C" not null,
  account_id text collate "C" not null,
  level text collate "C" not null,
  breakdown_key text collate "C" not null,
  date date not null,
  currency char(3) not null,
  cost numeric(20, 6) not null,
  impressions bigint not null,
  clicks bigint not null,
  link_clicks bigint,
  video_views bigint,
  conversions numeric(20, 6) not null,
  conversion_value numeric(20, 6),
  -- the extract that gave the row its present numbers
  extract_id uuid not null,
  primary key (partition_id, entity_id)
);

-- Every number that changed after its partition had first been published: old and new, by which extract, when.
create table fact_ad_daily_history (
  history_id bigint generated always as identity primary key,
  partition_id integer not null,
  entity_id text collate "C" not null,
  platform text collate "C" not null,
  account_id text collate "C" not null,
  level text collate "C" not null,
  breakdown_key text collate "C" not null,
  date date not null,
  action text not null check (action in ('insert', 'update', 'delete')),
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
  new_conversion_value numeric(20, 6),
  extract_id uuid not null,
  at timestamptz not null
);

create index fact_ad_daily_history_partition on fact_ad_daily_history (partition_id, entity_id);

-- One row each time that readers of a partition began to see other numbers, its first publication included: the versions of a partition.
create table partition_version (
  partition_id integer not null,
  extract_id uuid not null,
  at timestamptz not null,
  rows integer not null,
  inserted integer not null,
  updated integer not null,
  deleted integer not null
);

create index partition_version_partition on partition_version (partition_id, at);
