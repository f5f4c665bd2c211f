-- What is converted is what was spent: per day, account and currency, and in all, nothing lost and nothing counted twice. The original
-- amounts must be those of the source, and each converted amount its original at its rate.
{{ config(enabled=not var('seed_formulas')) }}

with originals as (

    select
        currency,
        sum(cost) as cost
    from {{ source('raw', 'daily_campaign_metrics') }}
    where date >= '{{ var("start_date") }}'
    group by currency

),

mart as (

    select
        currency,
        sum(cost) as cost,
        count(*) filter (where (cost_converted is null) <> (fx_rate is null)) as unconverted,
        count(*) filter (where cost_converted <> round(cost * fx_rate, 6)) as misconverted
    from {{ ref('cross_platform_daily') }}
    group by currency

)

select
    coalesce(originals.currency, mart.currency) as currency,
    originals.cost,
    mart.cost as mart_cost,
    mart.unconverted,
    mart.misconverted
from originals
full join mart on mart.currency = originals.currency
where originals.cost is distinct from mart.cost
    or mart.unconverted > 0
    or mart.misconverted > 0
