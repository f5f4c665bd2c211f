-- Where an entity's ads lead to, as the platform has it, and what a click tells the landing page, with macros expanded.
alter table dim_entity add column url_fields jsonb;
alter table dim_entity add column utm jsonb;

-- The present campaigns whose addresses are known, and whether a click of theirs finds its way back.
create view campaign_utm as
select e.platform,
       e.account_id,
       e.entity_id as campaign_id,
       e.name as campaign_name,
       e.status_canonical as campaign_status,
       (e.utm ->> 'isResolved')::boolean as is_resolved,
       e.utm -> 'parameters' as parameters,
       e.utm -> 'unknown' as unknown_macros,
       e.url_fields
from dim_entity e
where e.is_current and e.level = 'campaign' and e.utm is not null;
