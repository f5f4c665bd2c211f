-- Every amount of the levels that ads and asset groups have is in the mart once; nothing of another level is among them.
{{ config(enabled=not var('seed_formulas')) }}

with source_totals as (

    select
        platform,
        account_id,
        currency,
        sum(cost) as cost,
        count(*) as ads
    from {{ source('raw', 'daily_ad_metrics') }}
    where level in ('ad', 'asset_group')
        and date >= '{{ var("start_date") }}'
    group by platform, account_id, currency

),

mart_totals as (

    select
        platform,
        account_id,
        currency,
        sum(cost) as cost,
        count(*) as ads
    from {{ ref('ad_performance_daily') }}
    group by platform, account_id, currency

)

select
    coalesce(source_totals.platform, mart_totals.platform) as platform,
    coalesce(source_totals.account_id, mart_totals.account_id) as account_id,
    source_totals.cost,
    mart_totals.cost as mart_cost
from source_totals
full join mart_totals
    on source_totals.platform = mart_totals.platform
    and source_totals.account_id = mart_totals.account_id
    and source_totals.currency = mart_totals.currency
where mart_totals.cost is distinct from source_totals.cost
    or mart_totals.ads is distinct from source_totals.ads
