-- What differs between the published partitions and their staged rows, both ways, and how many of each kind a day: $1 partition_id[], $2 date[]
with differing as (
  insert into pg_temp.stage_change (partition_id, entity_id, date, action, row_at, old_currency, new_currency, old_cost, new_cost,
    old_impressions, new_impressions, old_clicks, new_clicks, old_link_clicks, new_link_clicks, old_video_views, new_video_views,
    old_conversions, new_conversions, old_conversion_value, new_conversion_value)
  select coalesce(t.partition_id, ($1::integer[])[array_position($2::date[], s.date)]), coalesce(s.entity_id, t.entity_id), coalesce(s.date, t.date),
         case when t.entity_id is null then 'insert' when s.entity_id is null then 'delete' else 'update' end, t.row_at,
         t.currency, s.currency, t.cost, s.cost, t.impressions, s.impressions, t.clicks, s.clicks,
         t.link_clicks, s.link_clicks, t.video_views, s.video_views,
         t.conversions, s.conversions, t.conversion_value, s.conversion_value
  from (
    select f.ctid as row_at, f.partition_id, f.entity_id, f.date, f.currency, f.cost, f.impressions, f.clicks, f.link_clicks,
           f.video_views, f.conversions, f.conversion_value
    from fact_ad_daily f
    where f.partition_id = any ($1::integer[])
  ) t
  full join (
    select g.entity_id, g.date, g.currency, g.cost, g.impressions, g.clicks, g.link_clicks,
           g.video_views, g.conversions, g.conversion_value
    from pg_temp.stage_fact g
    where g.date = any ($2::date[])
  ) s on s.entity_id = t.entity_id and s.date = t.date
  where t.entity_id is null or s.entity_id is null
     or t.cost <> s.cost or t.impressions <> s.impressions or t.clicks <> s.clicks or t.conversions <> s.conversions
     or t.conversion_value is distinct from s.conversion_value or t.link_clicks is distinct from s.link_clicks
     or t.video_views is distinct from s.video_views or t.currency <> s.currency
  returning date, action
)
select date, count(*) filter (where action = 'insert')::int as inserted, count(*) filter (where action = 'update')::int as updated,
       count(*) filter (where action = 'delete')::int as deleted
from differing
group by date
