-- Entities of which a younger look than this one is known: their history is made anew. $1 observations, $2 at
select e.platform, e.account_id as "accountId", e.level, e.entity_id as "entityId", e.parent_id as "parentId", e.name,
       e.status_canonical as status, e.status_raw as "statusRaw", e.objective_raw as "objectiveRaw", trim_scale(e.budget)::text as "dailyBudget", e.url_fields as urls,
       array(select (extract(epoch from s.at) * 1000)::bigint::text from unnest(e.seen_at) as s (at)) as "seenAtMs"
from dim_entity e
join (
  select o.platform, o."accountId" as account_id, o.level, o."entityId" as entity_id
  from jsonb_to_recordset($1::jsonb) as o (platform text, "accountId" text, level text, "entityId" text)
) k on k.platform = e.platform and k.account_id = e.account_id and k.level = e.level and k.entity_id = e.entity_id
where not e.is_stub
  and exists (select 1 from dim_entity c where c.platform = e.platform and c.account_id = e.account_id and c.level = e.level
                and c.entity_id = e.entity_id and c.is_current and not c.is_stub and c.last_seen > $2::timestamptz)
