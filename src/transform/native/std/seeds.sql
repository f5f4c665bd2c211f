{% materialization seed, default %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set exists_as_table = existing is not none and existing.type == 'table' -%}
    {%- set full_refresh = should_full_refresh() -%}
    {%- set grant_config = config.get('grants') -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set agate_table = load_agate_table() -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if existing is not none and not exists_as_table %}
        {{ exceptions.raise_compiler_error("Cannot seed to '" ~ existing ~ "', it is a view") }}
    {% elif exists_as_table %}
        {% set create_sql = reset_csv_table(model, full_refresh, existing, agate_table) %}
    {% else %}
        {% set create_sql = create_csv_table(model, agate_table) %}
    {% endif %}
    {% set code = 'CREATE' if full_refresh else 'INSERT' %}
    {% set rows_affected = agate_table.rows | length %}
    {% do load_csv_rows(model, agate_table) %}
    {% do adapter.cache_added(target_relation) %}
    {{ noop_statement('main', code ~ ' ' ~ rows_affected, code, rows_affected) }}
    {% do apply_grants(target_relation, grant_config, should_revoke=should_revoke(existing, full_refresh)) %}
    {% do persist_docs(target_relation, model) %}
    {% if full_refresh or not exists_as_table %}
        {% do create_indexes(target_relation) %}
    {% endif %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro create_csv_table(model, agate_table) -%}
    {{ return(adapter.dispatch('create_csv_table', 'dbt')(model, agate_table)) }}
{%- endmacro %}

{% macro default__create_csv_table(model, agate_table) %}
    {%- set types = model.config.get('column_types', {}) -%}
    {%- set quoted = model.config.get('quote_columns', none) -%}
    {%- set columns = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- set type = types.get(name, adapter.convert_type(agate_table, loop.index0)) -%}
        {%- do columns.append(adapter.quote_seed_column(name | string, quoted) ~ ' ' ~ type) -%}
    {%- endfor -%}
    {% set text %}create table {{ this.render() }} ({{ columns | join(', ') }}){% endset %}
    {% call statement('_') %}{{ text }}{% endcall %}
    {{ return(text) }}
{% endmacro %}

{% macro reset_csv_table(model, full_refresh, old_relation, agate_table) -%}
    {{ return(adapter.dispatch('reset_csv_table', 'dbt')(model, full_refresh, old_relation, agate_table)) }}
{%- endmacro %}

{% macro default__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
    {% if full_refresh %}
        {{ adapter.drop_relation(old_relation) }}
        {{ return(create_csv_table(model, agate_table)) }}
    {% endif %}
    {{ adapter.truncate_relation(old_relation) }}
    {{ return('truncate table ' ~ old_relation.render()) }}
{% endmacro %}

{# Rows go in by COPY; a project's own load_csv_rows may insert them as it likes. #}
{% macro load_csv_rows(model, agate_table) -%}
    {{ return(adapter.dispatch('load_csv_rows', 'dbt')(model, agate_table)) }}
{%- endmacro %}

{% macro default__load_csv_rows(model, agate_table) %}
    {% do adapter.copy_seed_rows(this, agate_table, model.config.get('quote_columns', none)) %}
    {{ return('') }}
{% endmacro %}

{% macro get_binding_char() -%}
    {{ return('%s') }}
{%- endmacro %}

{% macro get_batch_size() -%}
    {{ return(10000) }}
{%- endmacro %}

{% macro get_seed_column_quoted_csv(model, column_names) %}
    {%- set quoted = [] -%}
    {%- for name in column_names -%}
        {%- do quoted.append(adapter.quote_seed_column(name, model.config.get('quote_columns', none))) -%}
    {%- endfor -%}
    {{ return(quoted | join(', ')) }}
{% endmacro %}
