-- Actions that the platform does not tell any more. $1 partition_id[], $2 date[]
with told as materialized (
  select d.partition_id, s.entity_id, a.action ->> 0 as action_key, a.action ->> 1 as attribution_window
  from pg_temp.stage_fact s
  join unnest($1::integer[], $2::date[]) as d (partition_id, date) on d.date = s.date
  cross join lateral jsonb_array_elements(s.actions::jsonb) as a (action)
  where s.actions is not null
)
delete from fact_conversion_daily c
where c.partition_id = any ($1::integer[])
  and not exists (select 1 from told t where t.partition_id = c.partition_id and t.entity_id = c.entity_id
                    and t.action_key = c.action_key and t.attribution_window = c.attribution_window)
