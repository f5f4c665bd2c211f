-- $1 platform, $2 account_id, $3 level, $4 breakdown_key, $5 extract_id
insert into fact_ad_daily (partition_id, entity_id, platform, account_id, level, breakdown_key, date, currency,
                           cost, impressions, clicks, link_clicks, video_views, conversions, conversion_value, extract_id)
select c.partition_id, c.entity_id, $1::text, $2::text, $3::text, $4::text, c.date, c.new_currency,
       c.new_cost, c.new_impressions, c.new_clicks, c.new_link_clicks, c.new_video_views, c.new_conversions, c.new_conversion_value, $5::uuid
from pg_temp.stage_change c
where c.action = 'insert'
order by c.partition_id, c.entity_id
