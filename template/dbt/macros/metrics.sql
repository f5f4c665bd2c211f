{# Made from the metric catalogue by src/cli/metrics-page.ts; a change here is undone by the next writing. #}

{# Every ratio of the catalogue. `of` names the column of each sum: {'cost': 'cost_converted', …}. #}
{% macro metric_ratios(of) -%}
    {{ of['clicks'] }}::numeric / nullif({{ of['impressions'] }}, 0) as ctr,
    {{ of['link_clicks'] }}::numeric / nullif({{ of['impressions'] }}, 0) as link_ctr,
    {{ of['cost'] }}::numeric / nullif({{ of['clicks'] }}, 0) as cpc,
    {{ of['cost'] }}::numeric / nullif({{ of['link_clicks'] }}, 0) as link_cpc,
    {{ of['cost'] }} * 1000::numeric / nullif({{ of['impressions'] }}, 0) as cpm,
    {{ of['conversions'] }}::numeric / nullif({{ of['clicks'] }}, 0) as cvr,
    {{ of['cost'] }}::numeric / nullif({{ of['conversions'] }}, 0) as cpa,
    {{ of['conversion_value'] }}::numeric / nullif({{ of['cost'] }}, 0) as roas
{%- endmacro %}
