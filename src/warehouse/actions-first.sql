-- Actions of days that had none before. $1 partition_id[], $2 date[]
insert into fact_conversion_daily (partition_id, entity_id, action_key, attribution_window, conversions, value)
select d.partition_id, s.entity_id, a.action ->> 0, a.action ->> 1, (a.action ->> 2)::numeric, (a.action ->> 3)::numeric
from pg_temp.stage_fact s
join unnest($1::integer[], $2::date[]) as d (partition_id, date) on d.date = s.date
cross join lateral jsonb_array_elements(s.actions::jsonb) as a (action)
where s.actions is not null
on conflict (partition_id, entity_id, action_key, attribution_window) do update
set conversions = excluded.conversions, value = excluded.value
where fact_conversion_daily.conversions is distinct from excluded.conversions or fact_conversion_daily.value is distinct from excluded.value
