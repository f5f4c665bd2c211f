{{ config(enabled=not var('seed_formulas'), indexes=[{'columns': ['ad_day'], 'unique': true}]) }}

with ads as (

    -- Asset groups stand for ads in Performance Max, which has none that are reported: the two together are what campaigns spend.
    select
        date,
        platform,
        account_id,
        account_name,
        currency,
        level,
        entity_id as ad_id,
        entity_name as ad_name,
        entity_status as ad_status,
        ad_group_id,
        ad_group_name,
        campaign_id,
        campaign_name,
        impressions,
        clicks,
        link_clicks,
        video_views,
        cost,
        conversions,
        conversion_value,
        completeness
    from {{ source('raw', 'daily_ad_metrics') }}
    where level in ('ad', 'asset_group')
        and date >= '{{ var("start_date") }}'

)

select
    platform || ':' || account_id || ':' || level || ':' || ad_id || ':' || to_char(date, 'YYYY-MM-DD') as ad_day,
    ads.*,
    {{ metric_ratios({
        'cost': 'cost',
        'impressions': 'impressions',
        'clicks': 'clicks',
        'link_clicks': 'link_clicks',
        'conversions': 'conversions',
        'conversion_value': 'conversion_value'
    }) }},
    -- Of what its campaign spent that day on ads that are known here.
    cost / nullif(sum(cost) over (partition by platform, account_id, campaign_id, date), 0) as share_of_campaign_cost
from ads
