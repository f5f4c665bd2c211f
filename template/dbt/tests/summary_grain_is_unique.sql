-- A campaign has one row a day; under seed_formulas a renamed campaign splits, as in the chapter.
select
    date,
    platform,
    campaign_id,
    count(*) as rows_found
from {{ ref('campaign_performance_summary') }}
group by
    date,
    platform,
    campaign_id
    {%- if var('seed_formulas') %},
    campaign_name
    {%- else %},
    account_id
    {%- endif %}
having count(*) > 1
