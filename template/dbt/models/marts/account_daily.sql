{{ config(enabled=not var('seed_formulas'), indexes=[{'columns': ['account_day'], 'unique': true}]) }}

select
    platform || ':' || account_id || ':' || to_char(date, 'YYYY-MM-DD') as account_day,
    date,
    platform,
    account_id,
    max(account_name) as account_name,
    currency,
    count(*) as campaigns,
    sum(total_impressions)::bigint as total_impressions,
    sum(total_clicks)::bigint as total_clicks,
    sum(total_cost) as total_cost,
    sum(total_conversions) as total_conversions,
    sum(total_conversion_value) as total_conversion_value,
    {{ ratio('sum(total_clicks)', 'sum(total_impressions)') }} as ctr,
    {{ ratio('sum(total_cost)', 'sum(total_clicks)') }} as cpc,
    {{ ratio('sum(total_conversions)', 'sum(total_clicks)') }} as cvr,
    {{ ratio('sum(total_cost)', 'sum(total_conversions)') }} as cpa,
    {{ ratio('sum(total_conversion_value)', 'sum(total_cost)') }} as roas
from {{ ref('campaign_performance_summary') }}
group by date, platform, account_id, currency
