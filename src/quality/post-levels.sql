-- Campaigns of a published day against the sums of what is below them. Performance Max has asset groups and neither ad groups nor ads:
-- its campaigns are compared with those, on either way.
, detail as materialized (
  select d.partition_id, s.partition_id as of_partition, d.level
  from scope s
  join partition_state d on d.platform = s.platform and d.account_id = s.account_id and d.date = s.date and d.breakdown_key = ''
    and d.level in ('ad_group', 'ad', 'asset_group') and d.published_at is not null
  where s.published_at is not null
), ways as (
  select of_partition, level as way from detail where level in ('ad_group', 'ad')
), parts as (
  select w.of_partition, w.way, coalesce(case when f.level = 'ad' then g.parent_id else e.parent_id end, f.entity_id) as campaign_id,
         sum(f.cost) as cost, sum(f.impressions) as impressions, sum(f.clicks) as clicks, sum(f.conversions) as conversions
  from ways w
  join detail d on d.of_partition = w.of_partition and d.level in (w.way, 'asset_group')
  join fact_ad_daily f on f.partition_id = d.partition_id
  left join dim_entity e on e.is_current and e.platform = f.platform and e.account_id = f.account_id and e.level = f.level and e.entity_id = f.entity_id
  left join dim_entity g on f.level = 'ad' and g.is_current and g.platform = f.platform and g.account_id = f.account_id
    and g.level = 'ad_group' and g.entity_id = e.parent_id
  group by 1, 2, 3
), wholes as (
  select w.of_partition, w.way, f.entity_id as campaign_id, f.cost, f.impressions, f.clicks, f.conversions
  from ways w
  join fact_ad_daily f on f.partition_id = w.of_partition
), compared as (
  select of_partition, way, campaign_id, coalesce(c.cost, 0) as cost, coalesce(p.cost, 0) as part_cost,
         abs(coalesce(c.cost, 0) - coalesce(p.cost, 0)) > greatest(0.005 * abs(coalesce(c.cost, 0)), 0.01)
           or abs(coalesce(c.impressions, 0) - coalesce(p.impressions, 0)) > 0.01 * coalesce(c.impressions, 0)
           or abs(coalesce(c.clicks, 0) - coalesce(p.clicks, 0)) > 0.01 * coalesce(c.clicks, 0)
           or abs(coalesce(c.conversions, 0) - coalesce(p.conversions, 0)) > greatest(0.02 * coalesce(c.conversions, 0), 0.01) as is_apart
  from wholes c
  full join parts p using (of_partition, way, campaign_id)
), summed as (
  select of_partition, count(distinct way)::int as ways, count(*)::int as compared, count(*) filter (where is_apart)::int as apart,
         min(campaign_id) filter (where is_apart) as example, min(way) filter (where is_apart) as way,
         sum(cost) filter (where is_apart)::text as cost, sum(part_cost) filter (where is_apart)::text as part_cost
  from compared
  group by of_partition
)
select s.platform, s.account_id as "accountId", s.date, coalesce(x.ways, 0) as ways, coalesce(x.compared, 0) as compared, coalesce(x.apart, 0) as apart,
       x.example, x.way, x.cost, x.part_cost as "partCost"
from scope s
left join summed x on x.of_partition = s.partition_id
where s.published_at is not null
