-- What is below campaigns, a row each day: ad groups (Meta's ad sets), ads, and asset groups, which Performance Max has instead of both.
-- `level` says which; their sums are never added to those of another level. A campaign is found through the ad group.
create view daily_ad_metrics as
select p.date,
       p.platform,
       p.account_id,
       coalesce(a.name, p.account_id) as account_name,
       f.currency,
       p.level,
       f.entity_id,
       coalesce(e.name, f.entity_id) as entity_name,
       coalesce(e.status_canonical, 'unknown') as entity_status,
       case when p.level = 'ad' then e.parent_id end as ad_group_id,
       case when p.level = 'ad' then g.name end as ad_group_name,
       case when p.level = 'ad' then g.parent_id else e.parent_id end as campaign_id,
       c.name as campaign_name,
       f.impressions,
       f.clicks,
       f.link_clicks,
       f.video_views,
       f.cost,
       f.conversions,
       f.conversion_value,
       f.clicks::numeric / nullif(f.impressions, 0) as ctr,
       f.cost / nullif(f.clicks, 0) as cpc,
       f.conversions / nullif(f.clicks, 0) as cvr,
       f.cost / nullif(f.conversions, 0) as cpa,
       f.conversion_value / nullif(f.cost, 0) as roas,
       p.completeness,
       f.extract_id
from partition_state p
join fact_ad_daily f on f.partition_id = p.partition_id
left join dim_account a on a.platform = p.platform and a.account_id = p.account_id and a.is_current
left join dim_entity e on e.entity_id = f.entity_id and e.platform = p.platform and e.account_id = p.account_id and e.level = p.level
  and e.valid_from < p.day_end and e.valid_to >= p.day_end
left join dim_entity g on p.level = 'ad' and g.platform = p.platform and g.account_id = p.account_id and g.level = 'ad_group'
  and g.entity_id = e.parent_id and g.valid_from < p.day_end and g.valid_to >= p.day_end
left join dim_entity c on c.platform = p.platform and c.account_id = p.account_id and c.level = 'campaign'
  and c.entity_id = case when p.level = 'ad' then g.parent_id else e.parent_id end
  and c.valid_from < p.day_end and c.valid_to >= p.day_end
where p.level <> 'campaign' and p.breakdown_key = '';
