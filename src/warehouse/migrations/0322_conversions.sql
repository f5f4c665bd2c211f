-- Conversions by action and attribution window, as the platform told them: what another definition of a conversion is computed from.
-- conversions and value are null where the platform did not name the action in that list; a day's rows go and come with its facts.
create table fact_conversion_daily (
  partition_id integer not null,
  entity_id text collate "C" not null,
  action_key text collate "C" not null,
  attribution_window text collate "C" not null default 'default',
  conversions numeric(20, 6),
  value numeric(20, 6),
  primary key (partition_id, entity_id, action_key, attribution_window)
);

-- What counts as a conversion, by platform and, where an account has its own, by account ('' is all of them). Versions are only
-- ever added; the newest is in force.
create table conversion_definition (
  platform text collate "C" not null,
  account_id text collate "C" not null default '',
  version integer not null,
  goal text not null,
  pick text not null check (pick in ('first_of', 'sum')),
  action_types text[] not null,
  attribution_windows text[] not null,
  created_at timestamptz not null,
  primary key (platform, account_id, version)
);

-- Which version a partition's conversions were counted by; null: loaded before there were versions. actions_stored: its actions are
-- in fact_conversion_daily, so that it can be counted again without asking anyone.
alter table partition_state add column definition_version integer;
alter table partition_state add column actions_stored boolean not null default false;

-- What counting anew by another definition changed, a row each partition that changed. It is no restatement: the platform said nothing.
create table conversion_recount (
  recount_id bigint generated always as identity primary key,
  partition_id integer not null,
  definition_version integer not null,
  at timestamptz not null,
  changed integer not null,
  conversions_difference numeric(24, 6) not null,
  value_difference numeric(24, 6) not null
);

create index conversion_recount_partition on conversion_recount (partition_id, at);

-- What people read: conversions by action of each campaign and day.
create view daily_campaign_actions as
select p.date,
       p.platform,
       p.account_id,
       f.currency,
       c.entity_id as campaign_id,
       c.action_key,
       c.attribution_window,
       c.conversions,
       c.value
from partition_state p
join fact_conversion_daily c on c.partition_id = p.partition_id
join fact_ad_daily f on f.partition_id = c.partition_id and f.entity_id = c.entity_id
where p.level = 'campaign' and p.breakdown_key = '';
