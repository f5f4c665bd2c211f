-- Another description than the present one, seen later: the present row ends here. $1 observations, $2 at
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
update dim_entity e
set valid_to = $2::timestamptz, is_current = false
from seen s
where e.is_current and e.platform = s.platform and e.account_id = s.account_id and e.level = s.level and e.entity_id = s.entity_id
  and e.attr_hash <> s.attr_hash and e.valid_from < $2::timestamptz and e.last_seen <= $2::timestamptz
