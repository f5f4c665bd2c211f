-- $1 platform, $2 account_id, $3 level, $4 breakdown_key, $5 extract_id, $6 at
insert into fact_ad_daily_history (partition_id, entity_id, platform, account_id, level, breakdown_key, date, action,
  old_currency, new_currency, old_cost, new_cost, old_impressions, new_impressions, old_clicks, new_clicks, old_link_clicks, new_link_clicks,
  old_video_views, new_video_views, old_conversions, new_conversions, old_conversion_value, new_conversion_value, extract_id, at)
select c.partition_id, c.entity_id, $1::text, $2::text, $3::text, $4::text, c.date, c.action,
  c.old_currency, c.new_currency, c.old_cost, c.new_cost, c.old_impressions, c.new_impressions, c.old_clicks, c.new_clicks,
  c.old_link_clicks, c.new_link_clicks, c.old_video_views, c.new_video_views, c.old_conversions, c.new_conversions,
  c.old_conversion_value, c.new_conversion_value, $5::uuid, $6::timestamptz
from pg_temp.stage_change c
