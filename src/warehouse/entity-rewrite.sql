-- Histories as they were made anew; the old rows are gone. $1 [{…observation, validFrom, validTo, seenAt[]}]; null ends are infinite
insert into dim_entity (platform, account_id, level, entity_id, parent_id, name, status_canonical, status_raw, objective_raw, budget, attr_hash,
                        valid_from, valid_to, is_current, first_seen, last_seen, seen_at, url_fields, utm)
select o.platform, o."accountId", o.level, o."entityId", o."parentId", o.name, o.status, o."statusRaw", o."objectiveRaw", o."dailyBudget",
       md5((jsonb_build_array(o."parentId", o.name, o.status, o."statusRaw", o."objectiveRaw", trim_scale(o."dailyBudget"))
            || case when o.urls is null then '[]' else jsonb_build_array(o.urls) end)::text),
       coalesce(o."validFrom", '-infinity'), coalesce(o."validTo", 'infinity'), o."validTo" is null,
       (select min(s.at::timestamptz) from jsonb_array_elements_text(o."seenAt") as s (at)),
       (select max(s.at::timestamptz) from jsonb_array_elements_text(o."seenAt") as s (at)),
       array(select s.at::timestamptz from jsonb_array_elements_text(o."seenAt") as s (at) order by 1), o.urls, o.utm
from jsonb_to_recordset($1::jsonb) as o (platform text, "accountId" text, level text, "entityId" text, "parentId" text, name text,
     status text, "statusRaw" text, "objectiveRaw" text, "dailyBudget" numeric(20, 6), "validFrom" timestamptz, "validTo" timestamptz, "seenAt" jsonb,
     urls jsonb, utm jsonb)
