-- What people and dbt read: one row per campaign and day, with the name that the campaign bore at the end of that day in the
-- account's own zone. Every join but the partition's is a left join: a fact is never dropped because nobody described it yet.
-- Ratios are computed here and stored nowhere; they are null when there is nothing to divide by.
create view daily_campaign_metrics as
select p.date,
       p.platform,
       p.account_id,
       coalesce(a.name, p.account_id) as account_name,
       f.currency,
       f.entity_id as campaign_id,
       coalesce(e.name, f.entity_id) as campaign_name,
       coalesce(e.status_canonical, 'unknown') as campaign_status,
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
where p.level = 'campaign' and p.breakdown_key = '';
