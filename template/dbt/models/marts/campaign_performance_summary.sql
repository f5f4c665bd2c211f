{{ config(
    materialized='table',
    indexes=[
        {'columns': ['date'], 'type': 'btree'},
        {'columns': ['platform', 'campaign_id'], 'type': 'btree'},
    ]
) }}

{% if var('seed_formulas') %}

with daily_metrics as (

    select
        date,
        platform,
        campaign_id,
        campaign_name,
        sum(impressions) as total_impressions,
        sum(clicks) as total_clicks,
        sum(cost) as total_cost,
        sum(conversions) as total_conversions,
        case when sum(impressions) > 0 then sum(clicks) / sum(impressions) else 0 end as ctr,
        case when sum(clicks) > 0 then sum(cost) / sum(clicks) else 0 end as cpc,
        case when sum(clicks) > 0 then sum(conversions) / sum(clicks) else 0 end as cvr,
        case when sum(conversions) > 0 then sum(cost) / sum(conversions) else 0 end as cpa
    from {{ ref('stg_campaign_metrics') }}
    group by date, platform, campaign_id, campaign_name

),

scored as (

    select
        daily_metrics.*,
        least(100, greatest(0, (total_conversions / nullif(total_cost, 0) * 1000) * 10)) as efficiency_score
    from daily_metrics

),

benchmarks as (

    select
        date,
        platform,
        percentile_cont(0.5) within group (order by ctr) as median_ctr,
        percentile_cont(0.5) within group (order by cpc) as median_cpc,
        percentile_cont(0.5) within group (order by cvr) as median_cvr,
        percentile_cont(0.5) within group (order by cpa) as median_cpa
    from scored
    group by date, platform

)

select
    scored.date,
    scored.platform,
    scored.campaign_id,
    scored.campaign_name,
    scored.total_impressions,
    scored.total_clicks,
    scored.total_cost,
    scored.total_conversions,
    scored.ctr,
    scored.cpc,
    scored.cvr,
    scored.cpa,
    scored.efficiency_score,
    benchmarks.median_ctr,
    benchmarks.median_cpc,
    benchmarks.median_cvr,
    benchmarks.median_cpa,
    {{ higher_is_better('scored.ctr', 'benchmarks.median_ctr') }} as ctr_performance,
    {{ lower_is_better('scored.cpa', 'benchmarks.median_cpa') }} as cpa_performance
from scored
left join benchmarks
    on scored.date = benchmarks.date
    and scored.platform = benchmarks.platform

{% else %}

with daily_metrics as (

    select
        date,
        platform,
        account_id,
        currency,
        campaign_id,
        max(account_name) as account_name,
        max(campaign_name) as campaign_name,
        sum(impressions)::bigint as total_impressions,
        sum(clicks)::bigint as total_clicks,
        sum(cost) as total_cost,
        sum(conversions) as total_conversions,
        sum(conversion_value) as total_conversion_value
    from {{ ref('stg_campaign_metrics') }}
    group by date, platform, account_id, currency, campaign_id

),

rated as (

    select
        daily_metrics.*,
        {{ ratio('total_clicks', 'total_impressions') }} as ctr,
        {{ ratio('total_cost', 'total_clicks') }} as cpc,
        {{ ratio('total_conversions', 'total_clicks') }} as cvr,
        {{ ratio('total_cost', 'total_conversions') }} as cpa,
        {{ ratio('total_conversion_value', 'total_cost') }} as roas,
        -- greatest() ignores nulls, so a missing unit or missing spend must not reach it: it would become a score of 0.
        case
            when total_cost > 0 and {{ efficiency_unit('currency') }} is not null then least(
                100,
                greatest(0, total_conversions / total_cost * {{ efficiency_unit('currency') }} * 10)
            )
        end as efficiency_score
    from daily_metrics

),

benchmarks as (

    select
        date,
        platform,
        account_id,
        currency,
        (percentile_cont(0.5) within group (order by ctr))::numeric as median_ctr,
        (percentile_cont(0.5) within group (order by cpc))::numeric as median_cpc,
        (percentile_cont(0.5) within group (order by cvr))::numeric as median_cvr,
        (percentile_cont(0.5) within group (order by cpa))::numeric as median_cpa
    from rated
    group by date, platform, account_id, currency

)

select
    rated.date,
    rated.platform,
    rated.account_id,
    rated.account_name,
    rated.currency,
    rated.campaign_id,
    rated.campaign_name,
    rated.total_impressions,
    rated.total_clicks,
    rated.total_cost,
    rated.total_conversions,
    rated.total_conversion_value,
    rated.ctr,
    rated.cpc,
    rated.cvr,
    rated.cpa,
    rated.roas,
    rated.efficiency_score,
    benchmarks.median_ctr,
    benchmarks.median_cpc,
    benchmarks.median_cvr,
    benchmarks.median_cpa,
    case
        when rated.total_cost > 0 and rated.ctr is not null and benchmarks.median_ctr is not null
            then {{ higher_is_better('rated.ctr', 'benchmarks.median_ctr') }}
    end as ctr_performance,
    case
        when rated.total_cost > 0 and benchmarks.median_cpa is not null
            then case
                when rated.total_conversions = 0 then 'below_benchmark'
                else {{ lower_is_better('rated.cpa', 'benchmarks.median_cpa') }}
            end
    end as cpa_performance
from rated
left join benchmarks
    on rated.date = benchmarks.date
    and rated.platform = benchmarks.platform
    and rated.account_id = benchmarks.account_id
    and rated.currency = benchmarks.currency

{% endif %}
