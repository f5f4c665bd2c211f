-- A fact of an id that no platform has described yet gets a row of its own in dim_entity, so that joins find it: the description comes later.
-- Ids first, then the look: a load of many days names each id once a day.
-- $1 platform, $2 account_id, $3 level, $4 date[], $5 at
with named as materialized (
  select distinct s.entity_id from pg_temp.stage_fact s where s.date = any ($4::date[])
)
insert into dim_entity (platform, account_id, level, entity_id, name, status_canonical, status_raw, objective_raw, attr_hash, first_seen, last_seen, is_stub)
select $1::text, $2::text, $3::text, n.entity_id, n.entity_id, 'unknown', '', '', '', $5::timestamptz, $5::timestamptz, true
from named n
where not exists (select 1 from dim_entity e
                  where e.platform = $1 and e.account_id = $2 and e.level = $3 and e.entity_id = n.entity_id and e.is_current)
on conflict do nothing
