{{ config(enabled=not var('seed_formulas'), indexes=[{'columns': ['account_day'], 'unique': true}]) }}

with rates as (

    select
        quote,
        date,
        rate,
        rate_date,
        is_filled
    from {{ source('raw', 'fx_rate') }}
    where base = 'EUR'

),

daily as (

    select
        date,
        platform,
        account_id,
        max(account_name) as account_name,
        currency,
        count(*) as campaigns,
        sum(impressions)::bigint as impressions,
        sum(clicks)::bigint as clicks,
        sum(link_clicks)::bigint as link_clicks,
        sum(video_views)::bigint as video_views,
        sum(conversions) as conversions,
        sum(cost) as cost,
        sum(conversion_value) as conversion_value,
        -- As final as its least final campaign.
        case
            when bool_or(completeness = 'provisional') then 'provisional'
            when bool_or(completeness = 'settling') then 'settling'
            else 'final'
        end as completeness
    from {{ ref('stg_campaign_metrics') }}
    group by date, platform, account_id, currency

),

rated as (

    select
        daily.*,
        '{{ var("report_currency") }}' as report_currency,
        {{ cross_rate('daily.currency', "'" ~ var('report_currency') ~ "'", 'own.rate', 'report.rate') }} as fx_rate,
        least(own.rate_date, report.rate_date) as fx_rate_date,
        coalesce(own.is_filled or report.is_filled, false) as fx_is_filled
    from daily
    left join rates as own
        on own.quote = daily.currency
        and own.date = daily.date
    left join rates as report
        on report.quote = '{{ var("report_currency") }}'
        and report.date = daily.date

),

converted as (

    select
        rated.*,
        round(cost * fx_rate, 6) as cost_converted,
        round(conversion_value * fx_rate, 6) as conversion_value_converted
    from rated

)

select
    platform || ':' || account_id || ':' || currency || ':' || to_char(date, 'YYYY-MM-DD') as account_day,
    date,
    platform,
    account_id,
    account_name,
    currency,
    report_currency,
    fx_rate,
    fx_rate_date,
    fx_is_filled,
    completeness,
    campaigns,
    impressions,
    clicks,
    link_clicks,
    video_views,
    conversions,
    cost,
    cost_converted,
    conversion_value,
    conversion_value_converted,
    -- Money of these is in the report currency; in the account's own, account_daily has them.
    {{ metric_ratios({
        'cost': 'cost_converted',
        'impressions': 'impressions',
        'clicks': 'clicks',
        'link_clicks': 'link_clicks',
        'conversions': 'conversions',
        'conversion_value': 'conversion_value_converted',
    }) }}
from converted
