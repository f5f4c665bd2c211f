with gone as (
  delete from fact_ad_daily f
  using pg_temp.stage_change c
  where c.action = 'delete' and f.ctid = c.row_at and f.partition_id = c.partition_id and f.entity_id = c.entity_id
  returning 1
)
select count(*)::int as count from gone
