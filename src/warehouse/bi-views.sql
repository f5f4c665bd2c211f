-- What readers see: names and columns that stay. Columns are only ever added, at the end. Barriers keep a reader's own functions away
-- from rows of others' accounts.
create or replace view marts.account with (security_barrier) as
select platform, account_id, account_name, currency, timezone from bi_account;

create or replace view marts.campaign_daily with (security_barrier) as
select p.date,
       p.platform,
       p.account_id,
       a.account_name,
       f.currency,
       f.entity_id as campaign_id,
       coalesce(e.name, f.entity_id) as campaign_name,
       coalesce(e.status_canonical, 'unknown') as campaign_status,
       f.impressions,
       f.clicks,
       f.cost,
       f.conversions,
       f.conversion_value,
       f.clicks::numeric / nullif(f.impressions, 0) as ctr,
       f.cost / nullif(f.clicks, 0) as cpc,
       f.conversions / nullif(f.clicks, 0) as cvr,
       f.cost / nullif(f.conversions, 0) as cpa,
       f.conversion_value / nullif(f.cost, 0) as roas,
       p.completeness
from bi_account a
join partition_state p on p.platform = a.platform and p.account_id = a.account_id
join fact_ad_daily f on f.partition_id = p.partition_id
left join dim_entity e on e.entity_id = f.entity_id and e.platform = p.platform and e.account_id = p.account_id and e.level = p.level
  and e.valid_from < p.day_end and e.valid_to >= p.day_end
where p.level = 'campaign' and p.breakdown_key = '';

-- Below campaigns: ads, and the asset groups of Performance Max, which has none that are reported. Their sums are the campaign's.
create or replace view marts.ad_daily with (security_barrier) as
select d.date,
       d.platform,
       d.account_id,
       a.account_name,
       d.currency,
       d.level,
       d.entity_id as ad_id,
       d.entity_name as ad_name,
       d.entity_status as ad_status,
       d.ad_group_id,
       d.ad_group_name,
       d.campaign_id,
       d.campaign_name,
       d.impressions,
       d.clicks,
       d.cost,
       d.conversions,
       d.conversion_value,
       d.ctr,
       d.cpc,
       d.cvr,
       d.cpa,
       d.roas,
       d.completeness
from bi_account a
join daily_ad_metrics d on d.platform = a.platform and d.account_id = a.account_id
where d.level in ('ad', 'asset_group');

-- Sums of one account's day; ratios from the sums. Amounts of different currencies are never in one row.
create or replace view marts.account_daily with (security_barrier) as
select date,
       platform,
       account_id,
       account_name,
       currency,
       sum(impressions) as impressions,
       sum(clicks) as clicks,
       sum(cost) as cost,
       sum(conversions) as conversions,
       sum(conversion_value) as conversion_value,
       sum(clicks)::numeric / nullif(sum(impressions), 0) as ctr,
       sum(cost) / nullif(sum(clicks), 0) as cpc,
       sum(conversions) / nullif(sum(clicks), 0) as cvr,
       sum(cost) / nullif(sum(conversions), 0) as cpa,
       sum(conversion_value) / nullif(sum(cost), 0) as roas
from marts.campaign_daily
group by date, platform, account_id, account_name, currency;

-- How each day stands: a stale one shows what was published before, a failed one shows nothing.
create or replace view marts.freshness with (security_barrier) as
select p.date, p.platform, p.account_id, a.account_name, p.state, p.completeness, p.published_at, p.rows
from bi_account a
join partition_state p on p.platform = a.platform and p.account_id = a.account_id
where p.level = 'campaign' and p.breakdown_key = '';
