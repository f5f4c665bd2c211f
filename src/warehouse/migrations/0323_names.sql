-- The naming rules by version; the newest is in force. A reading depends on the version, the platform, the level and the name alone, so
-- that a renamed campaign has a reading of each of its names, and an old version's readings stay.
create table naming_version (
  version integer primary key,
  rules jsonb not null,
  created_at timestamptz not null
);

create table name_reading (
  version integer not null references naming_version,
  platform text collate "C" not null,
  level text collate "C" not null,
  name text collate "C" not null,
  outcome text not null check (outcome in ('matched', 'ambiguous', 'violation')),
  rule text not null,
  -- of a matched name
  segments jsonb,
  -- where a violation leaves its rule, and what stands there
  segment text,
  found text,
  primary key (version, platform, level, name)
);

-- The present campaigns with what their names say by the rules in force; outcome is null while nobody has read a name.
create view campaign_names as
select e.platform,
       e.account_id,
       e.entity_id as campaign_id,
       e.name as campaign_name,
       e.status_canonical as campaign_status,
       r.version,
       r.outcome,
       r.rule,
       r.segments,
       r.segment,
       r.found
from dim_entity e
left join name_reading r on r.version = (select max(v.version) from naming_version v) and r.platform = e.platform and r.level = e.level and r.name = e.name
where e.is_current and e.level = 'campaign';
