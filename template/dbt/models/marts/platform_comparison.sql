{{ config(enabled=not var('seed_formulas'), indexes=[{'columns': ['platform_day'], 'unique': true}]) }}

-- Only accounts whose money could be converted: an account without a rate would bring its clicks and leave its cost at home.
with summed as (

    select
        date,
        platform,
        report_currency,
        count(*) filter (where fx_rate is not null) as accounts,
        count(*) filter (where fx_rate is null) as accounts_without_rate,
        sum(impressions) filter (where fx_rate is not null)::bigint as impressions,
        sum(clicks) filter (where fx_rate is not null)::bigint as clicks,
        sum(link_clicks) filter (where fx_rate is not null)::bigint as link_clicks,
        sum(video_views) filter (where fx_rate is not null)::bigint as video_views,
        sum(conversions) filter (where fx_rate is not null) as conversions,
        sum(cost_converted) as cost,
        sum(conversion_value_converted) as conversion_value,
        case
            when bool_or(completeness = 'provisional') then 'provisional'
            when bool_or(completeness = 'settling') then 'settling'
            else 'final'
        end as completeness
    from {{ ref('cross_platform_daily') }}
    group by date, platform, report_currency

),

caveats as (

    select
        platform,
        string_agg(metric, ', ' order by metric) filter (where comparable = 'not_comparable') as not_comparable,
        string_agg(metric, ', ' order by metric) filter (where comparable = 'limited') as comparable_with_care
    from {{ ref('metric_caveats') }}
    group by platform

)

select
    summed.platform || ':' || to_char(summed.date, 'YYYY-MM-DD') as platform_day,
    summed.date,
    summed.platform,
    summed.report_currency,
    summed.completeness,
    summed.accounts,
    summed.accounts_without_rate,
    summed.impressions,
    summed.clicks,
    summed.link_clicks,
    summed.video_views,
    summed.conversions,
    summed.cost,
    summed.conversion_value,
    {{ ratio('summed.cost', 'sum(summed.cost) over (partition by summed.date)') }} as cost_share,
    {{ ratio('summed.conversions', 'sum(summed.conversions) over (partition by summed.date)') }} as conversions_share,
    {{ metric_ratios({
        'cost': 'summed.cost',
        'impressions': 'summed.impressions',
        'clicks': 'summed.clicks',
        'link_clicks': 'summed.link_clicks',
        'conversions': 'summed.conversions',
        'conversion_value': 'summed.conversion_value',
    }) }},
    caveats.not_comparable,
    caveats.comparable_with_care
from summed
left join caveats on caveats.platform = summed.platform
