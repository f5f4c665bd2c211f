-- Whoever has no present row gets one: from the moment of looking when an earlier row was just closed, from -infinity when it is the first. $1 observations, $2 at
with seen as (
  select o.platform, o."accountId" as account_id, o.level, o."entityId" as entity_id, o."parentId" as parent_id, o.name, o.status,
         o."statusRaw" as status_raw, o."objectiveRaw" as objective_raw, o."dailyBudget" as budget,
         o.urls, o.utm,
         -- an entity whose addresses nobody told has the hash that it had before they were asked for
         md5((jsonb_build_array(o."parentId", o.name, o.status, o."statusRaw", o."objectiveRaw", trim_scale(o."dailyBudget"))
              || case when o.urls is null then '[]' else jsonb_build_array(o.urls) end)::text) as attr_hash
  from jsonb_to_recordset($1::jsonb) as o (platform text, "accountId" text, level text, "entityId" text, "parentId" text, name text,
       status text, "statusRaw" text, "objectiveRaw" text, "dailyBudget" numeric(20, 6), urls jsonb, utm jsonb)
)
insert into dim_entity (platform, account_id, level, entity_id, parent_id, name, status_canonical, status_raw, objective_raw, budget, attr_hash,
                        valid_from, first_seen, last_seen, seen_at, url_fields, utm)
select s.platform, s.account_id, s.level, s.entity_id, s.parent_id, s.name, s.status, s.status_raw, s.objective_raw, s.budget, s.attr_hash,
       coalesce((select max(c.valid_to) from dim_entity c
                 where c.platform = s.platform and c.account_id = s.account_id and c.level = s.level and c.entity_id = s.entity_id), '-infinity'),
       $2::timestamptz, $2::timestamptz, array[$2::timestamptz], s.urls, s.utm
from seen s
where not exists (select 1 from dim_entity e
                  where e.is_current and e.platform = s.platform and e.account_id = s.account_id and e.level = s.level and e.entity_id = s.entity_id)
