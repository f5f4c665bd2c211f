{% if var('seed_formulas') %}

with raw_data as (

    select
        date,
        {{ seed_platform('platform') }} as platform,
        campaign_id,
        campaign_name,
        impressions,
        clicks,
        cost,
        conversions,
        ctr
    from {{ source('raw', 'daily_campaign_metrics') }}
    where date >= '{{ var("start_date") }}'

),

cleaned_data as (

    select
        date,
        platform,
        campaign_id,
        campaign_name,
        impressions,
        clicks,
        cost,
        conversions,
        case when impressions > 0 then clicks::numeric / impressions else 0 end as ctr,
        case when clicks > 0 then cost / clicks else 0 end as cpc,
        case when clicks > 0 then conversions / clicks else 0 end as cvr,
        case when conversions > 0 then cost / conversions else 0 end as cpa,
        case
            when impressions = 0 or clicks > impressions then 'anomaly'
            when ctr > 0.5 then 'high_ctr'
            else 'normal'
        end as data_quality_flag,
        current_timestamp as processed_at
    from raw_data
    where impressions >= 0
        and clicks >= 0
        and cost >= 0
        and conversions >= 0

)

select
    date,
    platform,
    campaign_id,
    campaign_name,
    impressions,
    clicks,
    cost,
    conversions,
    ctr,
    cpc,
    cvr,
    cpa,
    data_quality_flag,
    processed_at
from cleaned_data

{% else %}

select
    date,
    platform,
    account_id,
    account_name,
    currency,
    campaign_id,
    campaign_name,
    campaign_status,
    impressions,
    clicks,
    link_clicks,
    video_views,
    cost,
    conversions,
    conversion_value,
    {{ ratio('clicks', 'impressions') }} as ctr,
    {{ ratio('cost', 'clicks') }} as cpc,
    {{ ratio('conversions', 'clicks') }} as cvr,
    {{ ratio('cost', 'conversions') }} as cpa,
    case
        when cost < 0 then 'credit'
        when impressions = 0 or clicks > impressions then 'anomaly'
        when {{ ratio('clicks', 'impressions') }} > 0.5 then 'high_ctr'
        else 'normal'
    end as data_quality_flag,
    completeness,
    current_timestamp as processed_at
from {{ source('raw', 'daily_campaign_metrics') }}
where date >= '{{ var("start_date") }}'

{% endif %}
