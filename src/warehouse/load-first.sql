-- Partitions that were never published: there is nothing to compare with. Rows go in by key, so that the index grows at its end.
-- $1 partition_id[], $2 date[], $3 platform, $4 account_id, $5 level, $6 breakdown_key, $7 extract_id
insert into fact_ad_daily (partition_id, entity_id, platform, account_id, level, breakdown_key, date, currency,
                           cost, impressions, clicks, link_clicks, video_views, conversions, conversion_value, extract_id)
select d.partition_id, s.entity_id, $3::text, $4::text, $5::text, $6::text, s.date, s.currency,
       s.cost, s.impressions, s.clicks, s.link_clicks, s.video_views, s.conversions, s.conversion_value, $7::uuid
from pg_temp.stage_fact s
join unnest($1::integer[], $2::date[]) as d (partition_id, date) on d.date = s.date
order by d.partition_id, s.entity_id
