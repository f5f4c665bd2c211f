-- Seen again as it was; or a stub, or a second look at the same instant, whose description is filled in place. $1 observations, $2 at
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
set parent_id = s.parent_id, name = s.name, status_canonical = s.status, status_raw = s.status_raw, objective_raw = s.objective_raw,
    budget = s.budget, url_fields = s.urls, utm = s.utm, attr_hash = s.attr_hash, is_stub = false,
    seen_at = case
      when e.is_stub then array[$2::timestamptz]
      when e.seen_at @> array[$2::timestamptz] then e.seen_at
      when cardinality(e.seen_at) >= 400 then e.seen_at[1:1] || e.seen_at[202:] || $2::timestamptz
      else e.seen_at || $2::timestamptz
    end,
    -- nobody has ever looked at a stub: it was made from a fact
    first_seen = case when e.is_stub then $2::timestamptz else e.first_seen end,
    last_seen = case when e.is_stub then $2::timestamptz else greatest(e.last_seen, $2::timestamptz) end
from seen s
where e.is_current and e.platform = s.platform and e.account_id = s.account_id and e.level = s.level and e.entity_id = s.entity_id
  and (e.is_stub or e.valid_from = $2::timestamptz or (e.attr_hash = s.attr_hash and e.last_seen < $2::timestamptz))
