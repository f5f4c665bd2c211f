{% macro collect_freshness(source, loaded_at_field, filter) %}
    {{ return(adapter.dispatch('collect_freshness', 'dbt')(source, loaded_at_field, filter)) }}
{% endmacro %}

{# How new the rows of a source are, and when that was asked. #}
{% macro default__collect_freshness(source, loaded_at_field, filter) %}
    {% call statement('collect_freshness', fetch_result=true, auto_begin=false) -%}
    select
        max({{ loaded_at_field }}) as max_loaded_at,
        {{ current_timestamp() }} as snapshotted_at
    from {{ source }}
    {% if filter %}where {{ filter }}{% endif %}
    {% endcall %}
    {{ return(load_result('collect_freshness')) }}
{% endmacro %}

{% macro collect_freshness_custom_sql(source, loaded_at_query) %}
    {{ return(adapter.dispatch('collect_freshness_custom_sql', 'dbt')(source, loaded_at_query)) }}
{% endmacro %}

{% macro default__collect_freshness_custom_sql(source, loaded_at_query) %}
    {% call statement('collect_freshness_custom_sql', fetch_result=true, auto_begin=false) -%}
    with source_query as ({{ loaded_at_query }})
    select (select * from source_query) as max_loaded_at, {{ current_timestamp() }} as snapshotted_at
    {% endcall %}
    {{ return(load_result('collect_freshness_custom_sql')) }}
{% endmacro %}

{% macro can_clone_table() %}
    {{ return(adapter.dispatch('can_clone_table', 'dbt')()) }}
{% endmacro %}

{# Postgres copies no table without reading it: a clone is a view. #}
{% macro default__can_clone_table() %}
    {{ return(false) }}
{% endmacro %}

{% materialization clone, default %}
    {% if not defer_relation %}
        {% do log('No relation found in state manifest for ' ~ model.unique_id, info=true) %}
        {{ return({'relations': []}) }}
    {% endif %}
    {% set existing = load_cached_relation(this) %}
    {% if existing and not flags.FULL_REFRESH %}
        {% do log('Relation ' ~ existing ~ ' already exists', info=true) %}
        {{ return({'relations': []}) }}
    {% endif %}
    {{ return(context['materialization_view_default']()) }}
{% endmaterialization %}
