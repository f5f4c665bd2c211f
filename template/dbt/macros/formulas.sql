{# A ratio of sums; null, not an error and not 0, when there is nothing to divide by. #}
{% macro ratio(numerator, denominator) -%}
    {{ numerator }}::numeric / nullif({{ denominator }}, 0)
{%- endmacro %}

{# The money that efficiency counts conversions against; null for a currency that has no agreed unit. #}
{% macro efficiency_unit(currency) -%}
    case {{ currency }} when 'USD' then 1 when 'EUR' then 1 when 'JPY' then 100 when 'KRW' then 1000 end
{%- endmacro %}

{# How a value stands to its benchmark when more is better. #}
{% macro higher_is_better(value, benchmark) -%}
    case
        when {{ value }} > 1.2 * {{ benchmark }} then 'above_benchmark'
        when {{ value }} < 0.8 * {{ benchmark }} then 'below_benchmark'
        else 'at_benchmark'
    end
{%- endmacro %}

{# How a value stands to its benchmark when less is better. #}
{% macro lower_is_better(value, benchmark) -%}
    case
        when {{ value }} < 0.8 * {{ benchmark }} then 'above_benchmark'
        when {{ value }} > 1.2 * {{ benchmark }} then 'below_benchmark'
        else 'at_benchmark'
    end
{%- endmacro %}

{# The chapter calls Meta's platform by its old name. #}
{% macro seed_platform(column) -%}
    case {{ column }} when 'meta_ads' then 'facebook_ads' else {{ column }} end
{%- endmacro %}

{# Units of the report currency for one of the other; both rates are against the euro. 1 needs no rate. #}
{% macro cross_rate(currency, report_currency, own_rate, report_rate) -%}
    case when {{ currency }} = {{ report_currency }} then 1 else round({{ report_rate }} / {{ own_rate }}, 10) end
{%- endmacro %}
