-- $1 extract_id
with changed as (
  update fact_ad_daily f
  set currency = c.new_currency, cost = c.new_cost, impressions = c.new_impressions, clicks = c.new_clicks, link_clicks = c.new_link_clicks,
      video_views = c.new_video_views, conversions = c.new_conversions, conversion_value = c.new_conversion_value, extract_id = $1::uuid
  from pg_temp.stage_change c
  where c.action = 'update' and f.ctid = c.row_at and f.partition_id = c.partition_id and f.entity_id = c.entity_id
  returning 1
)
select count(*)::int as count from changed
