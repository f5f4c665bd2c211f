{{ config(enabled=not var('seed_formulas'), indexes=[{'columns': ['campaign_month'], 'unique': true}]) }}

with days as (

    select
        budgets.*,
        date_trunc('month', date)::date as month
    from {{ source('raw', 'daily_campaign_budget') }} as budgets
    where date >= '{{ var("start_date") }}'

),

newest as (

    select
        platform,
        account_id,
        currency,
        campaign_id,
        month,
        (array_agg(campaign_name order by date desc))[1] as campaign_name,
        (array_agg(campaign_status order by date desc))[1] as campaign_status,
        (array_agg(daily_budget order by date desc))[1] as daily_budget,
        max(account_name) as account_name,
        max(date) as last_date,
        count(*) as days_counted,
        sum(daily_budget) as budget_to_date,
        sum(cost) as spent_to_date
    from days
    group by platform, account_id, currency, campaign_id, month

),

paced as (

    select
        newest.*,
        -- Days of the month behind the newest one are still to be spent, at the newest budget.
        (month + interval '1 month' - interval '1 day')::date - last_date as days_left,
        {{ ratio('spent_to_date', 'budget_to_date') }} as pace
    from newest

)

select
    platform || ':' || account_id || ':' || campaign_id || ':' || to_char(month, 'YYYY-MM') as campaign_month,
    month,
    platform,
    account_id,
    account_name,
    currency,
    campaign_id,
    campaign_name,
    campaign_status,
    last_date,
    days_counted,
    days_left,
    daily_budget,
    budget_to_date,
    spent_to_date,
    budget_to_date + daily_budget * days_left as budget_of_month,
    spent_to_date + spent_to_date / days_counted * days_left as spend_projected,
    pace,
    case when pace > 1.1 then 'over' when pace < 0.9 then 'under' when pace is not null then 'on' end as pacing
from paced
